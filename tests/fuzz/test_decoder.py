"""Whatever lies on a topic is an event or Undecodable, nothing else comes out of it, and both can be passed on."""

import json

from hypothesis import given

from contracts import LogLine, Notification
from event_bus.errors import Undecodable
from event_bus.records import Outgoing
from event_bus.routing import Routing
from event_bus.wire import decode, encode
from tests.event_bus.test_wire import Read, read
from tests.fuzz.budget import cases, tried
from tests.fuzz.lines import is_one_plain_line
from tests.fuzz.records import GOLDEN, records

ROUTING: Routing = Routing("notifications_service", [])


@given(records())
@cases(short=2_000, long=110_000)
def test_a_record_is_an_event_or_undecodable(record: Read) -> None:
    tried("event_bus.wire.decode")
    try:
        event = decode(record)
    except Undecodable as error:
        letter = ROUTING.dead_letter(record, str(error))
        assert is_one_plain_line(reason_of(letter))
        return
    again = encode(event)
    assert decode(read(again)) == event
    assert is_one_plain_line((again.value or b"").decode())
    if isinstance(event.data, Notification):
        line = LogLine.about(event).to_json()
        assert is_one_plain_line(line)
        assert json.loads(line)["message"] == event.data.message


def reason_of(letter: Outgoing) -> str:
    """Of a dead letter; the last one, should the record have brought one of its own."""
    return [part or b"" for name, part in letter.headers if name == "dlq_reason"][-1].decode()


def test_the_messages_from_which_the_others_are_made_are_good() -> None:
    assert all(decode(Read(parts.key, parts.value, list(parts.headers))) for parts in GOLDEN)
