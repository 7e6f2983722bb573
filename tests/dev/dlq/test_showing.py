"""Whatever a record holds, what is printed of it is legible and can do nothing to a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as some

from dev.dlq import showing
from dev.dlq.letters import CUT, ORIGIN, Resolution, letter_of

DUMPED = "  00000000  ff 00 41 1b                                      ..A."


@dataclass
class Read:
    """A letter as the client library gives it."""

    value: bytes | None
    key: bytes | None = b"alice"
    reason: bytes = b"unknown type 'x'"
    before: Sequence[tuple[str, bytes]] = (("ce_id", b"17"),)
    topic: str = "notifications_service.dlq"
    partition: int = 0
    offset: int = 17
    timestamp: int = 1795240538873
    headers: Sequence[tuple[str, bytes]] = field(init=False)

    def __post_init__(self) -> None:
        said = [self.reason, b"notifications", b"3", b"41", b"0", b"notifications_service"]
        self.headers = [*self.before, *zip(ORIGIN, said, strict=True)]


def shown(record: Read, resolution: Resolution | None = None) -> list[str]:
    letter = letter_of(record)
    assert letter is not None
    return list(showing.whole(record, letter, resolution))


def test_a_letter_is_shown_with_everything_that_it_has() -> None:
    assert shown(Read(b'{"message":\n"caf\xc3\xa9"}')) == [
        "letter   notifications_service.dlq:0:17",
        "service  notifications_service",
        "reason   unknown type 'x'",
        "source   notifications:3:41",
        "time     2026-11-21T05:55:38.873Z",
        "state    open",
        "key      alice",
        "headers",
        "  ce_id: 17",
        "  dlq_reason: unknown type 'x'",
        "  dlq_topic: notifications",
        "  dlq_partition: 3",
        "  dlq_offset: 41",
        "  dlq_timestamp: 0",
        "  dlq_service: notifications_service",
        "value    20 bytes",
        '  {"message":',
        '  "café"}',
    ]


def test_bytes_that_are_no_text_are_dumped() -> None:
    assert shown(Read(b"\xff\x00A\x1b", key=b"\xff\x01"))[-1] == DUMPED
    assert "key      0xff01" in shown(Read(b"", key=b"\xff\x01"))


def test_a_value_that_is_not_there_is_not_an_empty_one() -> None:
    assert shown(Read(None))[-1] == "value    none"
    assert shown(Read(b""))[-1] == "value    0 bytes"


def test_a_cut_value_says_so_before_and_behind() -> None:
    lines = shown(Read(b"x" * 65_536, before=[(CUT, b"true")]))
    assert lines[-3] == "value    65,536 bytes, cut"
    assert "cut here" in lines[-1]


def test_what_became_of_it_is_said_with_its_time() -> None:
    assert "state    dropped 2026-11-21T05:55:38.873Z" in shown(
        Read(b""), Resolution("dropped", 1795240538873)
    )


@given(some.text(), some.text(), some.text())
def test_no_text_moves_the_cursor_or_passes_for_a_line_of_ours(value: str, key: str, reason: str) -> None:
    record = Read(
        value.encode(errors="replace"), key.encode(errors="replace"), reason.encode(errors="replace")
    )
    lines = shown(record)
    ours = lines.index("headers")
    assert all(line.isprintable() for line in lines)
    assert [line for line in lines[ours + 1 :] if not line.startswith(("  ", "value    "))] == []


@given(some.integers(-(2**63), 2**63 - 1))
def test_any_time_that_a_record_claims_can_be_shown(milliseconds: int) -> None:
    assert showing.moment(milliseconds)


@given(some.binary(min_size=1, max_size=100))
def test_a_dump_holds_every_byte(raw: bytes) -> None:
    assert b"".join(bytes.fromhex(line[10 : 10 + 3 * showing.ROW]) for line in showing.dump(raw)) == raw
