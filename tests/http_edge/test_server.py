"""A process listens where it should and ends when told to, in time, with the exit code that says why."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

PROGRAM = Path(__file__).with_name("served.py")
ROOT = PROGRAM.parents[2]


class Served:
    """A process of its own and the lines that it logs."""

    def __init__(self, behaviour: str, **environment: str) -> None:
        clean = {
            name: value for name, value in os.environ.items() if name not in ("PORT", "HOST", "LOG_FORMAT")
        }
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), behaviour],
            cwd=ROOT,
            env={**clean, "PYTHONPATH": str(ROOT), "LOG_FORMAT": "json", **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[dict[str, Any]] = []

    def line(self, event: str) -> dict[str, Any]:
        """Reads until this line is logged."""
        assert self.process.stderr
        for text in self.process.stderr:
            self.lines.append(json.loads(text))
            if self.lines[-1]["event"] == event:
                return self.lines[-1]
        raise AssertionError(f"{event} was never logged, but {self.lines}")

    def urls(self) -> list[str]:
        urls: list[str] = self.line("listening")["urls"]
        return urls

    def ready(self) -> str:
        """The first address, once a request is answered there."""
        url = self.urls()[0]
        assert httpx2.get(f"{url}/readyz").status_code == 200
        return url

    def end(self, signal_number: int | None = None) -> int:
        """The exit code, after the signal if one is given."""
        if signal_number is not None:
            self.process.send_signal(signal_number)
        _, rest = self.process.communicate(timeout=10)
        self.lines += [json.loads(text) for text in rest.splitlines()]
        return self.process.returncode

    def logged(self) -> str:
        return json.dumps(self.lines, ensure_ascii=False)


@pytest.fixture
def processes() -> Iterator[list[Served]]:
    started: list[Served] = []
    yield started
    for one in started:
        one.process.kill()
        one.process.communicate()


@pytest.fixture
def serve(processes: list[Served]) -> Any:
    def start(behaviour: str = "serves", **environment: str) -> Served:
        processes.append(Served(behaviour, **environment))
        return processes[-1]

    return start


def has_ipv6_loopback() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


def test_it_serves_both_loopback_addresses_and_ends_with_0_after_sigterm(serve: Any) -> None:
    served = serve()
    urls = served.urls()
    assert len(urls) == (2 if has_ipv6_loopback() else 1)
    assert len({url.rsplit(":", 1)[1] for url in urls}) == 1
    assert {httpx2.get(f"{url}/quick").status_code for url in urls} == {200}
    assert served.end(signal.SIGTERM) == 0


def test_a_given_host_is_the_only_one(serve: Any) -> None:
    assert len(serve(HOST="127.0.0.1").urls()) == 1


def test_it_ends_with_0_after_two_sigints_with_an_idle_connection_open(serve: Any) -> None:
    served = serve()
    with httpx2.Client(base_url=served.ready()) as client:
        client.get("/quick")
        served.process.send_signal(signal.SIGINT)
        assert served.end(signal.SIGINT) == 0


def test_a_request_in_work_is_answered_before_the_end(serve: Any) -> None:
    served = serve()
    url = served.ready()
    with ThreadPoolExecutor() as pool, httpx2.Client() as client:  # made before: it takes its time
        answer = pool.submit(client.get, f"{url}/slow")
        time.sleep(0.4)  # nothing outside tells that a request has begun
        assert served.end(signal.SIGTERM) == 0
        assert answer.result().json() == {"done": True}


@pytest.mark.parametrize(("path", "at_most"), [("/endless", 1.5), ("/stuck", 3.0)])
def test_a_request_that_never_ends_and_even_a_stuck_loop_are_cut_off(
    serve: Any, path: str, at_most: float
) -> None:
    served = serve()
    url = served.ready()
    with ThreadPoolExecutor() as pool, httpx2.Client(timeout=10) as client:
        call = pool.submit(client.get, f"{url}{path}")
        time.sleep(0.2)  # nothing outside tells that a request has begun
        began = time.monotonic()
        assert served.end(signal.SIGTERM) == 0
        assert time.monotonic() - began < at_most
        assert call.exception() is not None or call.result().status_code >= 500


def test_a_start_that_hangs_can_be_ended(serve: Any) -> None:
    served = serve("hangs at start")
    served.urls()
    began = time.monotonic()
    assert served.end(signal.SIGTERM) == 0
    assert time.monotonic() - began < 1.5  # sooner than the last deadline, which would end it too


def test_a_close_that_hangs_is_cut_off_and_said(serve: Any) -> None:
    served = serve("hangs at close")
    served.ready()
    assert served.end(signal.SIGTERM) == 0
    assert "closing took too long" in served.logged()


def test_a_close_that_fails_is_no_good_end(serve: Any) -> None:
    served = serve("fails at close")
    served.ready()
    assert served.end(signal.SIGTERM) == 1
    assert "broken at close" in served.logged()


def test_a_refusal_at_start_ends_with_its_code_and_says_so_without_a_traceback(serve: Any) -> None:
    served = serve("refused")
    assert served.end() == 78
    assert "no right to read notifications" in served.logged()
    assert "Traceback" not in served.logged()


def test_a_start_that_breaks_ends_with_1_and_its_traceback(serve: Any) -> None:
    served = serve("broken")
    assert served.end() == 1
    assert served.logged().count("Traceback") == 1


def test_a_part_in_the_background_can_end_the_process_with_a_code(serve: Any) -> None:
    served = serve("fenced")
    assert served.end() == 75
    assert "another process has our id" in served.logged()


def test_a_taken_port_is_said_in_one_line(serve: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        served = serve(PORT=port)
        assert served.end() == 1
    assert [line["event"] for line in served.lines] == [
        f"port {port} of 127.0.0.1 is taken by another process"
    ]


def test_a_wrong_setting_is_said_in_one_line(serve: Any) -> None:
    served = serve(PORT="here")
    assert served.process.wait(timeout=10) == 78
    assert served.process.stderr is not None
    assert served.process.stderr.read().startswith("wrong setting: PORT: ")


def test_log_lines_have_service_and_request_id_and_no_secret(serve: Any) -> None:
    served = serve()
    headers = {"X-Request-ID": "r1", "Secret": "hunter2"}
    assert httpx2.get(f"{served.ready()}/logs", headers=headers).status_code == 500
    assert served.end(signal.SIGTERM) == 0
    of_request = [line for line in served.lines if line.get("request_id") == "r1"]
    assert [line["event"] for line in of_request] == ["a line", "unexpected error"]
    assert {line["service"] for line in served.lines} == {"served"}
    assert "ValidationError" in of_request[1]["exception"]
    assert "hunter2" not in served.logged()
