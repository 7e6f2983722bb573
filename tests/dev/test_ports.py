"""A port counts as taken whichever loopback address has it, and its holder is named."""

import os
import socket

import pytest

from dev import ports


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_taken_port_names_its_holder(family: socket.AddressFamily, host: str) -> None:
    with socket.socket(family) as listening:
        listening.bind((host, 0))
        listening.listen()
        port = listening.getsockname()[1]
        assert ports.is_taken(port)
        assert f"(pid {os.getpid()})" in ports.holder(port)


def test_a_free_port_is_not_taken() -> None:
    assert not any(ports.is_taken(port) for port in ports.free(3))


def test_a_port_is_given_once_and_its_server_may_listen() -> None:
    first, second = ports.free(1), ports.free(1000)  # of 12,000: by chance alone one would come twice
    assert len({*first, *second}) == 1001
    with socket.create_server(("127.0.0.1", first[0])):
        assert ports.is_taken(first[0])
