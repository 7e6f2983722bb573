"""The live page for people, at the same address where programs find out what this service is."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from http_edge import about

PAGE = Path(__file__).with_name("page.html")
_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


async def page_or_about(request: Request) -> Response:
    """Browsers ask for text/html; curl and programs do not. `Vary` keeps caches from mixing them up."""
    wants_page = "text/html" in request.headers.get("accept", "")
    answer = _page() if wants_page else await about(request)
    answer.headers["Vary"] = "Accept"
    return answer


def _page() -> Response:
    html = _read()
    return HTMLResponse(html, headers={"Content-Security-Policy": _policy(html), "Cache-Control": "no-cache"})


@cache
def _read() -> str:
    return PAGE.read_text(encoding="utf-8")


@cache
def _policy(html: str) -> str:
    """Only the page's own script and style may run, named by their hashes; whatever a line may hold can't."""
    hashes = {tag: _hash(text) for tag, text in _INLINE.findall(html)}
    return (
        f"default-src 'none'; script-src {hashes['script']}; style-src {hashes['style']}; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
