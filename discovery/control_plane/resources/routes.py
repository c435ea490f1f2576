"""What routes of both roles are made of."""

from collections.abc import Iterable

from discovery.config.traffic import Policy
from discovery.control_plane.resources import Message, extension, seconds

NEVER_ACCEPTED = "connect-failure,reset-before-request"
SAFE = f"{NEVER_ACCEPTED},refused-stream"
IDEMPOTENT = f"{SAFE},reset,gateway-error"


def retry(on: str, policy: Policy) -> Message:
    """Retries on another instance than the one that failed, within the cluster's retry budget."""
    return {
        "retry_on": on,
        "num_retries": policy.retries,
        "per_try_timeout": seconds(policy.per_try_timeout),
        "retry_back_off": {"base_interval": "0.01s", "max_interval": "0.1s"},
        "retry_host_predicate": [
            extension(
                "previous-hosts", "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
            )
        ],
        "host_selection_retry_max_attempts": 10,
    }


def route(cluster: str, name: str, match: Message, policy: Policy, retry_on: str) -> Message:
    """A route to `cluster` under its policy; spans bear its `name`."""
    action = {"cluster": cluster, "timeout": seconds(policy.timeout), "retry_policy": retry(retry_on, policy)}
    return {"name": name, "match": match, "route": action}


def method_in(methods: Iterable[str]) -> Message:
    """Matches requests with one of these methods."""
    return {"name": ":method", "string_match": {"safe_regex": {"regex": "|".join(methods)}}}
