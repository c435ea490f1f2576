"""The documents that are made from the tables: valid, whole, and with examples that are true."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from pydantic import BaseModel, Field
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from discovery.control_plane.resources.replies import local_replies
from gateway.contract import Contract, Tag
from gateway.endpoint import Key, Who
from gateway.graphql.errors import CODES
from gateway.openapi import platform
from gateway.openapi.answers import component
from gateway.openapi.document import document
from gateway.openapi.operation import Operation
from gateway.openapi.problems import ALWAYS, REFUSALS
from gateway.version import Version
from gateway.versions import PUBLISHED, V1, V2, VERSIONS
from scripts.layout import CHECKOUT

Json = dict[str, Any]
NOT_OF_A_CLIENT = {"no-such-path", "cursor-expired"}
"""Slugs that no operation can be answered with: of no operation, and why a WebSocket is closed."""


@dataclass(frozen=True)
class Spec:
    """What a version's document is made of, and the document."""

    version: Version
    all: list[Operation]
    document: Json

    @classmethod
    def of(cls, version: Version) -> "Spec":
        """The document of a version."""
        own = [Operation.of(one) for one in PUBLISHED if one.version is version]
        everything = [*own, *platform.operations(version)]
        return cls(version, everything, document(version, everything))

    def operations(self) -> Iterator[tuple[str, Json]]:
        """Every operation with its name."""
        for path in self.document["paths"].values():
            for operation in path.values():
                yield operation["operationId"], operation

    def media(self) -> Iterator[tuple[str, Json]]:
        """Every form in which something is sent or answered, and where."""
        for name, operation in self.operations():
            answers = {**operation["responses"], "body": operation.get("requestBody", {})}
            for status, answer in answers.items():
                for content_type, content in self.resolved(answer).get("content", {}).items():
                    yield f"{name} {status} {content_type}", content

    def resolved(self, node: Json) -> Json:
        """What a reference stands for."""
        found: Json = self.document
        if "$ref" not in node:
            return node
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return found

    def errors(self, schema: Json, value: Any) -> list[str]:
        """What is wrong with a value of the document."""
        whole = {**schema, "components": self.document["components"]}
        validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return [error.message for error in validator.iter_errors(value)]


SPECS = [Spec.of(version) for version in VERSIONS]
FIRST = SPECS[0]


@pytest.fixture(params=SPECS, ids=lambda spec: spec.version.name)
def spec(request: pytest.FixtureRequest) -> Spec:
    """Each of them."""
    found: Spec = request.param
    return found


def test_it_is_openapi(spec: Spec) -> None:
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(spec.document)] == []
    assert spec.document["info"]["version"] == str(spec.version.number)


def test_every_reference_leads_somewhere(spec: Spec) -> None:
    references = re.findall(r"'\$ref': '([^']+)'", str(spec.document))
    assert references
    for reference in set(references):
        assert spec.resolved({"$ref": reference}), reference


def test_every_endpoint_is_in_it_once(spec: Spec) -> None:
    paths = [operation.path for operation in spec.all]
    documented = [
        (method.upper(), path) for path, methods in spec.document["paths"].items() for method in methods
    ]
    assert documented == [
        (operation.method, operation.path)
        for operation in sorted(spec.all, key=lambda one: paths.index(one.path))
    ]
    names = [name for name, _ in spec.operations()]
    assert len(names) == len(set(names)) == len(spec.all)


def test_it_tells_of_its_own_version_only(spec: Spec) -> None:
    elsewhere = {version.prefix for version in VERSIONS} - {spec.version.prefix}
    for name, operation in spec.operations():
        told = str(operation | {"description": ""})
        assert not [prefix for prefix in elsewhere if prefix in told], name
    assert "{version}" not in str(spec.document)


def test_what_is_answered_otherwise_in_a_newer_version_is_deprecated() -> None:
    deprecated = {name for name, operation in FIRST.operations() if operation.get("deprecated")}
    assert deprecated == {
        one.endpoint.contract.id
        for one in PUBLISHED
        if one.version is V1 and V2.operation(one.endpoint.contract.id) is not one.endpoint
    }
    operation = FIRST.document["paths"]["/api/v1/orders/{id}"]["get"]
    assert "`GET /api/v2/orders/{id}`" in operation["description"]
    assert {"Deprecation", "Sunset", "Link"} <= operation["responses"]["200"]["headers"].keys()
    assert "Sunset" not in FIRST.document["paths"]["/api/v1/orders"]["post"]["responses"]["202"]["headers"]


def test_nothing_of_the_newest_version_is() -> None:
    assert not [name for name, operation in SPECS[-1].operations() if "deprecated" in operation]


def test_path_parameters_are_those_of_the_path(spec: Spec) -> None:
    for path, methods in spec.document["paths"].items():
        for operation in methods.values():
            declared = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path)), path


def test_models_say_what_they_are(spec: Spec) -> None:
    for name, schema in spec.document["components"]["schemas"].items():
        assert schema["description"], name


def test_examples_are_valid(spec: Spec) -> None:
    for where, content in spec.media():
        shown = content.get("examples") or {"one": {"value": content["example"]}}
        for example in shown.values():
            assert spec.errors(content["schema"], example["value"]) == [], where


def test_an_event_carries_what_it_says(spec: Spec) -> None:
    response = spec.document["paths"][f"{spec.version.prefix}/orders/{{id}}/events"]["get"]["responses"][
        "200"
    ]
    stream = response["content"]["text/event-stream"]
    data = stream["schema"]["properties"]["data"]
    assert data["contentMediaType"] == "application/json"
    assert spec.errors(data["contentSchema"], json.loads(stream["example"]["data"])) == []


