"""Whoever knows the new version of an event reads the old ones through one function; on an event made up for it."""

import json
from typing import Any, ClassVar

import pytest

from contracts import EVENT_TYPES, Envelope, Event, LogLine, Notification
from contracts.events import UserRegistered
from contracts.upcasters import UPCASTERS, Upcaster, newest, read_as
from dev.docs import tables
from event_bus import On
from event_bus.dispatch import Dispatch
from event_bus.errors import Undecodable
from event_bus.wire import decode
from tests.event_bus.test_wire import SAMPLES, Read


class UserRegisteredV2(Notification):
    """The made-up second version: the mail addresses of a person are a list."""

    type: ClassVar[str] = "users.registered.v2"

    user: str
    emails: tuple[str, ...]

    def subject(self) -> str:
        return self.user


class UserRegisteredV3(UserRegisteredV2):
    """And the third one says since when."""

    type: ClassVar[str] = "users.registered.v3"

    year: int


def second(old: UserRegistered) -> UserRegisteredV2:
    return UserRegisteredV2(message=old.message, user=old.user, emails=(old.email,) if old.email else ())


def third(old: UserRegisteredV2) -> UserRegisteredV3:
    return UserRegisteredV3(message=old.message, user=old.user, emails=old.emails, year=2026)


@pytest.fixture(autouse=True)
def versions(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (UserRegisteredV2, UserRegisteredV3):
        monkeypatch.setitem(EVENT_TYPES, kind.type, kind)
    for caster in (
        Upcaster(UserRegistered, UserRegisteredV2, second),
        Upcaster(UserRegisteredV2, UserRegisteredV3, third),
    ):
        monkeypatch.setitem(UPCASTERS, caster.old.type, caster)


def golden() -> Read:
    """The message of the first version, as it was released."""
    sample: dict[str, Any] = json.loads((SAMPLES / "users.registered.v1.json").read_text(encoding="utf-8"))
    headers = [(name, text.encode()) for name, text in sample["headers"].items()]
    return Read(sample["key"].encode(), sample["value"].encode(), headers)


def test_a_record_of_the_first_version_is_read_as_the_newest_through_each_between() -> None:
    event = decode(golden())
    assert event.data == UserRegisteredV3(
        message="User alice registered successfully", user="alice", emails=("alice@example.org",), year=2026
    )
    assert event.subject == "alice"


def test_what_has_no_newer_version_stays_what_it_is() -> None:
    assert newest(data := decode(golden()).data) is data
    assert read_as(LogLine) is LogLine


async def test_a_handler_that_knows_only_the_newest_version_handles_the_first() -> None:
    async def handler(event: Envelope[UserRegisteredV3]) -> Event:
        return LogLine.about(event)

    dispatch = Dispatch("notifications_service", [On(UserRegisteredV3, handler, publishes=[LogLine])])
    (line,) = await dispatch.handle(golden())
    assert line.value is not None
    assert json.loads(line.value)["event"] == "users.registered", "people see the same name"


def test_a_table_of_the_newest_version_reads_the_old_ones_too() -> None:
    read = list(tables.concrete([UserRegisteredV3]))
    assert read == [UserRegistered, UserRegisteredV2, UserRegisteredV3]


def test_an_upcaster_that_fails_makes_a_dead_letter_and_no_endless_repetition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = Upcaster(UserRegistered, UserRegisteredV2, lambda old: old.shoe_size)
    monkeypatch.setitem(UPCASTERS, UserRegistered.type, broken)
    with pytest.raises(Undecodable, match=r"no newer version can be made of this users\.registered\.v1"):
        decode(golden())
