"""Places for streams, in a process and of one user."""

import pytest

from gateway.live.places import Places
from services.chassis.errors import TooMany, Unavailable


def test_there_are_so_many_and_so_many_of_one() -> None:
    places = Places(most=3, most_of_one=2)
    with places.place("u1"), places.place("u1"):
        with pytest.raises(TooMany), places.place("u1"):
            pass
        with places.place("u2"):
            assert len(places) == 3
            with pytest.raises(Unavailable), places.place("u3"):
                pass
    assert len(places) == 0
    with places.place("u1"), places.place("u1"):
        assert len(places) == 2


def test_a_place_is_given_back_whatever_happens() -> None:
    places = Places(most=1, most_of_one=1)
    for _ in range(3):
        with pytest.raises(ConnectionResetError), places.place("u1"):
            raise ConnectionResetError
    assert len(places) == 0
