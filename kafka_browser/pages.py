"""The page for people: files as they are, no build, nothing from elsewhere."""

import mimetypes
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from http_edge import NotFound, about
from kafka_browser.gate import FOR_PAGES

FOLDER = Path(__file__).with_name("page")
# Whatever a message may hold, nothing but the files of this folder can run.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-cache",  # else a browser mixes files of two versions
    "X-Content-Type-Options": "nosniff",
}


async def page_or_about(request: Request) -> Response:
    """Browsers ask for text/html; curl and programs do not. `Vary` keeps caches from mixing them up."""
    wants_page = "text/html" in request.headers.get("accept", "")
    answer = _file("index.html") if wants_page else await about(request)
    answer.headers["Vary"] = "Accept"
    return answer


async def file(request: Request) -> Response:
    name = request.path_params["file"]
    if name not in _FILES:
        raise NotFound("The page has no such file.")
    return _file(name)


def _file(name: str) -> Response:
    media_type = "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0]
    return Response(_FILES[name], headers=_HEADERS, media_type=media_type)


_FILES = {file.name: file.read_bytes() for file in FOLDER.iterdir()}
PAGES = [
    Route("/", page_or_about, middleware=FOR_PAGES),
    Route("/page/{file}", file, middleware=FOR_PAGES),
]
