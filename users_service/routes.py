"""The HTTP endpoints of users."""

import math
import time
from asyncio import Lock
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from contracts import Envelope, Event, TokensRevoked, UserLoggedIn, UserLoggedOut, UserRegistered
from http_edge import (
    Conflict,
    ServiceUnavailable,
    Signer,
    TooManyRequests,
    Unauthorized,
    Unprocessable,
    correlation_id,
    idempotency_key,
    json_answer,
    revoked,
    trace_context,
)
from users_service.hashing import Busy, Hashing
from users_service.keyring import SERVICE, SigningKeyring
from users_service.model import Credentials, Jwks, Me, Registered, Registration, Token, canonical
from users_service.repository import User, Users
from users_service.rotation import SPARE_SECONDS
from users_service.settings import Settings
from users_service.strength import weakness
from users_service.throttle import Attempt, Throttle


async def register(request: Request, body: Registration) -> Registered:
    """Of all who want one name at once only one hashes: a hash is expensive, a look is not."""
    users: Users = request.state.users
    key = idempotency_key(request)
    _check_password(body, request.app.state.settings)
    if earlier := await users.find(body.username, key):
        return await _again(request, earlier, body, key)
    async with request.state.registering.setdefault(body.username, Lock()):
        added = None
        if not await users.find(body.username, key):
            async with _turn(request.state.hashing):
                await _refuse_what_can_be_guessed(request, body)
                added = await _add(request, body, key)
    if added:
        return added
    if earlier := await users.find(body.username, key):
        return await _again(request, earlier, body, key)
    raise ServiceUnavailable("The name was taken and freed again. Try again.")


async def login(request: Request, body: Credentials) -> Token:
    """The same 401 in the same time, whether the user is unknown or the password wrong."""
    settings: Settings = request.app.state.settings
    keyring: SigningKeyring = request.state.keyring
    if keyring.signer_key is None:
        raise _no_key()
    user = await _authenticated(request, body)
    if (key := keyring.signer_key) is None:  # it took a while
        raise _no_key()
    lifetime = settings.token_lifetime
    signer = Signer(key, settings.token_issuer, settings.token_audience, lifetime)
    return Token(access_token=signer.token(user["_id"], generation=generation(user)), expires_in=lifetime)


async def logout(request: Request) -> Response:
    """All tokens that the user has got until now are refused: here at once, elsewhere when the event is there."""
    users: Users = request.state.users
    keyring: SigningKeyring = request.state.keyring
    user = await _of_token(request)
    name, following = user["_id"], generation(user) + 1
    # Who checks tokens needs to know it for as long as one of them could live, by whichever clock.
    until = math.ceil(time.time() + keyring.longest_lifetime + SPARE_SECONDS)
    events = [
        _born(UserLoggedOut(message=f"User {name} logged out", user=name)),
        _born(TokensRevoked(user=name, generation=following, until=until)),
    ]
    if not await users.note_logout(name, following, events):
        raise _gone()
    return Response(status_code=204)


async def me(request: Request) -> Me:
    user = await _of_token(request)
    return Me.model_validate({**user, "username": user["_id"]})


async def jwks(request: Request) -> Response:
    keyring: SigningKeyring = request.state.keyring
    return json_answer(Jwks.model_validate(keyring.public.jwks()), headers={"Cache-Control": "max-age=60"})


def _check_password(body: Registration, settings: Settings) -> None:
    if len(body.password.get_secret_value()) < settings.least_password:
        raise _bad_password(f"must have {settings.least_password} characters at least")


async def _refuse_what_can_be_guessed(request: Request, body: Registration) -> None:
    """In production, and within a turn: to look takes about as long as to hash."""
    settings: Settings = request.app.state.settings
    hashing: Hashing = request.state.hashing
    if settings.profile != "production":
        return
    known = [text for text in (body.username, body.name, body.email) if text]
    if reason := await hashing.in_thread(weakness, body.password.get_secret_value(), known):
        raise _bad_password(reason)


def _bad_password(reason: str) -> Unprocessable:
    return Unprocessable("Some fields are not as they must be.", [{"field": "password", "message": reason}])


