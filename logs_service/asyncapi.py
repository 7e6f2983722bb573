"""/asyncapi: every topic and event of the shop for people, out of the generated document; /asyncapi.json for tools.

The page has no script, and whatever the document holds is shown as text.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from http_edge import NotFound
from http_edge.plain_page import SECURITY_HEADERS, Schema, plain_page, table, type_of

DOCUMENT = Path(__file__).parent.parent / "ressources" / "asyncapi.json"
SENDS, RECEIVES = "send", "receive"


async def asyncapi_json(request: Request) -> Response:
    return Response(document(), media_type="application/json")


async def asyncapi_page(request: Request) -> Response:
    return HTMLResponse(page(), headers=SECURITY_HEADERS)


@cache
def document() -> bytes:
    """Read when somebody asks: the hub needs none of it."""
    if not DOCUMENT.exists():
        raise NotFound("The description of the topics was not installed here.")
    return DOCUMENT.read_bytes()


@cache
def page() -> str:
    return rendered(json.loads(document()))


def rendered(spec: Schema) -> str:
    info = spec["info"]
    return plain_page(info["title"], info["description"], info["version"], "asyncapi.json", _body(spec))


def _body(spec: Schema) -> Iterator[str]:
    schemas = spec["components"]["schemas"]
    links = (f'<a href="#{escape(name)}">{escape(name)}</a>' for name in spec["channels"])
    yield f"<p>Topics: {', '.join(links)}</p>"
    for name, channel in spec["channels"].items():
        yield from _channel(name, channel, spec)
    yield _section("headers", "Headers of every event", [_fields("", schemas["cloudevent_headers"])])


def _channel(name: str, channel: Schema, spec: Schema) -> Iterator[str]:
    kafka = channel["bindings"]["kafka"]
    parts = [
        f"<p>{escape(channel['description'])} Partitions: {kafka['partitions']}.</p>",
        table("Services", ("service", "does", "events"), _operations(name, spec)),
        *(_message(spec["components"]["messages"][message], spec) for message in channel["messages"]),
    ]
    yield _section(name, name, parts)


def _section(identifier: str, title: str, parts: Iterable[str]) -> str:
    return f'<section id="{escape(identifier)}"><h2>{escape(title)}</h2>{"".join(parts)}</section>'


def _operations(channel: str, spec: Schema) -> Iterator[tuple[str, str, str]]:
    words = {SENDS: "publishes", RECEIVES: "reads"}
    for operation in spec["operations"].values():
        if _name(operation["channel"]) == channel:
            names = ", ".join(map(_name, operation["messages"]))
            yield operation["tags"][0]["name"], words[operation["action"]], names


def _message(message: Schema, spec: Schema) -> str:
    payload = message["payload"]
    fields = _fields("Fields", spec["components"]["schemas"][_name(payload)] if payload else {})
    examples = "".join(map(_example, message.get("examples", ())))
    head = f"<code>{escape(message['name'])}</code> {escape(message['summary'])}"
    return f"<details><summary>{head}</summary>{fields}{examples}</details>"


def _fields(caption: str, schema: Schema) -> str:
    required = schema.get("required", ())
    rows = (
        (name, type_of(field), "yes" if name in required else "", field.get("description", ""))
        for name, field in schema.get("properties", {}).items()
    )
    return table(caption, ("name", "type", "always there", "meaning"), rows)


def _example(example: Schema) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in example["headers"].items())
    value = json.dumps(example["payload"], indent=2, ensure_ascii=False)
    return f"<pre>{escape(headers)}\n\n{escape(value)}</pre>"


def _name(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]
