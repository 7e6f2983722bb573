"""The composition of users_service: its routes, and what is opened for them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from starlette.applications import Starlette

from contracts import TokensRevoked, UserLoggedIn, UserLoggedOut, UserRegistered
from event_bus import Database, DatabaseLease, DatabaseUnavailable, OutboxFull, Relay, Vitals
from http_edge import IDEMPOTENCY_KEY, Operation, Stop, TokenChecker, edge
from users_service import routes
from users_service.hashing import Hashing
from users_service.keyring import SERVICE, SigningKeyring
from users_service.model import Credentials, Jwks, Me, Registered, Registration, Token
from users_service.repository import LoginFailures, SigningKeys, Users
from users_service.settings import Settings
from users_service.throttle import Limit, Throttle


def build(settings: Settings) -> Starlette:
    return edge(
        SERVICE,
        "Registers people, checks their passwords, and signs the tokens that everybody else can check.",
        settings,
        operations=[
            Operation(
                "POST",
                "/register",
                routes.register,
                "Register a user name",
                accepts=Registration,
                answers={201: Registered},
                problems=[409, 503],
                parameters=[IDEMPOTENCY_KEY],
                publishes=[UserRegistered],
            ),
            Operation(
                "POST",
                "/login",
                routes.login,
                "Get a token",
                accepts=Credentials,
                answers={200: Token},
                problems=[401, 429, 503],
                publishes=[UserLoggedIn],
            ),
            Operation(
                "POST",
                "/logout",
                routes.logout,
                "Put an end to all tokens of their user",
                answers={204: None},
                problems=[401, 503],
                bearer=True,
                publishes=[UserLoggedOut, TokensRevoked],
            ),
            Operation(
                "GET",
                "/me",
                routes.me,
                "Who the user of the token is",
                answers={200: Me},
                problems=[401, 503],
                bearer=True,
            ),
            Operation(
                "GET",
                "/.well-known/jwks.json",
                routes.jwks,
                "The public keys that tokens are checked with",
                answers={200: Jwks},
            ),
        ],
        resources=partial(resources, settings),
        unavailable=(DatabaseUnavailable, OutboxFull),
    )


@asynccontextmanager
async def resources(settings: Settings, stop: Stop) -> AsyncIterator[Mapping[str, Any]]:
    async with Database(settings.database_uri, settings.database) as database:
        users, keys = Users(database, settings.outbox_max_pending), SigningKeys(database)
        outboxes, lease = [keys.states, users.outbox], DatabaseLease(database, settings.port)
        async with (
            Hashing(settings.bcrypt_cost, settings.hash_threads, users.rush) as hashing,
            Relay(settings.broker, SERVICE, outboxes, lease, stop) as relay,
            SigningKeyring(
                keys,
                settings.broker,
                stop,
                wait=settings.key_readable_seconds,
                lifetime=settings.token_lifetime,
            ) as keyring,
        ):
            readiness = {
                "database": database.not_ready,
                "relay": relay.not_ready,
                "signing_key": keyring.not_ready,
            }
            issuer, audience = settings.token_issuer, settings.token_audience
            tokens = TokenChecker(keyring.public, keyring.look, issuer=issuer, audience=audience)
            vitals = Vitals(settings.broker, SERVICE, settings.port, readiness, outboxes=outboxes)
            async with vitals:
                yield {
                    "users": users,
                    "hashing": hashing,
                    "registering": WeakValueDictionary(),  # a lock for each name that is being registered
                    "throttle": throttle(settings, database),
                    "keyring": keyring,
                    "tokens": tokens,
                    "readiness": readiness,
                    "measure": vitals.measure,
                }


def throttle(settings: Settings, database: Database) -> Throttle:
    window = settings.login_failures_seconds
    account, address = settings.login_failures_per_account, settings.login_failures_per_address
    return Throttle(LoginFailures(database, window), Limit(account, window), Limit(address, window))
