"""A line as a person sees it; whatever it holds, it can do nothing to the terminal."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dev.tail import showing

LINE = {
    "time": "2025-01-31T07:03:11.412Z",
    "level": "INFO",
    "service": "users_service",
    "event": "users.registered",
    "message": "User alice registered successfully",
    "user": "alice",
    "event_id": "6f0c",
    "correlation_id": "9b1d2c3d-0000",
}
RECORD = "1999-12-31T23:59:59.999Z"


def shown(line: Any, utc: bool = True) -> str:
    text = line if isinstance(line, str) else json.dumps(line)
    return showing.line({"line": text, "time": RECORD}, utc).plain


def test_a_log_line_is_time_level_service_event_message_user_and_the_begin_of_its_correlation_id() -> None:
    assert shown(LINE) == (
        "2025-01-31 07:03:11.412Z INFO    users_service       users.registered  "
        "User alice registered successfully alice 9b1d2c3d"
    )


def test_what_a_line_does_not_say_is_left_out() -> None:
    assert shown({"event": "e", "message": "m", "user": None}).split() == [
        "1999-12-31",
        "23:59:59.999Z",
        "e",
        "m",
    ]


def test_of_today_the_day_is_not_said() -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%S.5Z", time.gmtime())
    assert shown({**LINE, "time": now}).startswith(now[11:19] + ".500Z INFO")


def test_times_are_local_unless_asked_for_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    try:
        assert shown(LINE, utc=False).startswith("2025-01-31 12:48:11.412 INFO")
        assert shown(LINE, utc=True).startswith("2025-01-31 07:03:11.412Z INFO")
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "17",
        "[]",
        '{"message": "no event"}',
        '{"event": "e", "message": {}}',
        "[" * 100_000,
        "1" * 10_000,
    ],
)
def test_what_is_no_log_line_is_shown_as_it_is_behind_the_time_of_its_record(line: str) -> None:
    assert shown(line) == f"1999-12-31 23:59:59.999Z {line}"


@pytest.mark.parametrize("odd", ["yesterday", "2025-01-31T07:03:11", "0001-01-01T00:00:00+23:59", 17, None])
def test_a_time_that_is_none_gives_way_to_that_of_the_record(odd: object) -> None:
    assert shown({**LINE, "time": odd}).startswith("1999-12-31 23:59:59.999Z INFO")


@given(some.text(), some.text(), some.text())
def test_no_text_moves_the_cursor(one: str, two: str, three: str) -> None:
    for line in (one, {"event": one, "message": two, "user": three, "level": two, "service": one}):
        assert shown(line).isprintable()
    assert showing.lost(
        {"reason": one, "topic": two, "partition": 0, "from": 3, "to": 49, "count": 47}
    ).isprintable()


def test_a_level_and_a_service_have_a_colour() -> None:
    def styles(**said: str) -> list[str]:
        text = showing.line({"line": json.dumps({**LINE, **said}), "time": RECORD})
        return [str(span.style) for span in text.spans]

    assert styles(level="INFO") != styles(level="ERROR") == styles(level="error")
    assert styles(service="users_service") != styles(service="payments_service")
    assert styles() == styles(), "the same each time"


def test_what_is_lost_is_said_with_its_extent() -> None:
    notice: dict[str, Any] = {"topic": "logs", "partition": 0, "reason": "deleted", "from": 3, "to": 49}
    assert showing.lost({**notice, "count": 47}) == (
        "up to 47 lines are gone (deleted) from partition 0 of logs, from offset 3 on"
    )
    assert "an unknown number of lines are gone" in showing.lost({**notice, "count": None})
