"""The rules of `admission` in front of the hub's HTTP routes: `Route("/events", events, middleware=FOR_STREAMS)`."""

from contextlib import ExitStack

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from logs_service.admission import Admission, take_out_tokens


class Gate:
    """ASGI middleware of a route. `token`: it shows lines. `seat`: whoever calls it stays, until the answer ends."""

    def __init__(self, app: ASGIApp, token: bool = False, seat: bool = False) -> None:
        self.app, self.token, self.seat = app, token, seat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        admission: Admission = scope["state"]["admission"]
        headers = Headers(scope=scope)
        admission.check_names(headers.getlist("host"), headers.getlist("origin"))
        query, tokens = take_out_tokens(scope["query_string"].decode("latin-1"))
        if self.token:
            await admission.check_token(headers.getlist("authorization"), tokens)

        async def readable(message: Message) -> None:
            """A page of another origin got this far because it may: its browser wants to be told so."""
            if message["type"] == "http.response.start" and (origins := headers.getlist("origin")):
                MutableHeaders(scope=message)["Access-Control-Allow-Origin"] = origins[0]
            await send(message)

        with ExitStack() as seat:
            if self.seat:
                seat.enter_context(admission.seats.take((scope["client"] or [""])[0]))
            await self.app({**scope, "query_string": query.encode("latin-1")}, receive, readable)


FOR_PAGES = [Middleware(Gate)]
FOR_DATA = [Middleware(Gate, token=True)]
FOR_STREAMS = [Middleware(Gate, token=True, seat=True)]
