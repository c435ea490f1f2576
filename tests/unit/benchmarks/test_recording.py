from typing import Any

from tests.benchmarks.recording import Transaction, Write, transactions


def change(kind: str, collection: str, document: dict[str, Any], number: int | None) -> dict[str, Any]:
    """As MongoDB's change stream tells it; `number` is the transaction's, if there was one."""
    change: dict[str, Any] = {
        "operationType": kind,
        "ns": {"db": "order", "coll": collection},
        "documentKey": {"_id": "1"},
    }
    if kind == "update":
        change["updateDescription"] = {"updatedFields": document}
    else:
        change["fullDocument"] = document
    return change if number is None else {**change, "txnNumber": number, "lsid": {"id": b"session"}}


def test_what_was_committed_together_stays_together() -> None:
    parcel = {"_id": "1", "rows": [{"body": b'{"order_id": "7"}'}, {"body": b"{}"}]}
    recording = transactions(
        [
            change("insert", "orders", {"_id": "1", "status": "CREATED"}, 1),
            change("insert", "outbox", parcel, 1),
            change("update", "outbox_lanes", {"expires_at": 5}, None),
            change("update", "orders", {"status": "PENDING"}, 2),
        ]
    )
    assert recording == (
        Transaction(
            (
                Write("insert", "order.orders", "1", {"_id": "1", "status": "CREATED"}),
                Write("insert", "order.outbox", "1", parcel),
            )
        ),
        Transaction((Write("update", "order.orders", "1", {"status": "PENDING"}),)),
    )
    assert [transaction.messages for transaction in recording] == [(b'{"order_id": "7"}', b"{}"), ()]
