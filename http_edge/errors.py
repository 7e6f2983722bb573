"""Everything that the edge raises.

EdgeError
├── Problem                   an answer of RFC 9457, raised anywhere below an endpoint
│   ├── BadRequest            400  the bytes are not what they claim to be
│   ├── Unauthorized          401  with WWW-Authenticate
│   ├── NotFound              404
│   ├── RequestTimeout        408  and the connection is closed
│   ├── Conflict              409
│   ├── ContentTooLarge       413
│   ├── UnsupportedMediaType  415  with Accept-Post
│   ├── Unprocessable         422  with `errors`: one field and one message each
│   ├── TooManyRequests       429  with Retry-After
│   ├── HeadTooLarge          431  and the connection is closed
│   └── ServiceUnavailable    503  with Retry-After
├── Fatal                     the process can't go on: it ends with this exit code
└── InvalidToken              a bearer token with any defect
    └── UnknownKey            … or signed with a key that this process has not seen (yet)
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypedDict

# The words of RFC 9110; the standard library changed to them only in Python 3.13.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}


class FieldError(TypedDict):
    field: str
    message: str


class EdgeError(Exception):
    """Whatever this package raises."""


class Problem(EdgeError):
    """An error that the caller shall see. `members` are extension members (RFC 9457 §3.2)."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        type: str = "about:blank",
        title: str = "",
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(f"{status} {detail}")
        self.status = status
        self.detail = detail
        self.type = type
        self.title = title or title_of(status)
        self.headers = dict(headers or {})
        self.members = members


def title_of(status: int) -> str:
    return _TITLES.get(status) or HTTPStatus(status).phrase


class BadRequest(Problem):
    def __init__(self, detail: str) -> None:
        super().__init__(400, detail)


class Unauthorized(Problem):
    """Without `error` for a request that brought no credentials (RFC 6750 §3.1), else `invalid_token`."""

    def __init__(self, detail: str, *, error: str = "") -> None:
        challenge = f'Bearer error="{error}"' if error else "Bearer"
        super().__init__(401, detail, headers={"WWW-Authenticate": challenge})


class NotFound(Problem):
    def __init__(self, detail: str) -> None:
        super().__init__(404, detail)


class RequestTimeout(Problem):
    def __init__(self, seconds: float) -> None:
        detail = f"The head of a request, and then its body, must each be here within {seconds:g} s."
        super().__init__(408, detail, headers={"Connection": "close"})


class Conflict(Problem):
    def __init__(self, detail: str) -> None:
        super().__init__(409, detail)


class ContentTooLarge(Problem):
    def __init__(self, limit: int) -> None:
        super().__init__(413, f"A body may have {limit} bytes at most.")


class UnsupportedMediaType(Problem):
    def __init__(self, detail: str, accepted: Sequence[str]) -> None:
        super().__init__(415, detail, headers={"Accept-Post": ", ".join(accepted)})


class Unprocessable(Problem):
    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(422, detail, errors=list(errors))


class TooManyRequests(Problem):
    """`retry_after` in whole seconds."""

    def __init__(self, detail: str, retry_after: int = 1) -> None:
        super().__init__(429, detail, headers={"Retry-After": str(retry_after)})


class HeadTooLarge(Problem):
    def __init__(self, limit: int) -> None:
        super().__init__(431, f"The head of a request may have {limit} bytes at most.")


class ServiceUnavailable(Problem):
    """`retry_after` in whole seconds."""

    def __init__(self, detail: str, retry_after: int = 1, **members: Any) -> None:
        super().__init__(503, detail, headers={"Retry-After": str(retry_after)}, **members)


class Fatal(EdgeError):
    """Resources can't be opened at all. Exit codes: 1 unknown, 75 try again later, 78 wrong setting."""

    def __init__(self, exit_code: int, reason: str) -> None:
        super().__init__(reason)
        self.exit_code = exit_code
        self.reason = reason


class InvalidToken(EdgeError):
    """The text says why, and never quotes the token."""


class UnknownKey(InvalidToken):
    def __init__(self, kid: str) -> None:
        super().__init__("the token is signed with a key that is not known here")
        self.kid = kid
