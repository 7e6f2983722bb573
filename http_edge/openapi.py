"""OpenAPI 3.1 from the table of operations and the pydantic models: it describes what is really served.

https://spec.openapis.org/oas/v3.1.1
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from http_edge.bodies import ACCEPTED
from http_edge.errors import title_of
from http_edge.health import About
from http_edge.operations import Operation, Parameter
from http_edge.request_id import HEADER as REQUEST_ID
from http_edge.request_id import PATTERN as REQUEST_ID_PATTERN

Schema = dict[str, Any]
Mode = Literal["validation", "serialization"]

_PATH_PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")
_BODY_PROBLEMS = (400, 413, 415, 422)
# Headers that belong to a status wherever it occurs.
_STATUS_HEADERS = {
    401: ("WWW-Authenticate", "What is wrong with the credentials (RFC 6750)."),
    415: ("Accept-Post", "The media types that are understood."),
    429: ("Retry-After", "Seconds to wait."),
    503: ("Retry-After", "Seconds to wait."),
}


class FieldProblem(BaseModel):
    """One field that is not as it must be."""

    field: str
    message: str


class ProblemDetails(BaseModel):
    """RFC 9457. `instance` is the request id; `errors` comes with 422."""

    type: Literal["about:blank"] = Field(
        "about:blank", description="The only one: what went wrong is said by `status` (RFC 9457, 4.2.1)"
    )
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldProblem] = []


def openapi(about: About, operations: Sequence[Operation]) -> Schema:
    models = sorted(_models(operations), key=lambda pair: (pair[0].__name__, pair[1]))
    references, definitions = models_json_schema(models, ref_template="#/components/schemas/{model}")
    paths: dict[str, Schema] = {}
    for operation in operations:
        path = _PATH_PARAMETER.sub(r"{\1}", operation.path)
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": about.service, "description": about.summary, "version": about.version},
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _models(operations: Sequence[Operation]) -> set[tuple[type[BaseModel], Mode]]:
    accepted = {(op.accepts, "validation") for op in operations if op.accepts}
    answered = {(model, "serialization") for op in operations for model in op.answers.values() if model}
    return {*accepted, *answered, (ProblemDetails, "serialization")}  # type: ignore[arg-type]


def _operation(operation: Operation, references: Any) -> Schema:
    described: Schema = {
        "operationId": f"{operation.method.lower()} {operation.path}",
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation.path), *map(_parameter, _parameters(operation))],
        "responses": _responses(operation, references),
    }
    if description := " ".join(filter(None, (operation.description, _published(operation)))):
        described["description"] = description
    if operation.accepts:
        schema = references[operation.accepts, "validation"]
        required = any(field.is_required() for field in operation.accepts.model_fields.values())
        described["requestBody"] = {
            "required": required,
            "content": {media_type: {"schema": schema} for media_type in ACCEPTED},
        }
    if operation.bearer:
        described["security"] = [{"bearer": []}] if 401 in operation.problems else []
        described["security"].insert(0, {})
    return described


def _published(operation: Operation) -> str:
    """The events that a call may cause. Their own description is a matter of whoever reads them."""
    events = ", ".join(f"`{event.type}` on `{event.topic.name}`" for event in operation.publishes)
    return f"May publish {events}: see `/asyncapi` of logs_service." if events else ""


def _parameters(operation: Operation) -> Iterable[Parameter]:
    yield from operation.parameters
    pattern = f"^{REQUEST_ID_PATTERN.pattern}$"
    yield Parameter(REQUEST_ID, "Your name for this request; without it one is made.", pattern=pattern)


def _parameter(parameter: Parameter) -> Schema:
    schema = {"type": "string"} | ({"pattern": parameter.pattern} if parameter.pattern else {})
    return {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.description,
        "required": parameter.required,
        "schema": schema,
    }


def _path_parameters(path: str) -> list[Schema]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PATH_PARAMETER.findall(path)
    ]


def _responses(operation: Operation, references: Any) -> Schema:
    """2xx by the table, problems by status, `default` for what any request can meet (404, 405, 408, 431, 500)."""
    problem = references[ProblemDetails, "serialization"]
    statuses = sorted({*operation.problems, *(_BODY_PROBLEMS if operation.accepts else ())})
    good = {
        str(status): _good(status, references[model, "serialization"] if model else None)
        for status, model in operation.answers.items()
    }
    if operation.media_type:
        good["200"] = _response(200, operation.media_type, {"type": "string"})
    bad = {str(status): _response(status, "application/problem+json", problem) for status in statuses}
    rest = {"description": "Any other problem", "headers": _response_headers(0), "content": _problem(problem)}
    return {**good, **bad, "default": rest}


def _good(status: int, schema: Schema | None) -> Schema:
    if schema is not None:
        return _response(status, "application/json", schema)
    return {"description": title_of(status), "headers": _response_headers(status)}  # 204: there is no body


def _response(status: int, media_type: str, schema: Schema) -> Schema:
    return {
        "description": title_of(status),
        "headers": _response_headers(status),
        "content": {media_type: {"schema": schema}},
    }


def _problem(schema: Schema) -> Schema:
    return {"application/problem+json": {"schema": schema}}


def _response_headers(status: int) -> Schema:
    named = [(REQUEST_ID, "The id of this request: as given, or made.")]
    if status in _STATUS_HEADERS:
        named.append(_STATUS_HEADERS[status])
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in named}
