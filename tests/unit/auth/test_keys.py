import pytest
from pydantic import SecretStr

from services.auth.derivation import derived
from services.auth.keys import SigningKeys
from services.auth.schemas import LoginIn, RegisterIn
from services.auth.settings import Settings
from services.auth.tokens import Tokens, digest, family, new_refresh_token
from services.chassis.errors import Unavailable

SETTINGS = Settings(signing_key_secret=SecretStr("a secret for tests"))


def test_nothing_is_signed_before_a_key_is_active() -> None:
    with pytest.raises(Unavailable):
        SigningKeys(SETTINGS).sign({"sub": "u"})


def test_each_purpose_and_each_secret_has_its_own_key() -> None:
    one, other = SecretStr("a secret for tests"), SecretStr("another for tests")
    assert len({derived(one, "a"), derived(one, "b"), derived(other, "a")}) == 3
    assert derived(one, "a") == derived(one, "a")


def test_every_instance_finds_the_same_successor_in_the_same_family() -> None:
    one, other = (Tokens(SETTINGS, SigningKeys(SETTINGS)) for _ in range(2))
    token = new_refresh_token()
    assert one.successor(token) == other.successor(token) != token
    assert family(one.successor(token)) == family(token)
    assert digest(token) != digest(one.successor(token))


def test_refresh_tokens_are_256_random_bits() -> None:
    assert len({new_refresh_token() for _ in range(100)}) == 100
    assert len(new_refresh_token().partition(".")[2]) == 43


@pytest.mark.parametrize("model", [RegisterIn, LoginIn])
def test_a_password_does_not_show_when_a_body_is_printed(model: type[RegisterIn] | type[LoginIn]) -> None:
    body = model.model_validate({"email": "ann@example.com", "password": "correct horse"})
    assert "correct horse" not in f"{body!r} {body}"
