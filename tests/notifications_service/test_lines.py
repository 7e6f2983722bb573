"""A notification becomes one line; what is none becomes a dead letter, and the stream goes on."""

import json
import uuid
from typing import Any

import pytest

from contracts import Envelope, UserRegistered
from event_bus.wire import encode
from notifications_service.handlers import trace
from tests.flows.shops import OpenShop
from tests.flows.topics import publish, until_records


async def test_a_line_has_what_the_notification_said_and_nothing_of_the_person() -> None:
    event = Envelope.born(
        UserRegistered(message="User alice registered successfully", user="alice", name="A", email="a@b"),
        "users_service",
        correlation_id="r1",
        traceparent=f"00-{'a' * 32}-{'b' * 16}-01",
    )
    line = json.loads((await trace(event)).to_json())
    assert list(line) == [
        "time", "level", "service", "event", "message", "user", "event_id", "correlation_id", "trace_id",
    ]  # fmt: skip
    assert line["event_id"] == str(event.id)
    assert (line["service"], line["event"], line["user"]) == ("users_service", "users.registered", "alice")
    assert (line["correlation_id"], line["trace_id"]) == ("r1", "a" * 32)


def good(name: str) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    event = Envelope.born(UserRegistered(message="hello", user=name), "users_service", correlation_id="r")
    record = encode(event)
    assert record.key is not None
    assert record.value is not None
    return record.key, record.value, list(record.headers)


BAD: dict[str, tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]] = {
    "no headers": (b"k", b'{"message":"x"}', []),
    "no JSON": (good("alice")[0], b"\xff\x00not json", good("alice")[2]),
    "no value": (good("alice")[0], None, good("alice")[2]),
    "no key": (None, good("alice")[1], good("alice")[2]),
    "another key": (b"bob", good("alice")[1], good("alice")[2]),
    "unknown type": (
        b"alice", b"{}", [(n, b"users.exploded.v9" if n == "ce_type" else v) for n, v in good("alice")[2]],
    ),
    "no message": (b"alice", b'{"user":"alice"}', good("alice")[2]),
    "no id": (b"alice", good("alice")[1], [(n, v) for n, v in good("alice")[2] if n != "ce_id"]),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
async def test_what_is_no_notification_is_kept_as_it_was_and_the_stream_goes_on(
    shared: OpenShop, what: str
) -> None:
    topic, broker = f"{shared.prefix}notifications", shared.kafka.bootstrap_servers
    key, value, headers = BAD[what]
    sent = await publish(broker, topic, key, value, headers)
    name = uuid.uuid4().hex
    follower = good(name)
    await publish(broker, topic, *follower)

    def from_here(record: Any) -> bool:
        told = dict(record.headers)
        return (told["dlq_partition"], told["dlq_offset"]) == (
            str(sent.partition).encode(), str(sent.offset).encode(),
        )  # fmt: skip

    async def dead() -> list[Any]:
        return [record for record in await shared.records("notifications_service.dlq") if from_here(record)]

    async def lines() -> list[Any]:
        return [record for record in await shared.records("logs") if record.key == name.encode()]

    (letter,) = await until_records(dead, bool)
    told = dict(letter.headers)
    assert (letter.key, letter.value) == (key, value)
    assert told["dlq_reason"]
    assert told["dlq_topic"] == topic.encode()
    assert told["dlq_service"] == b"notifications_service"
    assert [header for header in letter.headers if header in headers] == headers
    assert len(await until_records(lines, bool)) == 1


async def test_what_is_on_its_way_is_printed_too(shared: OpenShop) -> None:
    name = uuid.uuid4().hex
    await publish(shared.kafka.bootstrap_servers, f"{shared.prefix}notifications", *good(name))

    async def printed() -> list[str]:
        log = shared.services["notifications_service"].log.read_text()
        return [line for line in log.splitlines() if f'"user":"{name}"' in line]

    assert len(await until_records(printed, bool, 10)) == 1
