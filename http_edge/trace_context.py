"""W3C Trace Context: the caller's `traceparent` goes through unchanged; without one a trace begins here.

No spans of our own: the events carry the same traceparent, so any collector can join what belongs together.
"""

import re
import secrets
from contextvars import ContextVar

from starlette.types import ASGIApp, Receive, Scope, Send

# https://www.w3.org/TR/trace-context/#traceparent-header: version 00 exactly; ids of zeros are invalid.
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
_current: ContextVar[str] = ContextVar("traceparent")


def trace_context() -> str:
    """The `traceparent` of the request that is being served. LookupError outside of one."""
    return _current.get()


def make_traceparent() -> str:
    """A new trace, marked as sampled so that collectors further on keep it."""
    ids = secrets.token_hex(24)
    return f"00-{ids[:32]}-{ids[32:]}-01"


def is_valid(traceparent: str) -> bool:
    return _TRACEPARENT.fullmatch(traceparent) is not None


class TraceContext:
    """ASGI middleware that makes `trace_context()` hold for the request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"]
            taken = len(given) == 1 and is_valid(given[0])
            _current.set(given[0] if taken else make_traceparent())
        await self.app(scope, receive, send)
