"""The page for people."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from http_edge import PageFiles
from kafka_browser.gate import FOR_PAGES

FILES = PageFiles(Path(__file__).with_name("page"))


async def page_or_about(request: Request) -> Response:
    return await FILES.page_or_about(request)


PAGES = [
    Route("/", page_or_about, middleware=FOR_PAGES),
    Route("/page/{name}", FILES.file, middleware=FOR_PAGES),
]
