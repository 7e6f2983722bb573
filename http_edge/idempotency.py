"""The Idempotency-Key header: how a client says that a request is the same as before.

What the key binds is the affair of the service.
"""

import re

from starlette.requests import Request

from http_edge.errors import BadRequest
from http_edge.operations import Parameter

_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)

IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "Makes it safe to send the same request again: same key and same body, same answer, no second effect.",
    pattern=r"^[\x21-\x7e]{1,255}$",
)


def idempotency_key(request: Request) -> str | None:
    """1 to 255 visible ASCII characters, or None without the header; anything else is a 400."""
    given = request.headers.getlist("idempotency-key")
    if not given:
        return None
    if len(given) > 1:
        raise BadRequest("There is more than one Idempotency-Key.")
    if not _KEY.fullmatch(given[0]):
        raise BadRequest("An Idempotency-Key has 1 to 255 visible ASCII characters.")
    return given[0]
