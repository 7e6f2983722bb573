"""stdout gets every line, and whoever blocks it blocks nobody else."""

import os
import time
from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs

from event_bus.printer import Printer

Pipe = tuple[int, int]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


def soon(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def read(descriptor: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += os.read(descriptor, size - len(data))
    return data


def test_lines_come_out_as_they_are_in_order(pipe: Pipe) -> None:
    reading, writing = pipe
    printer = Printer(writing)
    printer.print([b'{"a":1}', b'{"a":2}'])
    printer.print([b"third"])
    assert read(reading, 22) == b'{"a":1}\n{"a":2}\nthird\n'
    printer.close()


def test_closing_writes_what_is_left(pipe: Pipe) -> None:
    reading, writing = pipe
    printer = Printer(writing)
    printer.print([b"last words"])
    printer.close()
    assert read(reading, 11) == b"last words\n"


def test_a_blocked_stdout_stalls_nobody_and_is_told_of_later(pipe: Pipe) -> None:
    reading, writing = pipe
    printer = Printer(writing, limit_bytes=10_000)
    lines = [b"x" * 999] * 10
    began = time.monotonic()
    for _ in range(100):
        printer.print(lines)
    assert time.monotonic() - began < 1
    assert printer.dropped >= 900 - 65
    kept = 1000 - printer.dropped
    with capture_logs() as logged:
        assert len(read(reading, kept * 1000)) == kept * 1000
        soon(lambda: logged)
    assert logged[0]["lines_not_printed"] == printer.dropped
    printer.close()


def test_closing_does_not_wait_for_a_stdout_that_stays_blocked(pipe: Pipe) -> None:
    reading, writing = pipe
    printer = Printer(writing)
    printer.print([b"x" * 500_000])
    began = time.monotonic()
    printer.close(0.2)
    assert time.monotonic() - began < 2
    read(reading, 500_001)
    soon(lambda: not printer._thread.is_alive())


def test_a_stdout_that_is_gone_ends_the_printing_and_nothing_else() -> None:
    reading, writing = os.pipe()
    printer = Printer(writing)
    os.close(reading)
    with capture_logs() as logged:
        printer.print([b"to nobody"])
        soon(lambda: not printer._thread.is_alive())
        printer.print([b"nor this"])
    assert [entry["event"] for entry in logged] == ["stdout is gone, lines are no longer printed"]
    os.close(writing)
