"""users_service and payments_service as a page of another origin sees them, without database and Kafka."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from http_edge.sockets import listen


async def form_of(request: Request) -> dict[str, str]:
    assert request.headers["content-type"].startswith("application/x-www-form-urlencoded")
    return dict(parse_qsl((await request.body()).decode()))


async def register(request: Request) -> JSONResponse:
    form = await form_of(request)
    if form["username"] == "taken":
        detail = "This name is already registered: log in."
        return JSONResponse(
            {"title": "Conflict", "detail": detail}, 409, media_type="application/problem+json"
        )
    message = f"User {form['username']} registered successfully"
    return JSONResponse({"message": message}, 201, {"X-Request-ID": "the-request"})


async def login(request: Request) -> JSONResponse:
    form = await form_of(request)
    if form["password"] != "secret":
        return JSONResponse({"detail": "User name or password is wrong."}, 401)
    return JSONResponse({"access_token": request.app.state.token, "token_type": "Bearer", "expires_in": 60})


async def pay(request: Request) -> JSONResponse:
    """Says who paid what: an empty form gets the defaults."""
    form = await form_of(request)
    if form.get("amount") == "0":
        errors = [{"field": "amount", "message": "must be more than 0"}]
        return JSONResponse({"detail": "Some fields are not as they must be.", "errors": errors}, 422)
    known = request.headers.get("authorization") == f"Bearer {request.app.state.token}"
    return JSONResponse(
        {"amount": form.get("amount", "25.00"), "currency": "EUR" if known else "EUR (guest)"}, 201
    )


@asynccontextmanager
async def services(page: str, token: str = "a.b.c") -> AsyncIterator[str]:
    """Both at one address, which pages of the origin `page` may call. `token` is what a login gives."""
    allowed = Middleware(
        CORSMiddleware,
        allow_origins=[page],
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["X-Request-ID"],
    )
    routes = [Route(f"/{call.__name__}", call, methods=["POST"]) for call in (register, login, pay)]
    (listening,) = listen("127.0.0.1", 0)
    app = Starlette(routes=routes, middleware=[allowed])
    app.state.token = token
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    served = asyncio.create_task(server._serve([listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await served
