"""Records that a service could not handle, buried as the services do it; and what is there afterwards."""

from collections import Counter
from collections.abc import Sequence

from aiokafka import ConsumerRecord

from contracts import dead_letters_of
from dev.dlq.address import Address
from dev.dlq.letters import Letter, address_of, letter_of
from event_bus.routing import Routing
from event_bus.wire import encode
from tests.event_bus.cluster import Cluster, Raw, ids
from tests.event_bus.story import accepted

SERVICE = "notifications_service"


def good(key: str, place: int) -> Raw:
    record = encode(accepted(key, place))
    return record.key, record.value, [(name, part) for name, part in record.headers if part is not None]


async def bury(
    cluster: Cluster,
    records: Sequence[Raw],
    reason: str = "unknown type 'x'",
    *,
    service: str = SERVICE,
    cut: bool = False,
) -> list[Address]:
    """The addresses of their letters."""
    await cluster.write("notifications", records)
    read = (await cluster.read("notifications"))[-len(records) :]
    routing: Routing[object] = Routing(service, [])  # type: ignore[type-var]  # it has no rows
    await cluster.publish([routing.dead_letter(record, reason, cut=cut) for record in read])
    topic = dead_letters_of(service).name
    there = [record for record in await cluster.read(topic) if letter_of(record)]
    return [address_of(record) for record in there[-len(records) :]]


def addresses(letters: Sequence[Letter]) -> list[Address]:
    return [letter.address for letter in letters]


async def times(cluster: Cluster) -> Counter[str]:
    """How often each event is on `notifications`."""
    return Counter(ids(await cluster.read("notifications")))


async def settled(cluster: Cluster, service: str = SERVICE) -> Counter[tuple[bytes, bytes]]:
    """The resolutions, as they lie there: the address of the letter, and what was done."""
    found = await cluster.read(dead_letters_of(service).name)
    return Counter((record.key, record.headers[0][1]) for record in found if not letter_of(record))


def expected(buried: Sequence[Address], how: bytes = b"redriven") -> Counter[tuple[bytes, bytes]]:
    return Counter((str(address).encode(), how) for address in buried)


def raw_of(record: ConsumerRecord) -> Raw:
    return record.key, record.value, list(record.headers)
