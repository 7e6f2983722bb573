"""Bounds for every request: what its path may be, how large its body, and how many may be in work at once.

Starlette's own `max_body_size` answers a declared size in plain text, whatever its handlers say.
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from http_edge.errors import BadRequest, ContentTooLarge, ServiceUnavailable
from http_edge.problems import problem_response

MAX_BODY_BYTES = 8 * 1024  # many times the longest form of the shop
# A request may wait 5 s for its database, and a slow one takes about 450 writes a second: more than twice
# as many could only time out. 1,024 bodies of 8 KiB are 8 MiB.
MAX_IN_WORK = 1024
# These must answer just when everything else is full.
ALWAYS_SERVED = frozenset({"/healthz", "/readyz", "/metrics"})


class BodyLimit:
    """ASGI middleware: 413 for a body that declares too much, or streams it; 400 for a path of other bytes."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY_BYTES) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif (
            "\ufffd" in scope["path"]
        ):  # what the server puts for bytes that are no UTF-8: %FE and %FF are not the same
            await problem_response(BadRequest("The path is not valid UTF-8."))(scope, receive, send)
        elif declared_size(scope) > self.limit:
            await problem_response(ContentTooLarge(self.limit))(scope, receive, send)
        else:
            await self.app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        total = 0

        async def counting() -> Message:
            nonlocal total
            message = await receive()
            total += len(message.get("body", b""))
            if total > self.limit:
                raise ContentTooLarge(self.limit)
            return message

        return counting


def declared_size(scope: Scope) -> int:
    """Content-Length in bytes, 0 without one. The server has refused what is not a number."""
    declared = Headers(scope=scope).get("content-length", "0")
    return int(declared) if declared.isdecimal() else 0


class Admission:
    """ASGI middleware: 503 beyond MAX_IN_WORK requests.

    A request is in work until its answer begins: streams are bounded by whoever sends them.
    """

    def __init__(self, app: ASGIApp, limit: int = MAX_IN_WORK) -> None:
        self.app = app
        self.limit = limit
        self.in_work = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ALWAYS_SERVED:
            await self.app(scope, receive, send)
        elif self.in_work >= self.limit:
            full = ServiceUnavailable("Too many requests are in work here. Try again.")
            await problem_response(full)(scope, receive, send)
        else:
            await self._admit(scope, receive, send)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.in_work += 1
        counted = True

        def leave() -> None:
            nonlocal counted
            self.in_work -= counted
            counted = False

        async def leaving(message: Message) -> None:
            leave()
            await send(message)

        try:
            await self.app(scope, receive, leaving)
        finally:
            leave()
