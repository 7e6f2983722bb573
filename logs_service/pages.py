"""The live page for people, and what its scripts must know of this shop."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from http_edge import PageFiles
from logs_service.asyncapi import asyncapi_json, asyncapi_page
from logs_service.gate import FOR_PAGES
from logs_service.settings import Settings

FOLDER = Path(__file__).with_name("page")
FILES = PageFiles(FOLDER)


async def page_or_about(request: Request) -> Response:
    """Its scripts call the hub and the two services that people use."""
    settings: Settings = request.app.state.settings
    return await FILES.page_or_about(request, calls=[settings.users_url, settings.payments_url])


async def settings_of_page(request: Request) -> Response:
    settings: Settings = request.app.state.settings
    known = {
        "users": settings.users_url,
        "payments": settings.payments_url,
        "requireToken": settings.require_token,
    }
    return JSONResponse(known, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


PAGES = (
    Route("/", page_or_about, middleware=FOR_PAGES),
    Route("/asyncapi", asyncapi_page, middleware=FOR_PAGES),
    Route("/asyncapi.json", asyncapi_json, middleware=FOR_PAGES),
    Route("/live/settings.json", settings_of_page, middleware=FOR_PAGES),
    Route("/live/{name}", FILES.file, middleware=FOR_PAGES),
)
