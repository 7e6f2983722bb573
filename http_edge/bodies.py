"""From the bytes of a request to a model: forms and JSON of the same fields give the same model.

Everything is checked before the model sees it, and numbers of JSON keep their text (25.00 is not 2.5e1), so
what a field may hold is decided in one place: the model.
"""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from email.message import Message as Headers
from typing import Any, NoReturn, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from http_edge.errors import BadRequest, FieldError, RequestTimeout, Unprocessable, UnsupportedMediaType

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
ACCEPTED = (FORM, JSON)
MAX_FIELDS = 20  # twice what the largest form of the shop has
MAX_FIELD_BYTES = 4096  # half of a whole body; no field of the shop is longer than 1 KiB

_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")

Model = TypeVar("Model", bound=BaseModel)


async def read_model(request: Request, model: type[Model]) -> Model:
    """The body as a model, or a Problem: 400, 408, 413, 415 or 422. No body at all means all defaults."""
    return validated(model, fields_of(request.headers.getlist("content-type"), await _body(request)))


def read_query(request: Request, model: type[Model]) -> Model:
    """The query string as a model, or a Problem: 400 or 422."""
    return validated(model, parse_form(request.scope["query_string"].decode("latin-1")))


async def _body(request: Request) -> bytes:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("Bodies are taken uncompressed only.", ACCEPTED)
    if not _announced(request):
        return b""
    seconds: float = request.app.state.settings.request_seconds
    try:
        async with asyncio.timeout(seconds):
            return await request.body()
    except TimeoutError:
        raise RequestTimeout(seconds) from None


def _announced(request: Request) -> bool:
    """A request without both of these has no body (RFC 9112 §6.3): nothing to wait for."""
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def fields_of(content_types: list[str], body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    parse = parse_form if media_type(content_types) == FORM else parse_json
    fields = parse(text_of(body))
    if len(fields) > MAX_FIELDS:
        raise BadRequest(f"A body may have {MAX_FIELDS} fields at most.")
    if len(body) > MAX_FIELD_BYTES:  # in fewer bytes no field has more, however they are written
        check_sizes(fields)
    return fields


def media_type(content_types: list[str]) -> str:
    """One of ACCEPTED, in UTF-8, or 415."""
    if len(content_types) == 1 and content_types[0] in ACCEPTED:
        return content_types[0]  # what nearly everybody sends needs no parser
    if len(content_types) != 1:
        raise UnsupportedMediaType("A body needs exactly one Content-Type.", ACCEPTED)
    header = Headers()
    header["content-type"] = content_types[0]
    if (found := header.get_content_type()) not in ACCEPTED:
        raise UnsupportedMediaType("Bodies of this media type are not understood here.", ACCEPTED)
    if header.get_content_charset("utf-8") not in ("utf-8", "utf8"):
        raise UnsupportedMediaType("Bodies are understood in UTF-8 only.", ACCEPTED)
    return found


def text_of(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise BadRequest("The body is not valid UTF-8.") from None


def parse_form(text: str) -> dict[str, str]:
    """As https://url.spec.whatwg.org/#urlencoded-parsing, but what it replaces or repairs is refused."""
    if _STRAY_PERCENT.search(text):
        raise BadRequest("The form has a % that is not followed by two hexadecimal digits.")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise BadRequest("The form is not valid UTF-8.") from None
    return _once_each(pairs)


def parse_json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(
            text,
            object_pairs_hook=_once_each,
            parse_int=str,
            parse_float=str,
            parse_constant=_not_a_number,
        )
    except (ValueError, RecursionError):
        raise BadRequest("The body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise BadRequest("The body is not a JSON object.")
    if _SURROGATE_ESCAPE.search(text):
        _refuse_lone_surrogates(value)
    return value


def _once_each(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise BadRequest("A field is there twice.")
        fields[name] = value
    return fields


def _not_a_number(constant: str) -> NoReturn:
    raise BadRequest(f"{constant} is not JSON.")


def _refuse_lone_surrogates(value: object) -> None:
    """A lone surrogate is no character: such a string could never be stored or sent on."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadRequest("A string of the body has half of a surrogate pair.") from None


def check_sizes(fields: Mapping[str, object]) -> None:
    texts = (text for pair in fields.items() for text in pair if isinstance(text, str))
    if any(len(text) > MAX_FIELD_BYTES or len(text.encode()) > MAX_FIELD_BYTES for text in texts):
        raise BadRequest(f"A field may have {MAX_FIELD_BYTES} bytes at most.")


def validated(model: type[Model], fields: dict[str, Any]) -> Model:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise Unprocessable("Some fields are not as they must be.", field_errors(error)) from None


def field_errors(error: ValidationError) -> list[FieldError]:
    """Where and why, and never what: the input may be a password."""
    return [
        {
            "field": ".".join(str(part) for part in found["loc"]),
            "message": _quiet(found["msg"], found["input"]),
        }
        for found in error.errors(include_url=False, include_context=False)
    ]


def _quiet(message: str, given: object) -> str:
    """A few messages quote what was given, some as Python writes it. Shorter ones are parts of ordinary words."""
    quotes_input = (
        isinstance(given, str) and len(given) >= 4 and (given in message or repr(given)[1:-1] in message)
    )
    return "This value is not allowed." if quotes_input else message.removeprefix("Value error, ")
