"""What is told to a service: each input, often twice in a row, and among them what it can't handle, or need not."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord

from contracts import Envelope, Event, KeyRetired, UserLoggedIn
from event_bus.wire import encode
from tests.event_bus.cluster import Cluster, Raw
from tests.event_bus.story import SOURCE
from tests.event_bus.verdict import id_of

STORY = "a-story"  # the correlation id of all that is told
OTHERS = [UserLoggedIn(message="alice logged in", user="alice"), KeyRetired(kid="k")]  # one is of no concern
AT_ONCE = 12  # inputs in a row: two for each partition
PAUSE = 0.05  # between two rows: some hundred inputs a second keep every instance at work


def _raw(data: Event) -> Raw:
    """An event that has just been born."""
    return _written(Envelope.born(data, SOURCE, STORY))


def _written(event: Envelope[Event]) -> Raw:
    record = encode(event)
    return record.key, record.value, list(record.headers)  # type: ignore[arg-type]


def _cause(record: ConsumerRecord) -> str:
    return dict(record.headers).get("ce_causationid", b"").decode(errors="replace")


def _without_key(data: Event) -> Raw:
    return None, *_raw(data)[1:]


def _cut(data: Event) -> Raw:
    key, value, headers = _raw(data)
    return key, (value or b"")[:-1], headers


def _no_text(data: Event) -> Raw:
    key, _, headers = _raw(data)
    return key, b"\xff\xfe\x00", headers


def _of_unknown_type(data: Event) -> Raw:
    key, value, headers = _raw(data)
    return key, value, [*headers, ("ce_type", b"nobody.knows.v1")]  # the last one of a name counts


def _bytes(data: Event) -> Raw:
    return b"\xff", b"\xff\xfe\x00", []


class Telling:
    """Inputs wait here until they are told. `told` has the good ones by id; `skipped` those of no concern."""

    def __init__(
        self, cluster: Cluster, input: type[Event], refused: Callable[[Event], Event] | None, times: int = 2
    ) -> None:
        self._cluster, self._topic, self._times = cluster, input.topic.name, times
        by_the_rule = [] if refused is None else [lambda data: _raw(refused(data))]
        self._bad = itertools.cycle([*by_the_rule, _cut, _no_text, _of_unknown_type, _without_key, _bytes])
        self._of_no_concern = next(data for data in OTHERS if not isinstance(data, input))
        self.waiting: list[Event] = []
        self.told: dict[str, Event] = {}
        self.skipped: set[str] = set()
        self._producer: AIOKafkaProducer | None = None

    async def tell(self, count: int = AT_ONCE) -> None:
        inputs, self.waiting = self.waiting[:count], self.waiting[count:]
        events = [Envelope.born(data, SOURCE, STORY) for data in inputs]
        self.told |= {str(event.id): event.data for event in events}
        good = [record for event in events for record in [_written(event)] * self._times]
        await self._publish([*self._others(inputs), *good])

    def _others(self, inputs: Sequence[Event]) -> list[Raw]:
        """Before the good ones, and about the same: what is behind a bad record must not hide it."""
        concerns_nobody = Envelope.born(self._of_no_concern, SOURCE, STORY)
        self.skipped.add(str(concerns_nobody.id))
        return [*(next(self._bad)(data) for data in inputs[:2]), _written(concerns_nobody)]

    async def until(self, condition: Callable[[], bool], within: float = 60) -> None:
        """Goes on as long as somebody needs inputs to reach his step."""
        async with asyncio.timeout(within):
            while not condition():
                await self.tell()
                await asyncio.sleep(PAUSE)

    @contextlib.asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        done = asyncio.Event()
        task = asyncio.create_task(self.until(done.is_set, 120))
        try:
            yield
        finally:
            done.set()
            await task

    async def everything_again(self) -> None:
        """Every input, behind the others, in the same order. What follows from one may lie in the same topic."""
        found = [one for one in await self._cluster.read(self._topic) if _cause(one) not in self.told]
        assert self.told.keys() <= {id_of(record) for record in found}
        await self._publish([(r.key, r.value, list(r.headers)) for r in found], [r.partition for r in found])

    async def _publish(self, records: Sequence[Raw], partitions: Sequence[int] = ()) -> None:
        """Until the broker has said that it has them. If it dies meanwhile, they may be there more often."""
        while True:
            try:
                return await self._send(records, partitions or [None] * len(records))
            except KafkaError:
                await self.close()
                await asyncio.sleep(PAUSE)

    async def close(self) -> None:
        """It may go on afterwards, with another producer."""
        if self._producer:
            producer, self._producer = self._producer, None
            await producer.stop()

    async def _send(self, records: Sequence[Raw], partitions: Sequence[int | None]) -> None:
        producer, topic = await self._started(), self._cluster.broker.named(self._topic)
        sent = [
            await producer.send(topic, value, key, partition, headers=headers)
            for (key, value, headers), partition in zip(records, partitions, strict=True)
        ]
        await asyncio.gather(*sent)

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            self._producer = AIOKafkaProducer(bootstrap_servers=self._cluster.broker.bootstrap_servers)
            await self._producer.start()
        return self._producer