def test_parameters_have_valid_examples(spec: Spec) -> None:
    for name, operation in spec.operations():
        for parameter in operation["parameters"]:
            for value in (parameter.get("example"), parameter["schema"].get("default")):
                assert value is None or spec.errors(parameter["schema"], value) == [], (
                    name,
                    parameter["name"],
                )


def test_an_example_that_is_missing_is_missed() -> None:
    class Nameless(BaseModel):
        """Without an example."""

        name: str

    contract = Contract(Tag("", ""), "get", "Get", gives={200: Nameless})
    with pytest.raises(LookupError, match=r"Nameless\.name"):
        document(V1, [Operation("GET", "/", Who.ANYONE, Key.IGNORED, contract)])


def test_a_model_that_is_two_things_is_missed() -> None:
    class Twofold(BaseModel):
        """Its field may be left out, and is always there."""

        name: str = Field("a", examples=["a"])

    contract = Contract(Tag("", ""), "set", "Set", takes=Twofold, gives={200: Twofold})
    with pytest.raises(ValueError, match=r"Twofold-Input, Twofold-Output"):
        document(V1, [Operation("PUT", "/", Who.ANYONE, Key.IGNORED, contract)])


def told(method: str, path: str, **more: Any) -> Json:
    """The operation of an endpoint of the test's own."""

    class TakenIn(BaseModel):
        """What is taken."""

        name: str = Field(examples=["a"])

    class GivenOut(BaseModel):
        """What is given."""

        name: str = Field(examples=["a"])

    models: Json = {name: TakenIn for name in ("takes", "query") if more.pop(name, False)}
    who, key = more.pop("who", Who.ANYONE), more.pop("key", Key.IGNORED)
    contract = Contract(Tag("", ""), "one", "One", gives={200: GivenOut}, **models, **more)
    found: Json = document(V1, [Operation(method, path, who, key, contract)])["paths"][path][method.lower()]
    return found


ANYWAY = {"200", *map(str, ALWAYS)}


@pytest.mark.parametrize(
    ("asked", "more"),
    [
        ({"method": "GET", "path": "/"}, set()),
        ({"method": "GET", "path": "/{name}"}, {"404"}),
        ({"method": "GET", "path": "/", "query": True}, {"422"}),
        ({"method": "POST", "path": "/", "takes": True}, {"415", "422"}),
        ({"method": "POST", "path": "/", "key": Key.REQUIRED}, {"422"}),
        ({"method": "POST", "path": "/", "refuses": {409: {"taken": "it is taken"}}}, {"409"}),
    ],
)
def test_statuses_follow_from_the_endpoint(asked: Json, more: set[str]) -> None:
    assert set(told(**asked)["responses"]) == ANYWAY | more


@pytest.mark.parametrize(
    ("who", "security"),
    [
        (Who.ANYONE, [{}, {"token": []}]),
        (Who.USER, [{"token": []}]),
        (Who.STAFF, [{"token": ["support"]}, {"token": ["admin"]}]),
        (Who.ADMIN, [{"token": ["admin"]}]),
    ],
)
def test_so_does_who_may_call(who: Who, security: list[Json]) -> None:
    assert told("GET", "/", who=who)["security"] == security


def test_what_need_not_be_sent_again_has_a_validator() -> None:
    operation = FIRST.document["paths"]["/api/v1/products"]["get"]
    assert "If-None-Match" in [parameter["name"] for parameter in operation["parameters"]]
    assert {"ETag", "Cache-Status"} <= operation["responses"]["200"]["headers"].keys()


def test_a_key_is_a_header() -> None:
    assert [
        [(one["name"], one["required"]) for one in told("POST", "/", key=key)["parameters"]] for key in Key
    ] == [[], [("Idempotency-Key", False)], [("Idempotency-Key", True)]]


def test_a_refusal_of_its_own_names_its_slug() -> None:
    refusal = told("POST", "/", refuses={409: {"taken": "it is taken"}})["responses"]["409"]
    assert refusal["description"] == "it is taken"
    (problem,) = refusal["content"]["application/problem+json"]["examples"].values()
    assert problem["value"]["type"] == "urn:portico:problem:taken"


def test_what_envoy_says_by_itself_is_told_as_it_says_it() -> None:
    *named, _any_other = local_replies()["mappers"]
    for mapper in named:
        found = mapper["filter"]["status_code_filter"]["comparison"]["value"]["default_value"]
        status = mapper.get("status_code", found)
        said = mapper["body_format_override"]["json_format"]
        if status == 405:
            continue  # no operation has another method than its own
        known = REFUSALS[status]
        assert said["type"].removeprefix("urn:portico:problem:") in known.slugs
        assert said["title"] == known.title
        assert status in ALWAYS or status == 404
        headers = {header["header"]["key"] for header in mapper["headers_to_add"]}
        documented = FIRST.document["components"]["responses"][component(status)]["headers"]
        promised = {
            name.lower() for name, header in documented.items() if FIRST.resolved(header).get("required")
        }
        assert promised == headers


def test_every_slug_in_the_code_is_told_of() -> None:
    said = set(re.findall(r"urn:portico:problem:([a-z-]+)", str(FIRST.document)))
    for folder in ("services", "gateway"):
        for source in (CHECKOUT / folder).rglob("*.py"):
            assert slugs(source) <= said | NOT_OF_A_CLIENT | CODES.keys(), source


def slugs(source: Path) -> set[str]:
    """The slugs that a module refuses with."""
    found = (node for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.keyword))
    return {
        node.value.value
        for node in found
        if node.arg == "slug" and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
