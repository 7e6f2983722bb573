"""A small service of the tests' own, with one operation of each kind, in this process."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, settings
from pydantic import BaseModel, Field
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from http_edge import (
    IDEMPOTENCY_KEY,
    EdgeSettings,
    NotFound,
    Operation,
    Problem,
    Stop,
    correlation_id,
    edge,
    idempotency_key,
    trace_context,
)
from tests.http_edge.raw import ANSWERS, SHORT, Edge, Serve, an_edge

# On a shared machine a slow example is no finding, and the tables of characters are made at the first run.
settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")


class Order(BaseModel):
    """An order of the tests."""

    amount: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]{2})?$", description="in euro")] = "25.00"
    quantity: Annotated[int, Field(ge=1)] = 1
    note: str = ""


class Ordered(BaseModel):
    amount: str
    quantity: int
    note: str
    correlation_id: str
    traceparent: str


class Login(BaseModel):
    username: str
    password: Annotated[str, Field(min_length=6)]


class Key(BaseModel):
    key: str | None


async def order(request: Request, body: Order) -> Ordered:
    return Ordered(**body.model_dump(), correlation_id=correlation_id(), traceparent=trace_context())


async def login(request: Request, body: Login) -> Login:
    return body


async def one_order(request: Request) -> Ordered:
    raise NotFound("There is no such order.")


async def key(request: Request) -> Key:
    return Key(key=idempotency_key(request))


async def declined(request: Request) -> Key:
    raise Problem(402, "Declined.", type="/problems/declined", payment_id="p1")


async def broken(request: Request) -> Key:
    raise RuntimeError("the inside of the service")


async def away(request: Request) -> Key:
    raise HTTPException(503, "The database is away.")


async def report(request: Request) -> Response:
    return Response("a,b", media_type="text/csv")


class Stamped:
    """ASGI middleware of one operation."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-stamp", b"here"))
            await send(message)

        await self.app(scope, receive, stamped)


async def teapot(request: Request) -> Key:
    raise HTTPException(418)


OPERATIONS = [
    Operation(
        "POST",
        "/orders",
        order,
        "Order",
        accepts=Order,
        answers={201: Ordered},
        problems=[503],
        parameters=[IDEMPOTENCY_KEY],
    ),
    Operation("GET", "/orders/{order_id}", one_order, "One order", answers={200: Ordered}, problems=[404]),
    Operation("DELETE", "/orders/{order_id}", one_order, "Forget one", problems=[404]),
    Operation(
        "POST", "/login", login, "Log in", accepts=Login, answers={200: Login}, problems=[401], bearer=True
    ),
    Operation("POST", "/key", key, "The key", answers={200: Key}),
    Operation("POST", "/declined", declined, "Always declined", problems=[402]),
    Operation("GET", "/broken", broken, "Always broken"),
    Operation("GET", "/away", away, "A dependency is away"),
    Operation("GET", "/teapot", teapot, "An exception of Starlette's"),
    Operation("GET", "/report", report, "No JSON", media_type="text/csv", middleware=[Middleware(Stamped)]),
]

State = Mapping[str, Any]


def service(state: State | None = None) -> Starlette:
    @asynccontextmanager
    async def resources(stop: Stop) -> AsyncIterator[State]:
        yield state or {}

    return edge(
        "test_service", "Serves tests.", EdgeSettings(port=0), operations=OPERATIONS, resources=resources
    )


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(service()) as opened:
        yield opened


@pytest.fixture
def client_with() -> Iterator[Callable[[State], TestClient]]:
    """`client_with(state)`: a service whose resources yield this state."""
    opened: list[TestClient] = []

    def make(state: State) -> TestClient:
        opened.append(TestClient(service(state)).__enter__())
        return opened[-1]

    yield make
    for one in opened:
        one.__exit__()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """`await serve(seconds)`: the same behind a socket, for bytes of any kind."""
    async with AsyncExitStack() as stack:

        async def start(seconds: float = SHORT, **bounds: Any) -> Edge:
            return await stack.enter_async_context(an_edge([*OPERATIONS, *ANSWERS], seconds, **bounds))

        yield start
