"""The live page for people, at the same address where programs find out what this service is.

It is a table of files; nothing that is not in it is served, and nothing that a log line holds can run in it.
"""

import hashlib
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from http_edge import NotFound, about
from logs_service.gate import FOR_PAGES
from logs_service.settings import Settings

FOLDER = Path(__file__).with_name("page")
PAGE = "index.html"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
FILES = {path.name: _TYPES[path.suffix] for path in sorted(FOLDER.iterdir()) if path.suffix in _TYPES}


async def page_or_about(request: Request) -> Response:
    """Browsers ask for text/html; curl and programs do not. `Vary` keeps caches from mixing them up."""
    wants_page = "text/html" in request.headers.get("accept", "")
    answer = _page(request) if wants_page else await about(request)
    answer.headers["Vary"] = "Accept"
    return answer


async def file_of_page(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in FILES or name == PAGE:
        raise NotFound("The page has no such file.")
    return _file(request, name)


async def settings_of_page(request: Request) -> Response:
    """What its scripts must know of this shop."""
    settings: Settings = request.app.state.settings
    known = {
        "users": settings.users_url,
        "payments": settings.payments_url,
        "requireToken": settings.require_token,
    }
    return JSONResponse(known, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


PAGES = (
    Route("/", page_or_about, middleware=FOR_PAGES),
    Route("/live/settings.json", settings_of_page, middleware=FOR_PAGES),
    Route("/live/{name}", file_of_page, middleware=FOR_PAGES),
)


def _page(request: Request) -> Response:
    answer = _file(request, PAGE)
    answer.headers["Content-Security-Policy"] = _policy(request.app.state.settings)
    return answer


def _file(request: Request, name: str) -> Response:
    """Browsers keep it, and ask each time whether it is still the same."""
    content, tag = _read(name)
    headers = {"Cache-Control": "no-cache", "ETag": tag, "X-Content-Type-Options": "nosniff"}
    if tag in (known.strip() for known in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=FILES[name], headers=headers)


@cache
def _read(name: str) -> tuple[bytes, str]:
    """What is in the file, and its entity tag."""
    content = (FOLDER / name).read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _policy(settings: Settings) -> str:
    """Only the page's own scripts may run, and they may call the hub and the two services."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"connect-src 'self' {settings.users_url} {settings.payments_url}; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
