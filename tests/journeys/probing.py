"""Asking operations whatever their document allows and forbids, and telling what was not as documented."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, Config, GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation.drivers import CoverageGenerator
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.generation.overrides import Override
from schemathesis.specs.openapi import checks

Json = dict[str, Any]
Operation = APIOperation[Any, Any, Any, Any]
Tame = Callable[[Case], None]

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


def operations(document: Json) -> dict[str, Operation]:
    """The operations of a document by their ids."""
    schema = openapi.from_dict(document, config=Config.from_dict(_CONFIG))
    found = (result.ok() for result in schema.get_all_operations())
    return {operation.definition.raw["operationId"]: operation for operation in found}


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
class Prober:
    """Somebody who asks; `token` is empty for nobody in particular."""

    url: str
    token: str
    session: requests.Session = field(default_factory=requests.Session)

    def probe(self, cases: Iterable[Case]) -> list[str]:
        """What was not as documented, each kind of it once."""
        findings: dict[str, str] = {}
        for case in cases:
            findings.update(self._ask(case))
        return list(findings.values())

    def _ask(self, case: Case) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        response = case.call(self.url, session=self.session, headers=headers, timeout=_SECONDS)
        try:
            case.validate_response(response, checks=_CHECKS)
        except FailureGroup as failures:
            asked = f"{case.as_curl_command()}\n{response.status_code} {response.text[:500]}"
            return {
                f"{type(one).__name__} {response.status_code}": f"{one}\n{asked}"
                for one in failures.exceptions
            }
        return {}
