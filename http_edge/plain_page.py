"""A page of text and tables that needs nothing from elsewhere, not even a script: whatever it shows stays text."""

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

Schema = Mapping[str, Any]

_PAGE = Template(Path(__file__).with_name("plain_page.html").read_text(encoding="utf-8"))

# The page has one inline style and nothing else: whatever else found its way in must not run.
SECURITY_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


def plain_page(title: str, summary: str, version: str, file: str, body: Iterable[str]) -> str:
    """`file`: the address of the same for tools. `body` is HTML, all else text."""
    said = {"title": title, "summary": summary, "version": version, "file": file}
    return _PAGE.substitute({name: escape(text) for name, text in said.items()}, body="\n".join(body))


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Of texts; nothing at all without rows."""
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    head = "".join(f"<th scope=col>{escape(head)}</th>" for head in heads)
    return f"<table><caption>{escape(caption)}</caption><tr>{head}</tr>{body}</table>" if body else ""


def type_of(schema: Schema) -> str:
    """In a word or two, for a cell of a table."""
    if choices := schema.get("anyOf"):
        return " or ".join(type_of(choice) for choice in choices)
    if choices := schema.get("enum"):
        return " | ".join(map(str, choices))
    if reference := schema.get("$ref"):
        return str(reference).rsplit("/", 1)[-1]
    if "const" in schema:
        return f"always {schema['const']}"
    return str(schema.get("format") or schema.get("type", "any"))
