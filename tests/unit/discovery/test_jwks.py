"""Which documents Envoy is given as keys."""

import json

import pytest
from jwt.algorithms import OKPAlgorithm

from discovery.control_plane.jwks import NO_KEYS, Unusable, latest, usable
from tests.tokens import Issuer


def test_keys_are_in_one_order() -> None:
    one, two = (json.loads(Issuer.make(kid).jwks)["keys"][0] for kid in ("1", "2"))
    assert usable(json.dumps({"keys": [one, two]}).encode()) == usable(
        json.dumps({"keys": [two, one]}).encode()
    )


def test_a_private_half_goes_no_further() -> None:
    private = {**json.loads(OKPAlgorithm.to_jwk(Issuer.make().key)), "kid": "1"}
    assert "d" in private
    assert '"d"' not in usable(json.dumps({"keys": [private]}).encode())


@pytest.mark.parametrize(
    "document", [b"", b"\xff", b"[]", b"{}", b'{"keys": []}', b'{"keys": [{"kty": "OKP"}]}', b'{"keys": 1}']
)
def test_a_document_without_a_usable_key_is_refused(document: bytes) -> None:
    with pytest.raises(Unusable):
        usable(document)


@pytest.mark.parametrize("kid", [None, 5, ["1"]])
def test_a_document_with_a_key_without_a_name_is_refused(kid: object) -> None:
    keys = [json.loads(Issuer.make(kid).jwks)["keys"][0] for kid in ("1", "2")]
    with pytest.raises(Unusable, match="no kid"):
        usable(json.dumps({"keys": [keys[0], {**keys[1], "kid": kid}]}).encode())


def test_until_there_is_a_key_a_key_of_nobody_stands_in() -> None:
    (key,) = json.loads(NO_KEYS)["keys"]
    assert set(key) == {"kty", "crv", "kid", "x"}


@pytest.mark.parametrize("document", [None, b"no json", b'{"keys": []}'])
def test_the_last_good_keys_stay_when_there_are_none(document: bytes | None) -> None:
    assert latest(document, "the last good ones") == "the last good ones"
    assert latest(document, None) == NO_KEYS


def test_good_keys_replace_the_last_ones() -> None:
    new = Issuer.make().jwks
    assert latest(new, "the last good ones") == usable(new)
