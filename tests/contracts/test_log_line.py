"""The line that everybody can watch: its fields in their order, one line whatever is in it."""

import json
import unicodedata
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contracts import Envelope, LogLine, Notification, PaymentAccepted, UserRegistered

ORDER = ["time", "level", "service", "event", "message", "user", "event_id", "correlation_id", "trace_id"]
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def about(data: Notification, traceparent: str | None = TRACE) -> LogLine:
    return LogLine.about(
        Envelope[Notification](
            data=data,
            id=UUID(int=7),
            source="/payments_service",
            time=datetime(2026, 11, 21, 3, 11, 4, 123999, tzinfo=UTC),
            subject="p1",
            correlation_id="c1",
            traceparent=traceparent,
        )
    )


def paid(message: str = "guest paid 25.00 EUR", user: str = "guest") -> PaymentAccepted:
    return PaymentAccepted(
        message=message, user=user, payment_id="p1", amount="25.00", currency="EUR", method="card"
    )


def test_it_says_all_in_this_order() -> None:
    text = about(paid()).to_json()
    assert list(json.loads(text)) == ORDER
    assert text == (
        '{"time":"2026-11-21T03:11:04.123Z","level":"INFO","service":"payments_service",'
        '"event":"payments.accepted","message":"guest paid 25.00 EUR","user":"guest",'
        '"event_id":"00000000-0000-0000-0000-000000000007","correlation_id":"c1",'
        '"trace_id":"0af7651916cd43dd8448eb211c80319c"}'
    )


def test_what_is_absent_is_left_out() -> None:
    line = LogLine(
        time="t", level="INFO", service="s", event="e", message="m", event_id="i", correlation_id="c"
    )
    assert list(json.loads(line.to_json())) == [name for name in ORDER if name not in ("user", "trace_id")]


def test_a_trace_that_is_none_has_no_id() -> None:
    assert about(paid(), None).trace_id is None
    assert about(paid(), "nonsense").trace_id is None


def test_name_and_e_mail_never_come_here() -> None:
    registered = UserRegistered(message="User alice registered", user="alice", name="Alice", email="a@b.c")
    text = about(registered).to_json()
    assert "a@b.c" not in text
    assert "Alice" not in text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_it_is_one_line_without_control_characters_whatever_is_said(text: str) -> None:
    written = about(paid(message=text, user=text)).to_json()
    assert len(written.splitlines()) == 1
    assert not any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in written)
    assert json.loads(written)["message"] == text


def test_separators_and_direction_marks_are_escaped() -> None:
    written = about(paid(message="a\r\n\u2028\u2029\u0085\u202e\u2066\x1b[31mb")).to_json()
    assert "a\\r\\n\\u2028\\u2029\\u0085\\u202e\\u2066\\u001b[31mb" in written
