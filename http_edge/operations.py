"""One line of a service's table: what a call accepts, what it answers, and the plain function that does it.

The same table routes the requests and makes the OpenAPI description, so the two cannot disagree.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import BaseModel
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from http_edge.bodies import read_model
from http_edge.errors import ServiceUnavailable

# For all that a call does once its body is there. Each step has a deadline of its own, but a call may wait for its
# turn behind others that wait for theirs: with the database silent their times added up.
ANSWER_SECONDS = 5.0

Endpoint = Callable[..., Awaitable[BaseModel | Response]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A header, or a part of the query string, that an operation looks at."""

    name: str
    description: str
    place: Literal["header", "query"] = "header"
    required: bool = False
    pattern: str | None = None


class Topic(Protocol):
    @property
    def name(self) -> str: ...


class Published(Protocol):
    """An event, as its class tells of it. Nothing else of events is known here."""

    @property
    def type(self) -> str: ...

    @property
    def topic(self) -> Topic: ...


@dataclass(frozen=True, slots=True)
class Operation:
    """`endpoint(request)`, or with `accepts` `endpoint(request, body)`.

    A model that it returns becomes JSON with the first 2xx status of `answers`; a Response goes out as it is (where
    nothing is answered, None stands for the model).
    `problems` are the statuses beyond those that every body can meet (400, 413, 415, 422); `bearer` says that
    a token is looked at (whether there must be one is the endpoint's decision). `media_type`: it answers 200 with a
    Response of this type, and no model. `middleware` goes around this operation alone. `publishes` are the events
    that it may cause.
    """

    method: str
    path: str
    endpoint: Endpoint
    summary: str = ""
    description: str = ""
    accepts: type[BaseModel] | None = None
    answers: Mapping[int, type[BaseModel] | None] = field(default_factory=dict)
    problems: Sequence[int] = ()
    parameters: Sequence[Parameter] = ()
    bearer: bool = False
    media_type: str = ""
    middleware: Sequence[Middleware] = ()
    publishes: Sequence[Published] = ()

    @property
    def status(self) -> int:
        return next((status for status in self.answers if 200 <= status < 300), 200)

    def route(self) -> Route:
        name = f"{self.method} {self.path}"
        return Route(self.path, self.serve, methods=[self.method], name=name, middleware=self.middleware)

    async def serve(self, request: Request) -> Response:
        result = await self._result(request)
        return result if isinstance(result, Response) else json_answer(result, self.status)

    async def _result(self, request: Request) -> BaseModel | Response:
        if self.accepts is None:
            return await self.endpoint(request)
        return await self._in_time(request, await read_model(request, self.accepts))

    async def _in_time(self, request: Request, body: BaseModel) -> BaseModel | Response:
        """503 when it takes too long: what it was about may have happened or not."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS) as limit:
                return await self.endpoint(request, body)
        except TimeoutError:
            if not limit.expired():
                raise
            raise ServiceUnavailable(f"It was not done within {ANSWER_SECONDS:g} s. Try again.") from None


def json_answer(model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(model.model_dump_json(), status, headers, "application/json")
