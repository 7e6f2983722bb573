"""A line that a process logs is one line of text, whatever somebody put into it."""

import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from http_edge import configure_logging
from http_edge.log_format import QUIET

HOSTILE = "a\r\nb\x1b[31m\x00\x7f\x85\x9b\u2028\u2029\u202e\u2067z"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root, before = logging.getLogger(), logging.getLogger().level
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in QUIET}
    yield
    root.handlers[:] = handlers
    root.setLevel(before)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    structlog.reset_defaults()


def logged(log_format: Literal["console", "json"], capfd: pytest.CaptureFixture[str]) -> str:
    """What a hostile value, and a hostile message of some library, come out as."""
    configure_logging("test_service", log_format)
    structlog.stdlib.get_logger("test").warning("unavailable", reason=HOSTILE)
    logging.getLogger("library").warning("could not read %s", HOSTILE)
    return capfd.readouterr().err


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_line_stays_one_line_of_text(
    log_format: Literal["console", "json"], capfd: pytest.CaptureFixture[str]
) -> None:
    text = logged(log_format, capfd)
    assert len(text.splitlines()) == 2
    assert all(line.isprintable() for line in text.splitlines())


def test_json_says_it_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    value, message = [json.loads(line) for line in logged("json", capfd).splitlines()]
    assert value["reason"] == HOSTILE
    assert message["event"] == f"could not read {HOSTILE}"


def test_a_traceback_has_its_lines_for_people(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logging("test_service", "console")
    try:
        raise RuntimeError("red \x1b[31m")
    except RuntimeError:
        structlog.stdlib.get_logger("test").exception("it failed")
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) > 3
    assert lines[-1] == "RuntimeError: red \\u001b[31m"
