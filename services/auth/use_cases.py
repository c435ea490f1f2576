"""What can be done with accounts and sessions: load, decide, save."""

import hashlib
import logging
import math
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from services.auth.documents import StoredAccount, StoredGuesses, StoredSession
from services.auth.domain import Account, Applicant, Presented, Session, judge
from services.auth.passwords import Passwords
from services.auth.tokens import TokenPair, Tokens, digest, family, new_refresh_token
from services.chassis.envelope import new_id
from services.chassis.errors import Conflict, NotFound, TooMany, Unauthenticated
from services.chassis.mongo import Database, Work
from services.contracts.auth import UserRegistered

_log = logging.getLogger(__name__)


async def register(
    database: Database, passwords: Passwords, applicant: Applicant, password: str, now: datetime
) -> Account:
    """A new account. Raises Conflict when the e-mail is in use, Unavailable when there are too many at once."""
    password_hash = await passwords.hash(password)
    account = Account(
        **applicant.model_dump(), user_id=new_id(), password_hash=password_hash, registered_at=now
    )

    async def store(work: Work) -> None:
        await StoredAccount(id=account.user_id, account=account).insert(session=work.session)
        work.emit(f"user/{account.user_id}", 1, UserRegistered(user_id=account.user_id, registered_at=now))

    try:
        await database.transaction(store)
    except DuplicateKeyError as error:
        raise Conflict("this e-mail is in use", slug="email-in-use") from error
    return account


async def login(passwords: Passwords, tokens: Tokens, email: str, password: str, now: datetime) -> TokenPair:
    """A new session. Raises Unauthenticated, whichever of the two is wrong, and TooMany for who guesses.

    Failures are looked at again after the password was: of many guesses at once none gets through that would
    not have, had they come one by one.
    """
    key = hashlib.sha256(email.encode()).hexdigest()
    await _check_guesses(key, now)
    account = await find_account(email)
    right = await passwords.verify(account.password_hash if account else None, password)
    has_failed = await _check_guesses(key, now)
    if account is None or not right:
        await _count_failure(key, now)
        raise Unauthenticated("e-mail or password is wrong", slug="wrong-credentials")
    if has_failed:
        await StoredGuesses.find_one({"_id": key}).delete()
    if passwords.is_outdated(account.password_hash):
        await _set_password_hash(account, await passwords.hash(password))
    return await _start_session(tokens, account, now)


async def refresh(tokens: Tokens, refresh_token: str, now: datetime) -> TokenPair:
    """Exchange a refresh token for the next pair. Raises Unauthenticated; a replayed one ends the session."""
    used = digest(refresh_token)
    stored = await StoredSession.get(family(refresh_token))
    if stored is None:
        raise Unauthenticated("the refresh token is not valid")
    successor = tokens.successor(refresh_token)
    match judge(stored.session, used, now):
        case Presented.CURRENT:
            rotated = stored.session.rotated(digest(successor), now, tokens.refresh_lifetime)
            if not await _rotate(stored, rotated):
                return await refresh(tokens, refresh_token, now)
        case Presented.REPLAYED:
            _log.warning(
                "a refresh token was replayed; its session ends", extra={"user_id": stored.session.user_id}
            )
            await stored.delete()
            raise Unauthenticated("the refresh token is not valid")
        case Presented.EXPIRED:
            raise Unauthenticated("the refresh token is not valid")
    account = await StoredAccount.get(stored.session.user_id)
    if account is None:
        raise Unauthenticated("the refresh token is not valid")
    return tokens.pair(account.account, successor, now)


async def logout(refresh_token: str) -> None:
    """End the session of a refresh token; one that has none has ended."""
    await StoredSession.find_one({"_id": family(refresh_token)}).delete()


async def ensure_account(
    database: Database, passwords: Passwords, applicant: Applicant, password: str, now: datetime
) -> None:
    """See to it that there is such an account with this password. A changed password ends the account's sessions."""
    account = await find_account(applicant.email)
    if account is None:
        await register(database, passwords, applicant, password, now)
        return
    if account.roles != applicant.roles:
        await StoredAccount.find_one({"_id": account.user_id}).update(
            {"$set": {"account.roles": applicant.roles}}
        )
    if not await passwords.verify(account.password_hash, password):
        await _set_password_hash(account, await passwords.hash(password))
        await StoredSession.find({"session.user_id": account.user_id}).delete()


async def get_account(user_id: str) -> Account:
    """The account of a user. Raises NotFound."""
    stored = await StoredAccount.get(user_id)
    if stored is None:
        raise NotFound("there is no such account")
    return stored.account


async def find_account(email: str) -> Account | None:
    """The account with this normalised e-mail."""
    stored = await StoredAccount.find_one({"account.email": email})
    return stored.account if stored else None


async def _start_session(tokens: Tokens, account: Account, now: datetime) -> TokenPair:
    token = new_refresh_token()
    pair = tokens.pair(account, token, now)
    session = Session(user_id=account.user_id, digest=digest(token), expires_at=now + tokens.refresh_lifetime)
    await StoredSession(id=family(token), session=session).insert()
    return pair


async def _rotate(stored: StoredSession, rotated: Session) -> bool:
    """Save a rotation, unless the token was exchanged or the session ended in the meantime."""
    unchanged = {"_id": stored.id, "session.digest": stored.session.digest}
    change = {"$set": {"session": rotated.model_dump()}}
    result = await StoredSession.get_pymongo_collection().update_one(unchanged, change)
    return result.matched_count == 1


async def _set_password_hash(account: Account, password_hash: str) -> None:
    """Replace a hash, unless it was replaced in the meantime."""
    unchanged = {"_id": account.user_id, "account.password_hash": account.password_hash}
    change = {"$set": {"account.password_hash": password_hash}}
    await StoredAccount.get_pymongo_collection().update_one(unchanged, change)


async def _check_guesses(key: str, now: datetime) -> bool:
    """Whether there are failures for this address. Raises TooMany while it has to wait for them."""
    stored = await StoredGuesses.get(key)
    if stored is None:
        return False
    wait = stored.guesses.wait(now).total_seconds()
    if wait > 0:
        raise TooMany("too many wrong passwords", slug="locked-out", retry_after=math.ceil(wait))
    return True


async def _count_failure(key: str, now: datetime) -> None:
    change = {"$inc": {"guesses.failures": 1}, "$max": {"guesses.last_failed_at": now}}
    await StoredGuesses.get_pymongo_collection().update_one({"_id": key}, change, upsert=True)
