"""A page for people: the files of one folder as they are, no build, nothing from elsewhere.

It stands at the address where programs find out what the service is. Nothing but these files is served, and nothing
that the page shows can run in it.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from http_edge.errors import NotFound
from http_edge.health import about

INDEX = "index.html"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


class PageFiles:
    """`index.html` of the folder, and what it loads; read once."""

    def __init__(self, folder: Path) -> None:
        paths = [path for path in sorted(folder.iterdir()) if path.suffix in _TYPES]
        self.types = {path.name: _TYPES[path.suffix] for path in paths}
        self._contents = {path.name: _with_tag(path.read_bytes()) for path in paths}

    async def page_or_about(self, request: Request, calls: Sequence[str] = ()) -> Response:
        """Browsers ask for text/html; curl and programs do not. `Vary` keeps caches from mixing them up.

        `calls`: origins which the scripts of the page may call, beside its own.
        """
        if "text/html" in request.headers.get("accept", ""):
            answer = self._file(request, INDEX)
            answer.headers["Content-Security-Policy"] = _policy(calls)
        else:
            answer = await about(request)
        answer.headers["Vary"] = "Accept"
        return answer

    async def file(self, request: Request) -> Response:
        """The one whose `name` is in the path."""
        name = request.path_params["name"]
        if name not in self.types or name == INDEX:
            raise NotFound("The page has no such file.")
        return self._file(request, name)

    def _file(self, request: Request, name: str) -> Response:
        """Browsers keep it, and ask each time whether it is still the same."""
        content, tag = self._contents[name]
        headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": _policy(),  # a script may be that of a worker, which has a policy of its own
            "ETag": tag,
            "X-Content-Type-Options": "nosniff",
        }
        if tag in (known.strip() for known in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=self.types[name], headers=headers)


def _with_tag(content: bytes) -> tuple[bytes, str]:
    """And its entity tag."""
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _policy(calls: Sequence[str] = ()) -> str:
    connect = " ".join(["'self'", *calls])
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src {connect}; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
