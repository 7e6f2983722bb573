"""Serving what the service is: /openapi.json for tools, /docs for people. Both are made once."""

import json
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from http_edge.docs_page import docs_page
from http_edge.health import About
from http_edge.openapi import openapi
from http_edge.operations import Operation
from http_edge.plain_page import SECURITY_HEADERS


def description_routes(about: About, operations: Sequence[Operation]) -> list[Route]:
    spec = openapi(about, operations)
    for_tools = json.dumps(spec, ensure_ascii=False).encode()
    for_people = docs_page(spec)

    async def openapi_json(request: Request) -> Response:
        return Response(for_tools, media_type="application/json")

    async def docs(request: Request) -> Response:
        return HTMLResponse(for_people, headers=SECURITY_HEADERS)

    return [Route("/openapi.json", openapi_json), Route("/docs", docs)]