async def _add(request: Request, body: Registration, key: str | None) -> Registered | None:
    """The new user and the event in one write. None if somebody else was faster."""
    hashed = await request.state.hashing.hash(body.password.get_secret_value())
    event = _born(
        UserRegistered(message=_welcome(body.username), user=body.username, name=body.name, email=body.email)
    )
    user = {
        "_id": body.username,
        "password_hash": hashed,
        "name": body.name,
        "email": body.email,
        "registered_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "event_id": str(event.id),
    }
    if key:
        user["idempotency_key"] = key
    added = await request.state.users.add(user, event)
    return _answer(user) if added else None


async def _again(request: Request, earlier: User, body: Registration, key: str | None) -> Registered:
    """The same request with the same key gets the same answer. The password is compared by its hash."""
    if key is None or earlier.get("idempotency_key") != key:
        raise Conflict("This name is already registered: log in.")
    same = (earlier["_id"], earlier["name"], earlier["email"]) == (body.username, body.name, body.email)
    password = body.password.get_secret_value()
    if not same or not await _matches(request.state.hashing, password, earlier["password_hash"]):
        raise Unprocessable("This Idempotency-Key was used for another request.")
    return _answer(earlier)


def _answer(user: User) -> Registered:
    return Registered(username=user["_id"], message=_welcome(user["_id"]), event_id=user["event_id"])


def _welcome(username: str) -> str:
    return f"User {username} registered successfully"


async def _of_token(request: Request) -> User:
    """The user of a valid token of his present generation. 401 for anybody else."""
    claims = await request.state.tokens.claims(request)
    if claims is None:
        raise Unauthorized("Log in first: /login gives a token.")
    users: Users = request.state.users
    user = await users.find(claims.subject)
    if user is None:
        raise _gone()
    if claims.generation < generation(user):
        raise revoked()
    return user


def generation(user: User) -> int:
    """How often the user has logged out: a token counts as long as nothing was added to that."""
    return int(user.get("generation", 0))


async def _authenticated(request: Request, body: Credentials) -> User:
    """The user whose password this is, after the login was noted."""
    users: Users = request.state.users
    throttle: Throttle = request.state.throttle
    account = _account(body)
    attempt = throttle.attempt(account, request.client.host if request.client else "")
    await _let_in(attempt)
    user = await users.find(account)
    password, stored = body.password.get_secret_value(), user["password_hash"] if user else None
    hashing: Hashing = request.state.hashing
    async with _turn(hashing) as waited:
        if waited:  # others may have tried meanwhile
            await _let_in(attempt)
        if not await hashing.matches(password, stored):
            await attempt.failed()
            raise _wrong()
        assert user is not None
        assert stored is not None  # for nobody else matches
        rehashed = await hashing.hash(password) if hashing.is_outdated(stored) else None
    await attempt.succeeded()
    logged_in = UserLoggedIn(message=f"User {user['_id']} logged in successfully", user=user["_id"])
    if not await users.note_login(user["_id"], _born(logged_in), rehashed):
        raise _wrong()
    return user


async def _let_in(attempt: Attempt) -> None:
    if seconds := await attempt.pause():
        raise TooManyRequests("Too many failed logins. Wait a moment.", retry_after=seconds)


def _account(body: Credentials) -> str:
    """What is no name is no user either, and all that is none is guessed at as one."""
    try:
        return canonical(body.username)
    except ValueError:
        return ""


async def _matches(hashing: Hashing, password: str, stored: str | None) -> bool:
    async with _turn(hashing):
        return await hashing.matches(password, stored)


@asynccontextmanager
async def _turn(hashing: Hashing) -> AsyncIterator[bool]:
    """Whether it had to be waited for. 503 when too many wait already."""
    try:
        async with hashing.turn() as waited:
            yield waited
    except Busy:
        raise ServiceUnavailable("Too many passwords wait to be hashed. Try again.", retry_after=2) from None


def _born(event: Event) -> Envelope[Event]:
    return Envelope.born(event, SERVICE, correlation_id(), trace_context())


def _no_key() -> ServiceUnavailable:
    return ServiceUnavailable("No signing key is published yet. Try again.")


def _gone() -> Unauthorized:
    return Unauthorized("There is no such user any more.", error="invalid_token")


def _wrong() -> Unauthorized:
    return Unauthorized("User name or password is wrong.")
