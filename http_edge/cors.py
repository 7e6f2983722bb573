"""Which pages may read the answers. Starlette's, whose refusals would be plain text."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from http_edge.errors import BadRequest
from http_edge.problems import problem_response


class Cors(CORSMiddleware):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whoever names no origin is asked nothing: only that caches keep answers apart is said."""
        if scope["type"] != "http" or any(name == b"origin" for name, _ in scope["headers"]):
            await super().__call__(scope, receive, send)
            return

        async def varying(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"vary", b"Origin")]
            await send(message)

        await self.app(scope, receive, varying)

    def preflight_response(self, request_headers: Headers) -> Response:
        """What it says of a refusal names the headers that are wrong, and never quotes them."""
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:
            return answer
        refusal = problem_response(BadRequest(f"{bytes(answer.body).decode()}."))
        kept = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
        refusal.headers.update(kept)
        return refusal
