"""The request id: taken from X-Request-ID if it is harmless, else made.

It is the correlation id of every event that follows from the request.
"""

import re
import secrets

from asgi_correlation_id import CorrelationIdMiddleware
from asgi_correlation_id.context import correlation_id as _current
from starlette.middleware import Middleware

HEADER = "X-Request-ID"
# Safe in a header, a log line, a URL and a shell, and long enough for a UUID, a trace id or a name.
PATTERN = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def is_harmless(request_id: str) -> bool:
    return PATTERN.fullmatch(request_id) is not None


def make_request_id() -> str:
    return secrets.token_hex(16)


def request_id_middleware() -> Middleware:
    return Middleware(
        CorrelationIdMiddleware,
        header_name=HEADER,
        update_request_header=False,
        generator=make_request_id,
        validator=is_harmless,
        transformer=None,
    )


def current_request_id() -> str:
    """Of the request that is being served, or "" outside of one."""
    return _current.get() or ""


def correlation_id() -> str:
    """Of the request that is being served. LookupError outside of one: an event must never leave without."""
    if found := _current.get():
        return found
    raise LookupError("no request is being served here")
