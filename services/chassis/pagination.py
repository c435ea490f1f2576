"""Opaque cursors: where a page ended, so that the next begins right behind it."""

import base64
import binascii
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from services.chassis.errors import Invalid

Position = TypeVar("Position", bound=BaseModel)


def encode_cursor(position: BaseModel) -> str:
    """A position as URL-safe text."""
    return base64.urlsafe_b64encode(position.model_dump_json().encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str, position: type[Position]) -> Position:
    """The position that `encode_cursor` made into text. Raises Invalid for anything else."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return position.model_validate_json(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValidationError, binascii.Error, ValueError) as error:
        raise Invalid.field("cursor", "not a cursor of this list") from error
