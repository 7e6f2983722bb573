"""What a replay reads from Kafka: all that is lines, each event once, and how far it has come."""

import pytest

from event_bus import Broker
from logs_service.past import LEAD_IN, Past, past_of
from logs_service.position import Mark
from logs_service.seen import Seen
from tests.conftest import Environment
from tests.logs_service.writing import Writer


@pytest.fixture
def broker(topics: Environment) -> Broker:
    return Broker(topics["KAFKA_BOOTSTRAP_SERVERS"], topics["TOPIC_PREFIX"])


async def texts_from(past: Past, offset: int, end: int) -> list[str]:
    """The lines from an offset to the end, which must be reached though the last records are no lines."""
    position = {0: Mark(offset - 1)}
    await past.begin(position)
    texts: list[str] = []
    for _ in range(50):
        lines, reached = await past.read(position)
        texts += [line.text.decode() for line in lines]
        if reached[0].offset == end - 1:
            return texts
    raise AssertionError(f"stays at {reached} of {end}")


async def test_records_that_are_no_lines_hold_nobody_up(broker: Broker, writer: Writer) -> None:
    await writer.write(3)
    await writer.abort(20)
    async with past_of(broker, "logs", Seen(1)) as past:
        assert await texts_from(past, 0, await writer.end()) == writer.all


async def test_a_repetition_of_what_lies_just_before_is_known_without_the_hub(
    broker: Broker, writer: Writer
) -> None:
    await writer.write(10)
    between = await writer.end()
    await writer.repeat(writer.ids[:10])
    await writer.write(2)
    async with past_of(broker, "logs", Seen(1)) as past:
        assert await texts_from(past, between, await writer.end()) == writer.all[10:]


async def test_a_repetition_of_what_lies_further_back_is_known_by_the_hub(
    broker: Broker, writer: Writer
) -> None:
    await writer.write(1)
    await writer.write(LEAD_IN + 10)
    between = await writer.end()
    await writer.repeat(writer.ids[:1])
    await writer.write(2)
    shown = Seen(10)
    assert shown.add(str(writer.ids[0]).encode(), 0, 0)
    async with past_of(broker, "logs", shown) as past:
        assert await texts_from(past, between, await writer.end()) == writer.all[-2:]
