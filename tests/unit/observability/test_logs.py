import io
import logging
import threading
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from observability.context import bind, new_context
from observability.ecs import EcsFormatter
from observability.logs import EcsHandler, LineWriter
from observability.metrics import LOG_LINES_DROPPED


class Captured:
    """A logger of its own in front of the real handler and writer."""

    def __init__(self) -> None:
        self._stream = io.BytesIO()
        self._writer = LineWriter(self._stream)
        self.logger = logging.Logger("shop.orders")
        self.logger.addHandler(EcsHandler(EcsFormatter("order", "order-1", "0.1.0"), self._writer))

    def lines(self) -> list[dict[str, Any]]:
        self._writer.close()
        return [orjson.loads(line) for line in self._stream.getvalue().splitlines()]


@pytest.fixture
def captured() -> Captured:
    return Captured()


def test_a_line_is_an_ecs_document_of_its_request(captured: Captured) -> None:
    context = new_context("c-1", None)
    with bind(context):
        captured.logger.info("placed %s", "o-1", extra={"order_id": "o-1", "http.response.status_code": 202})
    [line] = captured.lines()
    assert line.pop("@timestamp").endswith("Z")
    assert line.pop("ecs.version")
    assert line == {
        "log.level": "info",
        "message": "placed o-1",
        "log.logger": "shop.orders",
        "trace.id": context.traceparent[3:35],
        "labels.correlation_id": "c-1",
        "service.name": "order",
        "service.version": "0.1.0",
        "service.node.name": "order-1",
        "labels.order_id": "o-1",
        "http.response.status_code": 202,
    }


@pytest.mark.parametrize(
    "name",
    ["Authorization", "password", "new_password", "refresh_token", "cookie", "webhook_secret", "card_number"],
)
def test_a_field_with_a_secret_name_is_redacted(captured: Captured, name: str) -> None:
    captured.logger.info("x", extra={name: "hunter2", "body": {"deep": [{name: "hunter2"}], "kept": 1}})
    [line] = captured.lines()
    assert "hunter2" not in str(line)
    assert '"kept":1' in line["labels.body"]


@pytest.mark.parametrize(
    "text",
    [
        "mongodb://order:hunter2@db:27017/order",
        "Authorization: Bearer hunter2",
        "got eyJhbGciOiJFZERTQSJ9.eyJodW50ZXIyIjoxfQ.hunter2",
    ],
)
def test_credentials_within_text_are_redacted(captured: Captured, text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        captured.logger.exception(text, extra={"detail": text})
    [line] = captured.lines()
    assert "hunter2" not in str(line)
    assert line["error.type"] == "ValueError"
    assert "test_logs.py" in line["error.stack_trace"]


def test_message_stack_and_fields_are_bounded(captured: Captured) -> None:
    try:
        raise ValueError("x" * 1_000_000)
    except ValueError:
        captured.logger.exception("y" * 1_000_000, extra={"detail": "z" * 1_000_000})
    [line] = captured.lines()
    assert len(orjson.dumps(line)) < 40_000


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("message", "args", "extra"),
    [
        ("%d", ("not a number",), {}),
        ("%s", (Unprintable(),), {}),
        ("x", (), {"detail": Unprintable()}),
        ("lone surrogate \ud800", (), {}),
    ],
)
def test_a_record_that_cannot_be_rendered_says_where_it_is(
    captured: Captured, message: str, args: tuple[object, ...], extra: dict[str, object]
) -> None:
    captured.logger.error(message, *args, extra=extra)
    [line] = captured.lines()
    assert "test_logs.py" in line["message"]


def test_values_that_json_has_no_form_for_become_text(captured: Captured) -> None:
    captured.logger.info("x", extra={"big": 1 << 80, "kinds": {1: {2}}, "nan": float("nan")})
    [line] = captured.lines()
    assert (line["labels.big"], line["labels.kinds"]) == (str(1 << 80), '{"1":"{2}"}')


class Stuck(io.BytesIO):
    """A stdout whose reader has stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.release = threading.Event(), threading.Event()

    def write(self, data: Any, /) -> int:
        self.reached.set()
        self.release.wait()
        return super().write(data)


@pytest.fixture
def stuck() -> Iterator[Stuck]:
    stream = Stuck()
    yield stream
    stream.release.set()


def test_a_stuck_stdout_costs_lines_and_no_time(stuck: Stuck) -> None:
    writer = LineWriter(stuck, queued_lines=2)
    dropped = LOG_LINES_DROPPED.labels("stdout")
    before = dropped._value.get()
    writer.put(b"being written\n")
    assert stuck.reached.wait(5)
    for _ in range(5):
        writer.put(b"queued or dropped\n")
    assert dropped._value.get() - before == 3
    stuck.release.set()
    writer.close()
    assert stuck.getvalue().count(b"\n") == 3


def test_a_broken_stdout_is_survived() -> None:
    stream = io.BytesIO()
    stream.close()
    writer = LineWriter(stream)
    writer.put(b"lost\n")
    writer.close()


def test_a_complaint_of_the_telemetry_is_seldom(captured: Captured) -> None:
    captured.logger.name = "opentelemetry.exporter"
    for _ in range(3):
        captured.logger.error("collector is down")
    assert len(captured.lines()) == 1


@pytest.mark.parametrize(
    "text", ["ada@example.test", "4111 1111 1111 1111", "4111-1111-1111-1111", "5555555555554444"]
)
def test_personal_data_within_text_is_redacted(captured: Captured, text: str) -> None:
    captured.logger.info("of %s.", text, extra={"detail": text})
    [line] = captured.lines()
    assert text not in str(line)


@pytest.mark.parametrize(
    "text", ["01a2145331c574849c6e55af9ae0aad0", "4111 1111 1111 1112", "1795637326199178", "127.0.0.1:4318"]
)
def test_what_is_no_secret_stays(captured: Captured, text: str) -> None:
    captured.logger.info("of %s", text)
    [line] = captured.lines()
    assert text in line["message"]
