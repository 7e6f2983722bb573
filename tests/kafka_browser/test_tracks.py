"""What was found and waits for its turn is bounded; what does not fit is ahead again."""

import pytest
from aiokafka import ConsumerRecord

from kafka_browser.messages import message_of
from kafka_browser.tracks import PAGE_BYTES, NewestFirst, OldestFirst, Track, size_of


def record(offset: int, size: int) -> ConsumerRecord:
    return ConsumerRecord("cups", 0, offset, 1000 * offset, 0, b"k", b"x" * size, None, 1, size, ())


def found(track: Track) -> list[int]:
    return [message.offset for message in track.found]


@pytest.mark.parametrize("track", [NewestFirst(0, 100, 200), OldestFirst(0, 100, 200)])
def test_in_bytes(track: Track) -> None:
    for offset in track.take(100):
        track.add(message_of(record(offset, 60_000), "cups"))
    assert sum(map(size_of, track.found)) <= PAGE_BYTES
    kept = found(track)
    while track.found:
        track.next()
    ahead = list(track.take(100))
    assert sorted(kept + ahead) == list(range(100))


def test_in_number() -> None:
    track = NewestFirst(0, 100, 10)
    for offset in track.take(100):
        track.add(message_of(record(offset, 1), "cups"))
    assert found(track) == list(range(99, 89, -1))
    assert (track.place, track.searched) == (100, 0)
