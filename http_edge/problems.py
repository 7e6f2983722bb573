"""Every error leaves as application/problem+json (RFC 9457): our own, Starlette's, and what nobody expected.

What nobody expected is logged with its traceback; the caller sees only the request id.
"""

from http import HTTPStatus
from typing import Any

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from http_edge.errors import Problem, ServiceUnavailable
from http_edge.plain_text import spelled_out
from http_edge.request_id import current_request_id

# For a 503 that does not say it better: the first step of the back-off that clients are asked to use.
RETRY_AFTER = "1"

log = structlog.stdlib.get_logger("http_edge")


class ProblemResponse(JSONResponse):
    """An error may name what was given, a parameter that is not known: whatever that is, it stays text."""

    media_type = "application/problem+json"

    def render(self, content: Any) -> bytes:
        return spelled_out(bytes(super().render(content)).decode()).encode()


def problem_response(problem: Problem) -> Response:
    request_id = current_request_id()
    content = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail or problem.title,
        **({"instance": request_id} if request_id else {}),  # a handshake has none
        **problem.members,
    }
    headers = dict(problem.headers)
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.setdefault("Retry-After", RETRY_AFTER)
    return ProblemResponse(content, problem.status, headers)


async def answer_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_response(error)


async def answer_unavailable(request: Request, error: Exception) -> Response:
    log.warning("unavailable", reason=str(error))
    return problem_response(ServiceUnavailable("Something that this service needs is away. Try again."))


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """Starlette's own 404 and 405, and an HTTPException of an endpoint."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(allowed_methods(request))
    return problem_response(Problem(error.status_code, error.detail, headers=headers))


def allowed_methods(request: Request) -> list[str]:
    """Of all routes with this path; Starlette names only those of the first one."""
    matching = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
    methods = (route.methods or () for route in matching if isinstance(route, Route))
    return sorted(set().union(*methods))


class UnexpectedErrors:
    """ASGI middleware: an exception that nobody handles becomes a 500 that shows nothing of the inside."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except ClientDisconnect:
            log.debug("the caller left before the body was complete", path=scope["path"])
        except Exception:
            log.exception("unexpected error", method=scope["method"], path=scope["path"])
            if started:
                raise  # half an answer is out: only closing the connection can tell the caller
            detail = "An error on our side. The logs hold it under the request id in `instance`."
            await problem_response(Problem(500, detail))(scope, receive, send)
