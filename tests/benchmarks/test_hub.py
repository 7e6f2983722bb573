"""The benchmark of the hub measures what it says: small loads, and lines that are missing are found out."""

import json
import socket
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from benchmarks.hub import __main__ as command
from benchmarks.hub import fanout, filtered, memory, picture
from benchmarks.hub.found import Series
from benchmarks.hub.lines import FRAME_BYTES, SIZE, broken, line, log_line, texts
from benchmarks.hub.restless import Restless, report
from benchmarks.hub.watching import Sample
from logs_service.frames import text_frame


def test_the_command_prints_the_rows_that_were_asked_for_and_draws_a_picture(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(fanout, "CLIENTS", 5)
    monkeypatch.setattr(fanout, "CURVE_CLIENTS", (3,))
    monkeypatch.setattr(fanout, "CURVE_RATES", (100,))
    monkeypatch.setattr(fanout, "CURVE_SECONDS", 0.2)
    monkeypatch.setattr(memory, "IDLE", 20)
    file = tmp_path / "new" / "curves.svg"
    command.main(["7", "11", "--picture", str(file)])
    shown = capsys.readouterr().out
    assert "an idle connection, 20 of them" in shown
    assert "100 lines/s" in shown
    assert "saturated" not in shown
    with pytest.raises(SystemExit):
        command.main(["12"])
    assert ElementTree.parse(file).getroot().tag.endswith("svg")


@pytest.mark.parametrize("way", ["ring", "broadcast", "send_text"])
def test_every_line_reaches_every_client_of_each_server(way: str) -> None:
    found = fanout.run(way, 5, 200, 0.3)
    assert found.cost > 0
    assert 0 < found.p50 <= found.p99


def test_a_filter_of_the_hub_that_finds_other_lines_than_a_plain_search_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filtered, "RATE", 200)
    monkeypatch.setattr(filtered, "SECONDS", 0.5)
    monkeypatch.setattr(filtered, "QUERIES", filtered.QUERIES[:50])
    monkeypatch.setattr(filtered, "FILTERS", {**filtered.FILTERS, "user=u7": "another search"})
    *_, compared = filtered.filters()
    assert compared.measured == "1 of 50"


def test_each_form_of_line_has_its_number_and_size() -> None:
    assert len(text_frame(line(7, 1))) == FRAME_BYTES
    assert len(broken(10, 1)) == SIZE
    with pytest.raises(UnicodeDecodeError):
        broken(10, 1).decode()
    assert log_line(3) != log_line(4)


def test_a_sample_finds_a_gap_and_what_was_cut_in_two() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sample = Sample(ours)
        sent = b"".join(text_frame(line(number, 0)) for number in (5, 6, 8))
        for part in (sent[:300], sent[300:]):
            theirs.sendall(part)
            sample.read()
    assert (len(sample.late), sample.gaps) == (3, 1)


def test_frames_are_told_apart_whatever_their_size() -> None:
    sizes = [5, 200, 70_000]
    data = b"".join(text_frame(b"x" * size) for size in sizes)
    assert [len(text) for text, _ in texts(data + b"\x81")] == sizes


def test_a_restless_client_counts_what_is_missing_and_what_came_twice() -> None:
    client = Restless(0)
    for number in (0, 1, 4, 4, 5):
        client._look_at(json.dumps({"line": line(number, 0).decode()}).encode())
    found = report([client], 10)
    assert (found["missing"], found["doubled"], found["to come"]) == (2, 1, 4)


def test_a_picture_of_one_point_and_of_none_below_a_decade_can_be_drawn() -> None:
    series = [Series("a & b", "x", [3.0], [1.0]), Series("bars", "µs", [1.0, 2.0], names=["one", "two"])]
    ElementTree.fromstring(picture.svg(series))
