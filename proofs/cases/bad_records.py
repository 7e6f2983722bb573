"""Cases with records that nobody can handle: each becomes one dead letter, and the stream goes on."""

import random
import time
import uuid
from collections.abc import Iterator, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from contracts import Envelope, UserLoggedIn
from event_bus.records import Outgoing
from event_bus.wire import encode
from proofs.arena import ALL
from proofs.cases.case import Case
from proofs.clients import Load
from proofs.faults import ANY, Fault
from proofs.stage import Stage

LINE_LIMIT = (
    200_000  # bytes that `logs` takes in this case: less than an input may have, as on somebody else's broker
)
WORKER = "notifications_service"


def bad(chance: random.Random) -> Iterator[Outgoing]:
    """One after the other of each kind, for ever, on `notifications`."""
    while True:
        for make in (_bytes, _not_utf8, _null, _deep, _no_key, _unknown, _not_its_subject, _no_headers):
            yield make(chance)


def huge(chance: random.Random) -> Iterator[Outgoing]:
    """As large as an input may be, and not JSON; or such that its line is more than the topic takes."""
    while True:
        yield _record("huge", "x" * 900_000, value=b"\x00" * 900_000)
        yield _record("long", "y" * (LINE_LIMIT + 50_000))


def _bytes(chance: random.Random) -> Outgoing:
    return _record("bytes", value=chance.randbytes(chance.randrange(1, 2_000)))


def _not_utf8(chance: random.Random) -> Outgoing:
    return _record("utf8", value=b'{"message":"\xff\xfe","user":"utf8"}')


def _null(chance: random.Random) -> Outgoing:
    return _record("null", value=None)


def _deep(chance: random.Random) -> Outgoing:
    depth = chance.randrange(2_000, 50_000)
    return _record("deep", value=b'{"message":' + b"[" * depth + b"]" * depth + b"}")


def _no_key(chance: random.Random) -> Outgoing:
    record = _record("nokey")
    return Outgoing(record.topic, None, record.value, record.headers)


def _unknown(chance: random.Random) -> Outgoing:
    return _record("unknown", ce_type=b"nobody.knows.v1")


def _not_its_subject(chance: random.Random) -> Outgoing:
    return _record("subject", ce_subject=b"somebody-else")


def _no_headers(chance: random.Random) -> Outgoing:
    record = _record("headers")
    return Outgoing(record.topic, record.key, record.value)


_AS_IT_IS = b"as it is"


def _record(
    user: str, message: str = "hello", value: bytes | None = _AS_IT_IS, operation: str = "", **headers: bytes
) -> Outgoing:
    """A record as users_service writes it, with another value or other headers."""
    event = UserLoggedIn(message=message, user=user)
    record = encode(Envelope.born(event, "users_service", operation or f"bad-{uuid.uuid4().hex[:8]}"))
    changed = {**dict(record.headers), **headers}
    return Outgoing(
        record.topic, record.key, record.value if value is _AS_IT_IS else value, list(changed.items())
    )


async def one_bad_record(stage: Stage, topic: str) -> None:
    stage.excuses.add("every record can be read")
    await _publish(stage, [(Outgoing(topic, b"bad", b"\xff not JSON"), False)])


async def poison(stage: Stage) -> None:
    """Half of it lies there before the worker starts, so that its very first batch has to be taken up again."""
    count = 150 if stage.short or stage.arena.without else 1_000
    await _limit_lines(stage)
    stage.clients(Load(clients=2, keys=4))
    mixture = _mixture(stage, count)
    await _publish(stage, mixture[:count])
    await stage.arena.start(WORKER)
    await _publish(stage, mixture[count:])
    stage.arena.faults.append(
        Fault(time.time(), f"{count} bad records among {count} good ones", ANY, bit=True)
    )
    for topic in ("inventories", "stock"):
        for _ in range(5):
            await one_bad_record(stage, topic)
    if any(service.exit_codes for service in stage.arena.services.values()):
        stage.found["other"].append("a service died of a bad record")


def _mixture(stage: Stage, count: int) -> list[tuple[Outgoing, bool]]:
    """As many good records (True) as bad ones, mixed; the good ones lie in the order of their calls."""
    kinds, large = bad(stage.random), huge(stage.random)
    which = [True] * count + [False] * count
    stage.random.shuffle(which)
    mixed = []
    for number, good in enumerate(which):
        if good:
            mixed.append((_asked_for(stage, f"reader{stage.random.randrange(20)}"), True))
        else:
            mixed.append((next(large) if number % 25 == 0 else next(kinds), False))
    return mixed


def _asked_for(stage: Stage, user: str) -> Outgoing:
    """A good record counts as an accepted call, so the audit asks for its line."""
    operation = stage.history.begin("login", "users_service", user)
    stage.history.ended(operation, stage.history.invoked(operation), "ok", {})
    return _record(user, operation=operation.name)


async def _publish(stage: Stage, records: Sequence[tuple[Outgoing, bool]]) -> None:
    """In this order; notes where the bad ones came to lie."""
    producer = AIOKafkaProducer(
        bootstrap_servers=stage.arena.ground.kafka.bootstrap_servers, max_request_size=2_000_000
    )
    await producer.start()
    try:
        for record, good in records:
            topic = stage.arena.prefix + record.topic
            there = await producer.send_and_wait(
                topic, record.value, record.key, headers=list(record.headers)
            )
            if not good:
                stage.bad.add(f"{topic}-{there.partition}@{there.offset}")
    finally:
        await producer.stop()


async def _limit_lines(stage: Stage) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stage.arena.ground.kafka.bootstrap_servers)
    await admin.start()
    try:
        topic = ConfigResource(
            ConfigResourceType.TOPIC,
            f"{stage.arena.prefix}logs",
            configs={"max.message.bytes": str(LINE_LIMIT)},
        )
        await admin.alter_configs([topic])
    finally:
        await admin.close()


POISON = Case(
    "poison",
    "1,000 bad records among 1,000 good: bytes, bad UTF-8, null, deep, 1 MB, too long a line, no key, unknown type",
    poison,
    services=[name for name in ALL if name != WORKER],
)
