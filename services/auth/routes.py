"""The auth service's HTTP edge."""

from typing import Final

from aiohttp import web

from services.auth.domain import Applicant
from services.auth.keys import accepted_keys, removed_keys
from services.auth.lifecycle import Begin
from services.auth.passwords import PASSWORDS
from services.auth.rotation import ROTATION
from services.auth.schemas import (
    AccountOut,
    KeyOut,
    KeysOut,
    LoginIn,
    RefreshIn,
    RegisteredOut,
    RegisterIn,
    RotateIn,
    TokensOut,
)
from services.auth.tokens import TOKENS
from services.auth.use_cases import get_account, login, logout, refresh, register
from services.chassis.clock import utcnow
from services.chassis.http import read, reply
from services.chassis.idempotency import idempotent
from services.chassis.identity import Role, caller, require
from services.chassis.mongo import DATABASE, Work

routes = web.RouteTableDef()
_NOT_STORED: Final = {"Cache-Control": "no-store"}


@routes.post("/register")
async def sign_up(request: web.Request) -> web.Response:
    """201: there is an account."""
    body = await read(request, RegisterIn)
    applicant = Applicant(email=body.email, full_name=body.full_name)
    password = body.password.get_secret_value()
    account = await register(request.app[DATABASE], request.app[PASSWORDS], applicant, password, utcnow())
    return reply(RegisteredOut.of(account), 201)


@routes.post("/login")
async def sign_in(request: web.Request) -> web.Response:
    """A pair of tokens."""
    body = await read(request, LoginIn)
    passwords, tokens = request.app[PASSWORDS], request.app[TOKENS]
    pair = await login(passwords, tokens, body.email, body.password.get_secret_value(), utcnow())
    return reply(TokensOut.of(pair), headers=_NOT_STORED)


@routes.post("/refresh")
async def exchange(request: web.Request) -> web.Response:
    """The next pair of tokens."""
    body = await read(request, RefreshIn)
    pair = await refresh(request.app[TOKENS], body.refresh_token.get_secret_value(), utcnow())
    return reply(TokensOut.of(pair), headers=_NOT_STORED)


@routes.post("/logout")
async def sign_out(request: web.Request) -> web.Response:
    """204: the session has ended."""
    body = await read(request, RefreshIn)
    await logout(body.refresh_token.get_secret_value())
    return web.Response(status=204)


@routes.get("/accounts/me")
async def me(request: web.Request) -> web.Response:
    """The caller's own account."""
    return reply(AccountOut.of(await get_account(caller(request).user_id)), headers=_NOT_STORED)


@routes.get("/jwks")
async def jwks(request: web.Request) -> web.Response:
    """The public keys, as they are published."""
    return web.Response(body=request.app[ROTATION].jwks, content_type="application/json")


@routes.get("/keys")
async def keys(request: web.Request) -> web.Response:
    """The accepted keys, the last few that were removed, and who has not acknowledged the one that is on its way."""
    require(request, Role.ADMIN)
    accepted = [stored.key for stored in await accepted_keys()]
    removed = [stored.key for stored in await removed_keys()]
    return reply(KeysOut.of(accepted, removed, await request.app[ROTATION].answers(accepted)))


@routes.post("/keys/rotation")
async def rotate(request: web.Request) -> web.Response:
    """202: a new key is published, and signs as soon as everybody has acknowledged it."""
    who = require(request, Role.ADMIN)
    body = await read(request, RotateIn)

    async def use_case(work: Work) -> KeyOut:
        wish = Begin(body.reason, who.user_id, body.revoke)
        return KeyOut.of(await request.app[ROTATION].begin(work, wish, utcnow()), ())

    return await idempotent(request, body, 202, use_case)
