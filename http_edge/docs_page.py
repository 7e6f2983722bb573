"""/docs: the OpenAPI description as one page of HTML that needs nothing from elsewhere, not even a script."""

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

Schema = Mapping[str, Any]

_PAGE = Template(Path(__file__).with_name("docs_page.html").read_text(encoding="utf-8"))

# The page has one inline style and nothing else: whatever else found its way in must not run.
SECURITY_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


def docs_page(spec: Schema) -> str:
    info = spec["info"]
    return _PAGE.substitute(
        title=escape(info["title"]),
        summary=escape(info["description"]),
        version=escape(info["version"]),
        operations="\n".join(_operations(spec)),
    )


def _operations(spec: Schema) -> Iterable[str]:
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            yield _section(method.upper(), path, operation, spec["components"]["schemas"])


def _section(method: str, path: str, operation: Schema, schemas: Schema) -> str:
    parts = [
        f"<h2><code>{method} {escape(path)}</code></h2>",
        f"<p>{escape(operation['summary'])}. {escape(operation.get('description', ''))}</p>",
        f"<pre>{escape(_curl(method, path, operation, schemas))}</pre>",
        _table("Fields", ("name", "type", "default", "meaning"), _fields(operation, schemas)),
        _table("Headers and path", ("name", "where", "meaning"), _parameters(operation)),
        _table("Answers", ("status", "meaning", "fields"), _answers(operation, schemas)),
    ]
    return f"<section>{''.join(parts)}</section>"


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
        yield name, _type(schema), str(schema.get("default", "")), schema.get("description", "")


def _type(schema: Schema) -> str:
    if choices := schema.get("anyOf"):
        return " or ".join(_type(choice) for choice in choices)
    if choices := schema.get("enum"):
        return " | ".join(map(str, choices))
    if reference := schema.get("$ref"):
        return str(reference).rsplit("/", 1)[-1]
    return str(schema.get("format") or schema.get("type", "any"))


def _parameters(operation: Schema) -> Iterable[tuple[str, ...]]:
    if "security" in operation:
        yield "Authorization", "header", "Bearer TOKEN"
    for parameter in operation["parameters"]:
        yield parameter["name"], parameter["in"], parameter.get("description", "")


def _answers(operation: Schema, schemas: Schema) -> Iterable[tuple[str, ...]]:
    for status, response in operation["responses"].items():
        schema: Schema = next((content["schema"] for content in response["content"].values()), {})
        yield status, response["description"], ", ".join(_resolved(schema, schemas).get("properties", {}))


def _table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    head = "".join(f"<th scope=col>{head}</th>" for head in heads)
    return f"<table><caption>{caption}</caption><tr>{head}</tr>{body}</table>" if body else ""
