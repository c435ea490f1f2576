"""A mass of orders, products and accounts, in the shape in which the services themselves store them.

Some are made through the API while MongoDB tells of every document that this creates. These are then copied, straight
into the collections: in each copy every id, slug and e-mail address becomes another of the same length.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo import AsyncMongoClient

from scripts.load.loops import closed_loop
from scripts.platform import load_credentials
from scripts.secrets import DATABASES
from scripts.seeding import Article, put_on_sale
from scripts.storefront import Storefront
from tests.benchmarks import sagas
from tests.benchmarks.changes import Change, watched
from tests.benchmarks.load import Steady, under
from tests.benchmarks.platform import Platform, root_url
from tests.benchmarks.shop import PLENTY, Shop

MADE = 100
ORDERING = Steady(rate=20.0, seconds=MADE / 20.0)
# So many products share a word that a search finds them by, however many products there are.
OF_A_KIND = 20
PASSWORD = "correct horse"
AT_ONCE = 4
# Names with a number, ids, and the ObjectId of a document.
NAME = re.compile(rb"(article-|kind|member)(\d{5})|[0-9a-f]{32}|(?<=\x07_id\x00)(?s:.{12})")
OBJECT_ID = 12
STRIDES = {b"article-": MADE, b"kind": MADE // OF_A_KIND, b"member": MADE}

Collection = tuple[str, str]


@dataclass(frozen=True)
class Template:
    """The documents of what was made, by database and collection, and the ids that stay the same in every copy."""

    documents: Mapping[Collection, Sequence[bytes]]
    kept: frozenset[bytes]

    def copies(self, number: int) -> dict[Collection, list[RawBSONDocument]]:
        """All documents, copied for the `number`-th time, from 1."""
        return {
            collection: [RawBSONDocument(self._copy(document, number)) for document in documents]
            for collection, documents in self.documents.items()
        }

    def _copy(self, document: bytes, number: int) -> bytes:
        def renamed(found: re.Match[bytes]) -> bytes:
            name, word = found[0], found[1]
            if word:
                return b"%b%05d" % (word, int(found[2]) + number * STRIDES[word])
            if name in self.kept:
                return name
            return number.to_bytes(4) + name[4:] if len(name) == OBJECT_ID else b"%08x" % number + name[8:]

        return NAME.sub(renamed, document)


async def make_template(platform: Platform, shop: Shop) -> Template:
    """Make some orders of the shop's customers, and some products and accounts, and see what that stores."""
    url = platform.layout.url("edge")
    async with watched(platform.mongo) as changes, Storefront(url) as storefront:
        await closed_loop(lambda number: _register(storefront, number), range(MADE), AT_ONCE)
        await storefront.log_in(load_credentials(platform.layout).admin)
        await put_on_sale(storefront, map(_article, range(MADE)))
        await under(shop.orders(url), ORDERING)
        await sagas.settled(platform)
    kept = frozenset(user_id.encode() for user_id in shop.user_ids)
    return Template(await _as_they_are(platform, changes), kept)


async def fill(platform: Platform, template: Template, numbers: Iterable[int]) -> None:
    """Store the copies of these numbers."""
    for number in numbers:
        for (database, name), documents in template.copies(number).items():
            await platform.database(database)[name].insert_many(documents, ordered=False)


def email(number: int) -> str:
    """The address of an account that was made or copied."""
    return f"member{number:05}@portico.test"


def slug(number: int) -> str:
    """The slug of a product that was made or copied."""
    return f"article-{number:05}"


def kind(number: int) -> str:
    """A word that a search finds some products by."""
    return f"kind{number:05}"


async def _register(storefront: Storefront, number: int) -> None:
    await storefront.call("POST", "/api/v1/auth/register", {"email": email(number), "password": PASSWORD})


def _article(number: int) -> Article:
    name = f"Something of {kind(number // OF_A_KIND)}"
    product = {"slug": slug(number), "name": name, "price": {"amount": 1999, "currency": "USD"}}
    return Article(product, {slug(number): PLENTY})


async def _as_they_are(platform: Platform, changes: Iterable[Change]) -> dict[Collection, list[bytes]]:
    """The inserted documents that are still there, and that a copy can be told from."""
    ids: defaultdict[Collection, list[Any]] = defaultdict(list)
    for change in changes:
        if change["operationType"] == "insert" and change["ns"]["db"] in DATABASES:
            ids[change["ns"]["db"], change["ns"]["coll"]].append(change["documentKey"]["_id"])
    async with AsyncMongoClient(root_url(platform.layout), document_class=RawBSONDocument) as mongo:
        found = {
            (database, name): [
                bytes(document.raw)
                async for document in mongo[database][name].find({"_id": {"$in": inserted}})
                if NAME.search(document.raw)
            ]
            for (database, name), inserted in ids.items()
        }
    return {collection: documents for collection, documents in found.items() if documents}
