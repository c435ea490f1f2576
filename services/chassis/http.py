"""Reading requests into models, and answering with models."""

from collections.abc import Sequence
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from services.chassis.errors import FieldError, Invalid, Malformed, TooLarge, UnsupportedMedia

Model = TypeVar("Model", bound=BaseModel)


async def read(request: web.Request, model: type[Model]) -> Model:
    """The JSON body as `model`. Raises Malformed, TooLarge, UnsupportedMedia, or Invalid with the fields named."""
    if request.content_type != "application/json":
        raise UnsupportedMedia("send the body as application/json")
    return parse(model, await read_body(request))


async def read_body(request: web.Request) -> bytes:
    """The body as it came, for what is signed. Raises TooLarge, and UnsupportedMedia for a compressed one."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("send the body without a Content-Encoding")
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise TooLarge from error


def parse(model: type[Model], body: bytes) -> Model:
    """JSON text as `model`, each value of the type that it is to be: neither `"1"` nor `true` is a number.

    Raises Malformed for what is no JSON, Invalid for wrong fields.
    """
    try:
        return model.model_validate_json(body, strict=True)
    except ValidationError as error:
        if any(
            item["type"] == "json_invalid" for item in error.errors(include_input=False, include_url=False)
        ):
            raise Malformed("the body is not valid JSON") from error
        raise Invalid("some fields are invalid", errors=field_errors(error)) from error


def query(request: web.Request, model: type[Model]) -> Model:
    """The query string as `model`; a parameter given twice is refused. Raises Invalid with the parameters named."""
    twice = sorted(name for name in set(request.query) if len(request.query.getall(name)) > 1)
    if twice:
        raise Invalid.field(twice[0], "given more than once")
    try:
        return model.model_validate(dict(request.query))
    except ValidationError as error:
        raise Invalid("some parameters are invalid", errors=field_errors(error, "query")) from error


def field_errors(error: ValidationError, whole: str = "body") -> tuple[FieldError, ...]:
    """Each wrong field by its dotted path, or the `whole` they are in, without echoing what was sent."""
    return tuple(
        FieldError(
            ".".join(str(part) for part in item["loc"]) or whole, item["msg"].removeprefix("Value error, ")
        )
        for item in error.errors(include_input=False, include_url=False, include_context=False)
    )


def reply(model: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """One model as JSON."""
    return web.Response(
        body=model.model_dump_json().encode(), status=status, headers=headers, content_type="application/json"
    )


def reply_list(items: Sequence[BaseModel], next_cursor: str | None) -> web.Response:
    """One page of a list: `{"items": […], "next_cursor": …}`."""
    body = b",".join(item.model_dump_json().encode() for item in items)
    cursor = b"null" if next_cursor is None else b'"' + next_cursor.encode() + b'"'
    return web.Response(
        body=b'{"items":[' + body + b'],"next_cursor":' + cursor + b"}", content_type="application/json"
    )
