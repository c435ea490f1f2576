"""Feature flags in Consul, as a provider of the OpenFeature SDK."""

from collections.abc import Mapping, Set
from functools import partial
from typing import TypeVar

from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider, Metadata

from discovery.config.flags import Flag, flag
from discovery.config.following import forgotten, last_good

T = TypeVar("T")


class ConsulProvider(AbstractProvider):
    """Booleans by the flags it was taught last. The targeting key is a user id, `roles` a list of theirs."""

    def __init__(self) -> None:
        super().__init__()
        self._flags: Mapping[str, Flag] = {}
        self._documents: Set[str] = set()

    def learn(self, documents: Mapping[str, bytes]) -> None:
        """Take over all flags there are, by name. One that cannot be read stays as it was."""
        read = {
            name: last_good(f"flag {name}", partial(flag, document), self._flags.get(name))
            for name, document in documents.items()
        }
        forgotten(f"flag {name}" for name in self._documents - documents.keys())
        self._documents = documents.keys()
        self._flags = {name: found for name, found in read.items() if found is not None}

    def has(self, name: str) -> bool:
        """Whether a flag is set."""
        return name in self._flags

    def get_metadata(self) -> Metadata:
        """Who answers."""
        return Metadata("consul")

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """The flag for a caller; the default of a flag that is not set."""
        found = self._flags.get(flag_key)
        if found is None:
            return FlagResolutionDetails(default_value, reason=Reason.DEFAULT)
        context = evaluation_context or EvaluationContext()
        roles = context.attributes.get("roles")
        on, reason = found.decide(
            flag_key, context.targeting_key, map(str, roles) if isinstance(roles, list | tuple) else ()
        )
        return FlagResolutionDetails(on, reason=reason)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """There are no such flags."""
        return _mismatch(default_value)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """There are no such flags."""
        return _mismatch(default_value)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """There are no such flags."""
        return _mismatch(default_value)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Mapping[str, FlagValueType] | list[FlagValueType],  # type: ignore[override]
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Mapping[str, FlagValueType] | list[FlagValueType]]:
        """There are no such flags."""
        return _mismatch(default_value)


def _mismatch(default: T) -> FlagResolutionDetails[T]:
    return FlagResolutionDetails(default, reason=Reason.ERROR, error_code=ErrorCode.TYPE_MISMATCH)
