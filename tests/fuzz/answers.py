"""What every answer of the shop must be, whatever it was asked."""

import json
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from dev.paths import ROOT
from http_edge.errors import title_of
from tests.fuzz.lines import is_one_plain_line

OPENAPI = ROOT / "ressources" / "openapi"
PROBLEM = "application/problem+json"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
# What only the inside of a program knows: tracebacks, its files, the names of its classes in a validation.
INSIDE = re.compile(rb"Traceback \(most recent|\.py\"|site-packages|File \\?\"/|pydantic|<class '")


@cache
def description_of(service: str) -> dict[str, Any]:
    described: dict[str, Any] = json.loads((OPENAPI / f"{service}.json").read_text(encoding="utf-8"))
    return described


@cache
def declared_types(service: str) -> frozenset[str]:
    """Of problems (RFC 9457), by the service's OpenAPI."""
    type_ = description_of(service)["components"]["schemas"]["ProblemDetails"]["properties"]["type"]
    return frozenset(type_.get("enum") or [type_["const"]])


def is_sound(service: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Asserts it. `headers` with names in lower case; the body of an answer without an end is left out."""
    assert status < 500, f"{status}: {body[:500]!r}"
    assert all(is_one_plain_line(f"{name}: {value}") for name, value in headers.items())
    if status >= 400:
        _is_problem(service, status, headers, body)


def _is_problem(service: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    assert headers["content-type"] == PROBLEM, (status, headers, body[:500])
    problem = json.loads(body)
    assert problem["type"] in declared_types(service)
    assert (problem["status"], problem["title"]) == (status, title_of(status))
    assert isinstance(problem["detail"], str)
    assert is_one_plain_line(body.decode())
    assert not INSIDE.search(body), body
    if "instance" in problem:  # what is refused before it is a request has no id
        assert REQUEST_ID.fullmatch(problem["instance"])
        assert headers["x-request-id"] == problem["instance"]
    else:
        assert status in (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_TIMEOUT, 431)
