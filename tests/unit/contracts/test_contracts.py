"""Every message has its own kind, an example that keeps parsing, and somebody who can tell where it goes."""

import importlib
import json
import pkgutil
from pathlib import Path

import pytest

import services.contracts
from services.contracts import topology
from services.contracts.message import Command, Event, Message

for module in pkgutil.iter_modules(services.contracts.__path__, "services.contracts."):
    importlib.import_module(module.name)
EXAMPLES = Path(services.contracts.__file__).parent / "examples"


def _all(base: type[Message]) -> list[type[Message]]:
    return [
        found for sub in base.__subclasses__() for found in ([sub] if "kind" in sub.__dict__ else _all(sub))
    ]


@pytest.mark.parametrize("model", _all(Message), ids=lambda model: model.kind)
def test_the_example_parses_and_says_the_same_again(model: type[Message]) -> None:
    text = (EXAMPLES / f"{model.kind}.json").read_text()
    message = model.model_validate_json(text)
    assert json.loads(message.model_dump_json()) == json.loads(text)


@pytest.mark.parametrize("model", _all(Message), ids=lambda model: model.kind)
def test_a_field_that_is_not_known_is_ignored(model: type[Message]) -> None:
    text = (EXAMPLES / f"{model.kind}.json").read_text()
    newer = json.dumps({**json.loads(text), "added_by_a_newer_sender": True})
    assert model.model_validate_json(newer) == model.model_validate_json(text)


def test_kinds_are_unique_and_versioned() -> None:
    kinds = [model.kind for model in _all(Message)]
    assert len(set(kinds)) == len(kinds)
    assert all(kind.rpartition(".v")[2].isdigit() for kind in kinds)


def test_no_example_without_a_message() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.json")} == {model.kind for model in _all(Message)}


def test_every_command_has_exactly_one_queue_at_its_owner() -> None:
    for command in _all(Command):
        takers = [queue.name for queue in topology.QUEUES if command in queue.messages]
        assert len(takers) == 1
        assert takers[0].partition(".")[0] == command.kind.partition(".")[0]


def test_events_and_commands_travel_apart() -> None:
    assert Event.exchange != Command.exchange
