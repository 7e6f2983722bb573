"""Listening on both loopback addresses: `localhost` means 127.0.0.1 to some clients and ::1 to others."""

import asyncio
import errno
import fcntl
import resource
import socket
import struct
import termios
from contextlib import suppress

from http_edge.errors import EdgeError

LOOPBACK = ("127.0.0.1", "::1")
# Of each connection, in the kernel: what a client may leave unread there. The default grows to 4 MB.
SEND_BUFFER_BYTES = 256 * 1024
# A connection is a file. Shells and systemd give 1,024; this many every system allows, macOS too.
MOST_FILES = 10_240
BACKLOG = MOST_FILES  # connections that wait to be taken; the kernel lowers it to its own limit
# A machine without IPv6 says one of these for ::1.
_NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class PortTaken(EdgeError):
    """The one line that says which address could not be had, and why."""


def listen(host: str, port: int) -> list[socket.socket]:
    """One socket for a given host; for "" both loopback addresses, where the machine has both."""
    if host:
        return [_socket(host, port)]
    sockets = [_socket(LOOPBACK[0], port)]
    try:
        sockets.append(_socket(LOOPBACK[1], sockets[0].getsockname()[1]))
    except OSError as error:
        if error.errno not in _NO_SUCH_ADDRESS:
            raise
    return sockets


def _socket(host: str, port: int) -> socket.socket:
    """Listens at once: a port that is only bound could still be taken away by another process."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)  # connections have it from here
    try:
        opened.bind((host, port))
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(f"port {port} of {host} is taken by another process") from None
        raise
    return opened


def addresses(sockets: list[socket.socket]) -> list[str]:
    return [_url(*listening.getsockname()[:2]) for listening in sockets]


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def raise_file_limit() -> int:
    """To what the system lets this process have, MOST_FILES at most. Gives how many it may now have open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= MOST_FILES:
        return MOST_FILES
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def unsent(transport: asyncio.Transport) -> int:
    """Bytes that wait here and in the kernel, until the other side has them."""
    waiting = transport.get_write_buffer_size()
    with suppress(OSError):  # macOS can't tell for a socket
        here = transport.get_extra_info("socket").fileno()
        waiting += struct.unpack("i", fcntl.ioctl(here, termios.TIOCOUTQ, bytes(4)))[0]
    return waiting
