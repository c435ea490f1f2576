from typing import Any

import bson
import pytest

from tests.benchmarks.mass import Template, email, kind, slug

KEPT, ORDER = "0195aaaa" + "0" * 24, "0195bbbb" + "1" * 24


@pytest.fixture
def template() -> Template:
    document = {
        "_id": f"{ORDER}/3",
        "user_id": KEPT,
        "order": {"order_id": ORDER, "total": 1999},
        "slug": slug(42),
        "name": f"Something of {kind(2)}",
        "email": email(7),
    }
    return Template({("order", "orders"): [bson.encode(document)]}, frozenset({KEPT.encode()}))


def only(template: Template, number: int) -> dict[str, Any]:
    [document] = template.copies(number)["order", "orders"]
    return bson.decode(document.raw)


def test_a_copy_is_the_same_under_other_names(template: Template) -> None:
    copy = only(template, 3)
    order_id = "00000003" + ORDER[8:]
    assert copy == {
        "_id": f"{order_id}/3",
        "user_id": KEPT,
        "order": {"order_id": order_id, "total": 1999},
        "slug": slug(342),
        "name": f"Something of {kind(17)}",
        "email": email(307),
    }


def test_so_is_one_that_has_an_object_id(template: Template) -> None:
    row = {"_id": bson.ObjectId("6b04548894027c8ae35658cd"), "messages": [f"order.saga/{ORDER}"]}
    inbox = Template({("order", "orders"): [bson.encode(row)]}, frozenset())
    assert only(inbox, 5) == {
        "_id": bson.ObjectId("0000000594027c8ae35658cd"),
        "messages": [f"order.saga/00000005{ORDER[8:]}"],
    }


def test_no_two_copies_share_a_name(template: Template) -> None:
    ids = [only(template, number)["_id"] for number in range(1, 20)]
    assert len(set(ids)) == len(ids)
