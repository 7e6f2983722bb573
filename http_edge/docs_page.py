"""/docs: the OpenAPI description as one page of HTML that needs nothing from elsewhere, not even a script."""

import re
from collections.abc import Iterable
from html import escape

from http_edge.plain_page import Schema, plain_page, table, type_of


def docs_page(spec: Schema) -> str:
    info = spec["info"]
    return plain_page(info["title"], info["description"], info["version"], "openapi.json", _operations(spec))


def _operations(spec: Schema) -> Iterable[str]:
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            yield _section(method.upper(), path, operation, spec["components"]["schemas"])


def _section(method: str, path: str, operation: Schema, schemas: Schema) -> str:
    parts = [
        f"<h2><code>{method} {escape(path)}</code></h2>",
        f"<p>{escape(operation['summary'])}. {_prose(operation.get('description', ''))}</p>",
        f"<pre>{escape(_curl(method, path, operation, schemas))}</pre>",
        table("Fields", ("name", "type", "default", "meaning"), _fields(operation, schemas)),
        table("Headers and path", ("name", "where", "meaning"), _parameters(operation)),
        table("Answers", ("status", "meaning", "fields"), _answers(operation, schemas)),
    ]
    return f"<section>{''.join(parts)}</section>"


def _prose(text: str) -> str:
    """Names stand in backquotes, as in Markdown."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _curl(method: str, path: str, operation: Schema, schemas: Schema) -> str:
    """Required fields only: what has a default need not be sent."""
    required = _resolved(_body_schema(operation), schemas).get("required", [])
    data = "".join(f" -d '{name}=…'" for name in required)
    return f'curl{"" if method == "GET" else f" -X {method}"}{data} "$URL{path}"'


def _body_schema(operation: Schema) -> Schema:
    contents = operation.get("requestBody", {}).get("content", {})
    return next((content["schema"] for content in contents.values()), {})


def _resolved(schema: Schema, schemas: Schema) -> Schema:
    reference = schema.get("$ref")
    return schemas[reference.rsplit("/", 1)[-1]] if reference else schema


def _fields(operation: Schema, schemas: Schema) -> Iterable[tuple[str, ...]]:
    for name, schema in _resolved(_body_schema(operation), schemas).get("properties", {}).items():
        yield name, type_of(schema), str(schema.get("default", "")), schema.get("description", "")


def _parameters(operation: Schema) -> Iterable[tuple[str, ...]]:
    if "security" in operation:
        yield "Authorization", "header", "Bearer TOKEN"
    for parameter in operation["parameters"]:
        yield parameter["name"], parameter["in"], parameter.get("description", "")


def _answers(operation: Schema, schemas: Schema) -> Iterable[tuple[str, ...]]:
    for status, response in operation["responses"].items():
        schema: Schema = next((content["schema"] for content in response.get("content", {}).values()), {})
        yield status, response["description"], ", ".join(_resolved(schema, schemas).get("properties", {}))
