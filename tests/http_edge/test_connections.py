"""A process takes as many connections as it may have files, less what it needs itself; beyond them is an answer."""

import resource
import subprocess
import sys

import pytest

from http_edge.connections import SPARE_FILES, bounded
from http_edge.sockets import MOST_FILES
from tests.http_edge.raw import GET, Serve
from tests.http_edge.test_request_size import assert_refused

_, HARD = resource.getrlimit(resource.RLIMIT_NOFILE)


async def test_beyond_the_bound_a_connection_is_answered_503_and_closed_and_the_others_go_on(
    serve: Serve,
) -> None:
    edge = await serve(60, most_connections=3)
    here = [await edge.connect() for _ in range(3)]
    for connection in here:
        await connection.send(GET)
        assert await connection.status() == 200
    said = await (await edge.connect()).rest()
    assert_refused(said, 503)
    assert b"\r\nretry-after: 1\r\n" in said
    await here[0].send(GET)
    assert await here[0].status() == 200
    here[0].close()
    while len(edge.server.server_state.connections) == 3:
        await here[1].send(GET)
        assert await here[1].status() == 200
    next_one = await edge.connect()
    await next_one.send(GET)
    assert await next_one.status() == 200


def files_of_a_process(soft: int, hard: int) -> str:
    """What a process that may have so many takes its limit for, and its limits then."""
    program = (
        "import resource; from http_edge.sockets import raise_file_limit; "
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard})); "
        "print(raise_file_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    return subprocess.check_output([sys.executable, "-c", program], text=True).strip()


@pytest.mark.skipif(0 <= HARD < 4096, reason="this process may not have so many files itself")
@pytest.mark.parametrize(
    ("soft", "hard", "raised"), [(1024, 4096, 4096), (1024, 1024, 1024), (256, HARD, MOST_FILES)]
)
def test_a_process_lets_itself_have_as_many_files_as_it_may_and_a_server_needs(
    soft: int, hard: int, raised: int
) -> None:
    raised = raised if hard == resource.RLIM_INFINITY else min(raised, hard)
    assert files_of_a_process(soft, hard) == f"{raised} {raised} {hard}"


def test_some_files_are_spared_for_the_rest_of_the_process() -> None:
    assert bounded(10, 1024).most_connections == 1024 - SPARE_FILES
