"""Ports of this machine: which are taken and by whom, and free ones for tests. Loopback only."""

import errno
import random
import socket

import psutil


def is_taken(port: int) -> bool:
    """Whether somebody listens on 127.0.0.1 or on ::1."""
    return _refused(socket.AF_INET, "127.0.0.1", port) or _refused(socket.AF_INET6, "::1", port)


def _refused(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family) as candidate:
            candidate.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # a socket in TIME_WAIT is no holder
            candidate.bind((host, port))
    except PermissionError:
        return True
    except OSError as error:
        return error.errno == errno.EADDRINUSE
    return False


def holder(port: int) -> str:
    """Who holds the port, as `name (pid 12)`; “another program” when the system does not tell."""
    for process in psutil.process_iter(["name"]):
        try:
            listening = (c for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN)
            if any(connection.laddr.port == port for connection in listening):
                return f"{process.info['name']} (pid {process.pid})"
        except psutil.Error:
            continue
    return "another program"


def free_range(count: int) -> int:
    """The first of so many free ports in a row; below the numbers that the system gives to outgoing connections."""
    while True:
        first = random.randrange(20_000, 32_000)
        if not any(is_taken(port) for port in range(first, first + count)):
            return first


def free(count: int) -> list[int]:
    """So many ports that nobody holds now; all different."""
    sockets = [socket.socket() for _ in range(count)]
    for candidate in sockets:
        candidate.bind(("127.0.0.1", 0))
    ports: list[int] = [candidate.getsockname()[1] for candidate in sockets]
    for candidate in sockets:
        candidate.close()
    return ports
