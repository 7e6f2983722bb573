"""The envelope holds the raw frame byte for byte, and says where it stands."""

import json

from hypothesis import given
from hypothesis import strategies as st

from logs_service.forms import RAW, Envelope, Form, MetaFrames, behind, encoded
from logs_service.frames import one_line
from logs_service.lines import Line
from logs_service.position import Mark, position_of, stamp
from tests.logs_service.test_frames import read_frames

META = Form(MetaFrames(Envelope('lo"gs')))


@given(st.binary())
def test_the_line_in_the_envelope_is_the_raw_frame(value: bytes) -> None:
    line = Line(3, 41, 1_795_240_538_873, one_line(value))
    (frame,) = read_frames(encoded(META, [line], {}))
    message = json.loads(bytes(frame.data))
    assert message.pop("line").encode() == line.text
    assert position_of(message.pop("token")) == {3: Mark(41, stamp(line.time))}
    assert message == {"topic": 'lo"gs', "partition": 3, "offset": 41, "time": "2026-11-21T05:55:38.873Z"}


def test_each_token_names_all_that_came_before_it() -> None:
    lines = [Line(0, 5, 1, b"a"), Line(1, 9, 2, b"b"), Line(0, 6, 3, b"c")]
    before = {0: Mark(4), 1: Mark(8), 2: Mark(7)}
    tokens = [
        {one: mark.offset for one, mark in position_of(json.loads(bytes(frame.data))["token"]).items()}
        for frame in read_frames(encoded(META, lines, before))
    ]
    assert tokens == [{0: 5, 1: 8, 2: 7}, {0: 5, 1: 9, 2: 7}, {0: 6, 1: 9, 2: 7}]
    assert {one: mark.offset for one, mark in behind(lines, before).items()} == tokens[-1]


def test_raw_frames_do_not_depend_on_the_position() -> None:
    assert encoded(RAW, [Line(0, 1, 2, b"x")], {}) == b"\x81\x01x"


def test_a_notice_says_what_and_where_to_go_on() -> None:
    told = META.encoding.notice("lost", {0: Mark(9)}, count=3)
    assert told is not None
    (frame,) = read_frames(told)
    message = json.loads(bytes(frame.data))
    assert message == {"notice": "lost", "count": 3, "token": message["token"]}
    assert position_of(message["token"]) == {0: Mark(9)}
