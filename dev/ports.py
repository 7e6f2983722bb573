"""Ports of this machine: which are taken and by whom, and free ones for tests. Loopback only."""

import errno
import random
import socket

import psutil

BELOW_OUTGOING = 20_000, 32_000  # Linux and macOS give the numbers above to outgoing connections


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
    """The first of so many free ports in a row."""
    while True:
        first = random.randrange(*BELOW_OUTGOING)
        if not any(is_taken(port) for port in range(first, first + count)):
            return first


def free(count: int) -> list[int]:
    """So many ports that nobody holds now; all different, and for a minute given to no other caller on this machine.

    Not those the system would choose: it could give them to an outgoing connection before their server listens, or
    while it is started again.
    """
    given: list[int] = []
    while len(given) < count:
        port = random.randrange(*BELOW_OUTGOING)
        if not is_taken(port) and _reserved(port):
            given.append(port)
    return given


def _reserved(port: int) -> bool:
    """False when somebody has it already. A connection that has ended waits a minute in TIME_WAIT: only who says
    SO_REUSEADDR, as servers do, may have its port meanwhile."""
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
        with socket.create_server(("127.0.0.1", port)) as server:  # says it
            client = socket.create_connection(server.getsockname())
            server.accept()[0].close()  # who closes first keeps the TIME_WAIT
            client.recv(1)
            client.close()
    except OSError:
        return False
    return True
