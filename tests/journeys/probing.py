"""Asking operations whatever their document allows and forbids, and telling what was not as documented."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from requests.auth import AuthBase
from schemathesis import APIOperation, Config, GenerationMode, Response, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation.drivers import CoverageGenerator
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.generation.overrides import Override
from schemathesis.specs.openapi import checks

from services.chassis.clock import utcnow
from services.payment.providers.signature import HEADER, sign

Json = dict[str, Any]
Operation = APIOperation[Any, Any, Any, Any]
Case = schemathesis.Case[Operation]

_CHECKS: Final = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
    checks.unsupported_method,
]
_CONFIG: Final = {
    # Who asks is the prober's business.
    "generation": {"with-security-parameters": False},
    # Envoy's HTTP/1.1 knows the methods of RFC 9110 and PATCH; anything else is not well-formed to it.
    "phases": {"coverage": {"unexpected-methods": ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"]}},
}
_SECONDS: Final = 20.0
_PROBLEM: Final = "application/problem+json"


def operations(document: Json) -> dict[str, Operation]:
    """The operations of a document by their ids."""
    schema = openapi.from_dict(document, config=Config.from_dict(_CONFIG))
    return {
        described["operationId"]: schema[path][method.upper()]
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    }


def edges(operation: Operation, known: Mapping[str, str]) -> Iterator[Case]:
    """Values at and just beyond the edges of what is allowed; `known` are path parameters that lead somewhere."""
    yield from CoverageGenerator(
        operation=operation,
        generation_modes=list(GenerationMode),
        generation_config=operation.schema.config.generation_for(operation=operation, phase="coverage"),
        auth_storage=None,
        override=Override(path_parameters=dict(known)),
        feedback=NO_FEEDBACK,
    )


def drawn(operation: Operation, known: Mapping[str, str], examples: int) -> Iterator[Case]:
    """So many values at random, the same in every run: allowed ones, and others where anything can be wrong."""
    yield from _drawn(operation, GenerationMode.POSITIVE, known, examples)
    if operation.body or operation.query or operation.headers:
        yield from _drawn(operation, GenerationMode.NEGATIVE, known, examples)


def _drawn(operation: Operation, mode: GenerationMode, known: Mapping[str, str], examples: int) -> list[Case]:
    cases: list[Case] = []

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(mode, path_parameters=dict(known) or None))
    def draw(case: Case) -> None:
        cases.append(case)

    with suppress(Unsatisfiable):
        draw()
    return cases


@dataclass(frozen=True)
class Bearer(AuthBase):
    """Asks as the holder of a token; an empty one is nobody's."""

    token: str

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request


@dataclass(frozen=True)
class Signer(AuthBase):
    """Asks as the sandbox payment provider, who signs what it says."""

    secret: str

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body: Any = request.body or b""
        request.headers[HEADER] = sign(
            self.secret, body.encode() if isinstance(body, str) else body, utcnow()
        )
        return request


class Prober:
    """Asks at `url` as somebody. `statuses` are those of all the answers."""

    def __init__(self, url: str, somebody: AuthBase) -> None:
        self.statuses: set[int] = set()
        self._url = url
        self._session = requests.Session()
        self._session.auth = somebody
        # Proxies of the environment are not meant for this.
        self._session.trust_env = False

    def probe(self, cases: Iterable[Case]) -> list[str]:
        """What was not as documented, each kind of it once."""
        findings: dict[str, str] = {}
        for case in cases:
            findings.update(self._ask(case))
        return list(findings.values())

    def _ask(self, case: Case) -> dict[str, str]:
        response = case.call(self._url, session=self._session, timeout=_SECONDS)
        self.statuses.add(response.status_code)
        try:
            case.validate_response(response, checks=_CHECKS)
        except FailureGroup as failures:
            return {type(one).__name__: f"{one}\n{_told(case, response)}" for one in failures.exceptions}
        slug = _slug(response)
        if slug not in _slugs(case.operation, response.status_code):
            return {slug: f"Undocumented slug: {slug}\n{_told(case, response)}"}
        return {}


def _told(case: Case, response: Response) -> str:
    return f"{case.as_curl_command()}\n{response.status_code} {response.text[:500]}"


def _slug(response: Response) -> str:
    """The slug of a problem; empty for anything else, and for a method that the path does not have."""
    form = response.headers.get("content-type", [""])[0].partition(";")[0]
    problem = form == _PROBLEM and response.status_code != 405
    return str(response.json()["type"]).rpartition(":")[2] if problem else ""


def _slugs(operation: Operation, status: int) -> set[str]:
    """The slugs that are documented for a status, which are the names of its examples; of another form, none."""
    found = operation.responses.find_by_status_code(status)
    forms = found.definition.get("content", {}) if found else {}
    others = {""} if status < 400 or forms.keys() != {_PROBLEM} else set()
    return {*forms.get(_PROBLEM, {}).get("examples", ()), *others}
