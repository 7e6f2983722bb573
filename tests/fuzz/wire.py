"""Requests as bytes on a socket: what no HTTP library would send."""

import socket
from collections.abc import Sequence
from http.client import HTTPResponse
from io import BytesIO
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.fuzz.patience import served

Headers = Sequence[tuple[bytes, bytes]]
SECONDS = 30  # a busy machine; the shop itself gives up after 5
STREAM = b"text/event-stream"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes
    head: bytes


class Request(NamedTuple):
    method: bytes = b"GET"
    target: bytes = b"/"
    headers: Headers = ()
    body: bytes = b""

    def to_bytes(self, host: bytes) -> bytes:
        given = {name.lower() for name, _ in self.headers}
        usual = [(b"Host", host), (b"Content-Length", b"%d" % len(self.body)), (b"Connection", b"close")]
        headers = [*(pair for pair in usual if pair[0].lower() not in given), *self.headers]
        lines = b"".join(b"%s: %s\r\n" % pair for pair in headers)
        return b"%s %s HTTP/1.1\r\n%s\r\n%s" % (self.method, self.target, lines, self.body)


def ask(url: str, request: Request) -> Answer:
    """Reads until the end, of a stream without end its head."""
    return served(lambda: _ask(url, request), lambda answer: answer.status)


def _ask(url: str, request: Request) -> Answer:
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), SECONDS) as connection:
        connection.sendall(request.to_bytes(place.netloc.encode()))
        return _read(connection)


class _Received:
    """What HTTPResponse takes for a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: object) -> BytesIO:
        return BytesIO(self._data)


def _read(connection: socket.socket) -> Answer:
    data = b""
    while not (STREAM in data and b"\r\n\r\n" in data):
        chunk = connection.recv(65536)
        data += chunk
        if not chunk:
            break
    head = data.partition(b"\r\n\r\n")[0]
    answer = HTTPResponse(_Received(data))  # type: ignore[arg-type]
    answer.begin()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    body = b"" if STREAM in head else answer.read()
    return Answer(answer.status, headers, body, head)
