"""A worker that has worked: notifications that it made lines of, on topics of the test's own."""

from collections.abc import Callable, Sequence

from contracts import Envelope, LogLine, Notification, UserRegistered, dead_letters_of
from contracts.topics import LOGS, NOTIFICATIONS
from event_bus import On, Outgoing, Worker
from event_bus.wire import encode
from notifications_service.app import CONSUMES, SERVICE
from tests.event_bus.cluster import Cluster, until

LETTERS = dead_letters_of(SERVICE).name
NOT_AN_EVENT = (b"key", b"no event", [])


async def make_topics(cluster: Cluster) -> None:
    for topic in (NOTIFICATIONS, LOGS):
        await cluster.create(topic.name, topic.partitions)
    await cluster.create(LETTERS)


def registered(name: str) -> Outgoing:
    data = UserRegistered(message=f"User {name} registered successfully", user=name)
    return encode(Envelope.born(data, "users_service", correlation_id=f"request-{name}"))


async def work(cluster: Cluster, events: int, letters: int = 0, table: Sequence[On] = CONSUMES) -> None:
    """The real worker, until so many lines and dead letters are there. Then it is stopped."""
    async with Worker(cluster.broker, SERVICE, table, _no_stop, alone=True):
        await until(lambda: _there(cluster, LOGS.name, events))
        await until(lambda: _there(cluster, LETTERS, letters))


async def _there(cluster: Cluster, topic: str, count: int) -> bool:
    return len(await cluster.read(topic)) >= count


def _no_stop(code: int, why: str) -> None:
    raise AssertionError(f"{code}: {why}")


def changed(handler: Callable[[Envelope[Notification]], object]) -> list[On]:
    """The table of the service with another handler."""

    async def handle(event: Envelope[Notification]) -> object:
        return handler(event)

    return [On(Notification, handle, publishes=[LogLine])]  # type: ignore[arg-type]  # whatever a test gives
