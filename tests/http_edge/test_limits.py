"""A body has a largest size, a process a largest number of requests in work; beyond them is an answer."""

import asyncio
from collections.abc import Iterator

import pytest
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from http_edge.limits import MAX_BODY_BYTES, Admission

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def padded(size: int) -> bytes:
    """A form of exactly this size that is otherwise fine."""
    return (b"a=" + b"x" * 4000 + b"&b=" + b"x" * 4000 + b"&c=").ljust(size, b"x")


def in_pieces(body: bytes) -> Iterator[bytes]:
    for at in range(0, len(body), 1000):
        yield body[at : at + 1000]


@pytest.mark.parametrize("streamed", [False, True])
def test_the_largest_body_is_taken_and_one_byte_more_is_not(client: TestClient, streamed: bool) -> None:
    def status(size: int) -> int:
        body = in_pieces(padded(size)) if streamed else padded(size)
        answer = client.post("/orders", content=body, headers=FORM)
        if answer.status_code != 201:
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.headers["X-Request-ID"] == answer.json()["instance"]
        return answer.status_code

    assert status(MAX_BODY_BYTES) == 201
    assert status(MAX_BODY_BYTES + 1) == 413


def test_a_size_that_is_only_declared_is_refused_before_a_byte_is_read(client: TestClient) -> None:
    declared = {**FORM, "Content-Length": str(10**12)}
    assert client.post("/orders", content=in_pieces(b""), headers=declared).status_code == 413


class Held:
    """An app whose answers begin and end when the test says so."""

    def __init__(self) -> None:
        self.begin = asyncio.Event()
        self.end = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.begin.wait()
        await Response(b"")(scope, receive, send)
        await self.end.wait()


class Call:
    """One request; `began` when its answer has begun."""

    def __init__(self, app: Admission, path: str = "/") -> None:
        self.began = asyncio.Event()
        self.start: Message = {}
        scope = {"type": "http", "path": path, "method": "GET", "headers": []}
        self.done = asyncio.create_task(app(scope, self.receive, self.send))

    async def receive(self) -> Message:
        return {"type": "http.request", "body": b""}

    async def send(self, message: Message) -> None:
        if not self.began.is_set():
            self.start = message
            self.began.set()

    async def status(self) -> int:
        async with asyncio.timeout(5):
            await self.began.wait()
        return int(self.start["status"])


async def test_beyond_the_bound_requests_are_refused_until_an_answer_begins() -> None:
    held = Held()
    app = Admission(held, limit=1)
    first, refused = Call(app), Call(app)
    assert await refused.status() == 503
    assert (b"retry-after", b"1") in refused.start["headers"]

    held.begin.set()
    assert await first.status() == 200
    second = Call(app)
    assert await second.status() == 200
    assert not first.done.done()
    held.end.set()
    await asyncio.gather(first.done, second.done, refused.done)
    assert app.in_work == 0


async def test_health_is_served_when_everything_else_is_full() -> None:
    held = Held()
    held.begin.set()
    held.end.set()
    assert await Call(Admission(held, limit=0), "/healthz").status() == 200
