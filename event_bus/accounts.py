"""Accounts on the broker and their rights: exactly those of the table in `contracts`, none more.

Whoever runs this is the broker's administrator. Doing it again changes nothing.
"""

import hashlib
import secrets
from collections.abc import Collection, Iterator
from enum import IntEnum
from typing import Any, NamedTuple

from aiokafka.errors import ClusterAuthorizationFailedError, for_code

from contracts.accounts import Account
from event_bus.acl_requests import AlterScram, CreateAcls, DeleteAcls, DescribeAcls, Entry
from event_bus.errors import Refused, Unavailable
from event_bus.kafka import Admin
from event_bus.ledger import GROUP_SUFFIX
from event_bus.settings import Broker

SCRAM_SHA_512 = 2
# The least that Kafka takes. More make a guessed password dearer, and these are random and cannot be guessed; each
# connection pays for them.
ITERATIONS = 4_096
ALLOW, ANY_HOST = 3, "*"


class Resource(IntEnum):
    """Kafka's own numbers, as in the two that follow."""

    TOPIC = 2
    GROUP = 3
    CLUSTER = 4
    TRANSACTIONAL_ID = 5


class Named(IntEnum):
    EXACTLY = 3
    BEGINNING_WITH = 4


class Operation(IntEnum):
    READ = 3
    WRITE = 4
    DESCRIBE = 8
    DESCRIBE_CONFIGS = 10


class Right(NamedTuple):
    """One thing that an account may do. To read and to write include to describe."""

    operation: Operation
    resource: Resource
    name: str
    named: Named = Named.EXACTLY


def rights_of(account: Account, broker: Broker) -> frozenset[Right]:
    return frozenset(_rights(account, broker))


def _rights(account: Account, broker: Broker) -> Iterator[Right]:
    own = broker.named(account.name)
    for topic in account.may_read:
        yield Right(Operation.READ, Resource.TOPIC, broker.named(topic.name))
    for topic in account.publishes:
        yield Right(Operation.WRITE, Resource.TOPIC, broker.named(topic.name))
    if account.consumes:
        yield Right(Operation.READ, Resource.GROUP, own)
    if account.has_outbox:
        yield Right(Operation.READ, Resource.GROUP, own + GROUP_SUFFIX)
    if account.publishes:
        yield Right(Operation.WRITE, Resource.TRANSACTIONAL_ID, f"{own}-", Named.BEGINNING_WITH)
    if account.looks_at_groups:
        yield Right(Operation.DESCRIBE, Resource.CLUSTER, "kafka-cluster")
        for topic in account.may_read:
            yield Right(Operation.DESCRIBE_CONFIGS, Resource.TOPIC, broker.named(topic.name))
        yield (
            Right(Operation.DESCRIBE, Resource.GROUP, broker.prefix, Named.BEGINNING_WITH)
            if broker.prefix
            else Right(Operation.DESCRIBE, Resource.GROUP, "*")
        )


async def settle(admin: Admin, broker: Broker, account: Account, password: str) -> None:
    """The account has this password, and the rights of the table: what is missing comes, what is beyond it goes.

    Raises Unavailable, as all of these do, and Refused if we are no administrator.
    """
    await _set_password(admin, account.name, password)
    wanted, there = rights_of(account, broker), await rights(admin, account.name)
    mine = {
        right for right in there if right.name.startswith(broker.prefix)
    }  # another shop may share the broker
    await give(admin, account.name, wanted - there)
    await take(admin, account.name, mine - wanted)


async def rights(admin: Admin, account: str) -> frozenset[Right]:
    answer = await admin.ask(f"reading the rights of {account}", DescribeAcls(f"User:{account}"))
    _check(answer.error_code, answer.error_message)
    return frozenset(
        Right(Operation(operation), Resource(resource), name, Named(pattern))
        for resource, name, pattern, entries in answer.resources
        for _, _, operation, _ in entries
    )


async def give(admin: Admin, account: str, missing: Collection[Right]) -> None:
    if missing:
        answer = await admin.ask(f"giving rights to {account}", CreateAcls(_entries(account, missing)))
        for code, message in answer.creation_responses:
            _check(code, message)


async def take(admin: Admin, account: str, surplus: Collection[Right]) -> None:
    if surplus:
        answer = await admin.ask(f"taking rights from {account}", DeleteAcls(_entries(account, surplus)))
        for code, message, _ in answer.filter_responses:
            _check(code, message)


async def _set_password(admin: Admin, account: str, password: str) -> None:
    salt = secrets.token_bytes(32)
    salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    request = AlterScram((account, SCRAM_SHA_512, ITERATIONS, salt, salted))
    answer: Any = await admin.ask(f"setting the password of {account}", request)
    for _, code, message, _ in answer.results:
        _check(code, message)


def _entries(account: str, rights: Collection[Right]) -> list[Entry]:
    return [
        (right.resource, right.name, right.named, f"User:{account}", ANY_HOST, right.operation, ALLOW)
        for right in sorted(rights)
    ]


def _check(code: int, message: str | None) -> None:
    if code == ClusterAuthorizationFailedError.errno:
        raise Refused("only an administrator of the broker gives accounts and rights")
    if code:
        raise Unavailable(f"{for_code(code).__name__}: {message}")
