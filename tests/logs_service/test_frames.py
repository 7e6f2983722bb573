"""A record's value becomes one line and one frame, whatever it holds."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from logs_service.frames import one_line, text_frame


def read_frames(data: bytes) -> list[Frame]:
    """As a client reads them."""
    client = ClientProtocol(parse_uri("ws://localhost/"), state=OPEN, max_size=None)
    client.receive_data(data)
    assert client.parser_exc is None
    return [event for event in client.events_received() if isinstance(event, Frame)]


@given(st.lists(st.text().map(str.encode)))
def test_a_client_reads_the_lines_that_were_framed(lines: list[bytes]) -> None:
    frames = read_frames(b"".join(map(text_frame, lines)))
    assert [bytes(frame.data) for frame in frames] == lines
    assert all(frame.opcode is Opcode.TEXT and frame.fin for frame in frames)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 1_000_000])
def test_each_form_of_the_length_is_right_at_its_limits(size: int) -> None:
    (frame,) = read_frames(text_frame(b"x" * size))
    assert len(frame.data) == size


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none()))
def test_json_on_one_line_passes_unchanged(fields: dict[str, object]) -> None:
    value = json.dumps(fields).encode()
    assert one_line(value) == value


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])))
def test_text_without_control_characters_passes_unchanged(text: str) -> None:
    assert one_line(text.encode()) == text.encode()


@given(st.binary())
def test_whatever_comes_in_one_line_of_valid_utf8_comes_out(value: bytes) -> None:
    line = one_line(value).decode()
    assert len(line.splitlines()) <= 1
    # A tab is white space of JSON, and DEL may stand in its strings as it is.
    assert not any(unicodedata.category(one) in ("Cc", "Zl", "Zp") for one in line if one not in "\t\x7f")


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (b'{\n  "a": 1\n}\n', b'{   "a": 1 }'),
        (b"one\r\ntwo", b"one  two"),
        (b"caf\xc3\xa9 \xff!", "café \ufffd!".encode()),
        ("a\u2028b\x9b31mc".encode(), b"a b 31mc"),
        (b"\x1b[2J wiped", b" [2J wiped"),
        (b"a\x00\x08\x0b\x1fb", b"a    b"),
    ],
)
def test_a_foreign_value_is_repaired(value: bytes, line: bytes) -> None:
    assert one_line(value) == line
