"""Which origins a pattern of the configuration lets in."""

import re

import pytest

from discovery.config.edge import Edge
from discovery.control_plane.resources.browsers import cors_policy, protection


def lets_in(pattern: str, origin: str) -> bool:
    """Whether a policy for `pattern` is one for `origin`, as Envoy matches; and the gateway says the same."""
    (matcher,) = cors_policy((pattern,))["allow_origin_string_match"]
    if "exact" in matcher:
        matches = bool(matcher["exact"] == origin)
    else:
        matches = re.fullmatch(matcher["safe_regex"]["regex"], origin) is not None
    assert Edge(cors_origins=(pattern,)).admits(origin) is matches
    return matches


@pytest.mark.parametrize(
    ("pattern", "origin"),
    [
        ("https://shop.example.com", "https://shop.example.com"),
        ("https://*.example.com", "https://shop.example.com"),
        ("https://*.example.com:8443", "https://a-1.example.com:8443"),
        ("*", "https://anywhere.example"),
    ],
)
def test_an_origin_is_let_in(pattern: str, origin: str) -> None:
    assert lets_in(pattern, origin)


@pytest.mark.parametrize(
    ("pattern", "origin"),
    [
        ("https://shop.example.com", "http://shop.example.com"),
        ("https://shop.example.com", "https://shop.example.com.evil.test"),
        ("https://shop.example.com", "https://shopxexample.com"),
        ("https://*.example.com", "https://example.com"),
        ("https://*.example.com", "https://evilexample.com"),
        ("https://*.example.com", "https://a.b.example.com"),
        ("https://*.example.com", "https://shop.example.com.evil.test"),
        ("https://*.example.com", "https://evil.test/.example.com"),
        ("https://*.example.com", "https://shopxexample.com"),
        ("https://*.example.com", "https://shop.example.com:8443"),
    ],
)
def test_any_other_is_not(pattern: str, origin: str) -> None:
    assert not lets_in(pattern, origin)


def test_strict_transport_is_for_tls_only() -> None:
    def names(*, tls: bool) -> set[str]:
        return {header["header"]["key"] for header in protection(tls=tls)}

    assert names(tls=True) - names(tls=False) == {"strict-transport-security"}
