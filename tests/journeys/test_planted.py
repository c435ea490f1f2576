"""Nothing secret is traced, logged or said on the bus (O5): what was planted in a journey is looked for everywhere."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import aio_pika

from scripts.layout import Layout
from scripts.native import rabbitmq
from scripts.platform import load_secrets
from services.contracts.message import Command, Event
from tests.journeys.console import ask
from tests.journeys.shop import ADDRESS, Shop, log_in
from tests.otlp import OtlpReceiver
from tests.parts import eventually

CARD = "4111111111111111"


@asynccontextmanager
async def overheard(layout: Layout) -> AsyncIterator[list[str]]:
    """Everything that is said on the bus meanwhile: headers and bodies."""
    said: list[str] = []

    async def hear(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        said.append(f"{message.headers} {message.body.decode(errors='replace')}")

    async with await aio_pika.connect(rabbitmq.url(layout, load_secrets(layout))) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        for exchange in (Event.exchange, Command.exchange):
            await queue.bind(exchange, "#")
        await queue.consume(hear, no_ack=True)
        yield said


async def test_what_was_planted_in_a_journey_is_nowhere_to_be_found(
    store: Shop, layout: Layout, traces: OtlpReceiver
) -> None:
    mark = uuid4().hex
    login = {"email": f"ada.{mark}@planted.test", "password": f"pass {mark} word"}
    sku = await store.product(stock=5)
    async with overheard(layout) as said:
        registered = await store.anyone.call("POST", "/api/v1/auth/register", login)
        assert registered.status == 201
        assert (await store.anyone.call("POST", "/api/v1/auth/register", login)).status == 409
        wrong = {**login, "password": f"wrong {mark} word"}
        assert (await store.anyone.call("POST", "/api/v1/auth/login", wrong)).status == 401
        tokens = (await store.anyone.call("POST", "/api/v1/auth/login", login)).body
        refresh = {"refresh_token": tokens["refresh_token"]}
        renewed = (await store.anyone.call("POST", "/api/v1/auth/refresh", refresh)).body
        customer = await log_in(store.http, login)

        answer = await customer.place(sku, token=CARD)
        assert answer.status == 422
        assert CARD not in str(answer.body)
        await customer.call("GET", f"/api/v1/products?q={CARD}")
        await customer.call(
            "GET", f"/api/v1/products?q={login['email']}&access_token={tokens['access_token']}"
        )
        await customer.call("GET", "/api/v1/orders", **{"x-card": CARD, "cookie": f"session={mark}"})
        await customer.call("GET", "/api/v1/orders", Authorization=f"Bearer {tokens['access_token']}x")
        placed = await customer.place(sku)
        await customer.ended(placed.body["order_id"])

    trace_id = placed.headers["traceparent"].split("-")[1]
    last = "process payment.payment_captured.v1"
    await eventually(lambda: last in {span.name for _, span in traces.spans[trace_id]})

    async def kept() -> bool:
        found = (await ask(layout, "/api/traces", traceID=trace_id))["data"]
        return bool(found) and last in {span["operationName"] for span in found[0]["spans"]}

    await eventually(kept)
    planted = {
        "the e-mail": login["email"],
        "the password": login["password"],
        "the wrong password": wrong["password"],
        "the access token": tokens["access_token"].rpartition(".")[2],
        "the refresh token": tokens["refresh_token"],
        "the renewed access token": renewed["access_token"].rpartition(".")[2],
        "the renewed refresh token": renewed["refresh_token"],
        "the customer's access token": customer.token.rpartition(".")[2],
        "the cookie": f"session={mark}",
        "the card": CARD,
        "the name": ADDRESS["full_name"],
        "the phone": ADDRESS["phone"],
    }
    # What is looked through is what was written: what can be found in it is found.
    assert len(said) > 5
    places = {
        "spans": "\n".join(str(span) for spans in traces.spans.values() for _, span in spans),
        "messages": "\n".join(said),
        **{f"{path.parent.name}/{path.name}": _text(path) for path in _files(layout)},
    }
    assert placed.body["order_id"] in places["spans"]
    assert placed.body["order_id"] in places["logs/gateway-1.log"]
    found = {
        (what, where) for what, text in planted.items() for where, said in places.items() if text in said
    }
    assert found == set()


def _files(layout: Layout) -> list[Path]:
    """Every log file, and what the collector has stored."""
    return [*layout.logs.glob("*.log*"), *layout.data("collector").glob("*.db*")]


def _text(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")
