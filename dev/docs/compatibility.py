"""Whether events can change from one schema to another: who could not read what lies on the topics, or will.

A field of a released version stays as it is. Only one that may be absent can be added to it; for all else there is a
new version.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dev.docs.schemas import READERS, TOPIC

Schema = Mapping[str, Any]
WORDS = (
    "title",
    "description",
    "$comment",
    "default",
    "examples",
)  # what says nothing about which values there are


class Break(NamedTuple):
    """`field` is empty where the whole event is meant."""

    event: str
    field: str
    what: str
    readers: Sequence[str]

    def __str__(self) -> str:
        who = ", ".join(self.readers) or "whoever reads the topic"
        where = f"{self.event}: {self.field}" if self.field else self.event
        return f"{where} {self.what}; this breaks {who}"


def breaks(released: Mapping[str, Schema], now: Mapping[str, Schema]) -> list[Break]:
    """Both by the type of the event."""
    return [found for name, schema in released.items() for found in _breaks(name, schema, now.get(name))]


def advice(event: str) -> str:
    """What to do instead."""
    name, _, version = event.rpartition(".v")
    following = f"{name}.v{int(version) + 1}" if version.isdigit() else "a new version"
    return (
        f"Leave the class of {event} as it was released and make a new one, {following}; an Upcaster in "
        f"contracts/upcasters.py makes {following} of {event}. Publish it once everybody who reads it knows it. "
        "A new field that may be absent (= None) needs no new version."
    )


def _breaks(event: str, old: Schema, new: Schema | None) -> Iterator[Break]:
    readers = list(dict.fromkeys([*old[READERS], *(new or old)[READERS]]))
    if new is None:
        yield Break(event, "", "is gone, or has another name: its records still lie on its topic", readers)
        return
    if old[TOPIC] != new[TOPIC]:
        yield Break(
            event, "", f"has moved from {old[TOPIC]} to {new[TOPIC]}, where nobody looks for it", readers
        )
    for field, what in _differences(_whole(old, old), _whole(new, new)):
        yield Break(event, field, what, readers)


def _differences(old: Schema, new: Schema, path: str = "") -> Iterator[tuple[str, str]]:
    """Of two objects, field by field; with the reason."""
    there, now = old.get("properties", {}), new.get("properties", {})
    needed, needs = set(old.get("required", ())), set(new.get("required", ()))
    for name, field in there.items():
        at = f"{path}{name}"
        if name not in now:
            yield at, "was removed: a copy that still runs, and what lies on the topic, know it by this name"
            continue
        yield from _field(at, field, now[name])
        if name in needed - needs:
            yield at, "need not be there any more: a reader that still runs relies on it"
    for name in sorted(needs - needed):
        yield f"{path}{name}", "must be there now: the records on the topic lack it"


def _field(at: str, old: Schema, new: Schema) -> Iterator[tuple[str, str]]:
    """Lists and objects are looked into; everything else is the same or it is not."""
    if old.get("type") == new.get("type") == "object" and "properties" in old:
        yield from _differences(old, new, f"{at}.")
    elif old.get("type") == new.get("type") == "array" and "items" in old and "items" in new:
        yield from _field(f"{at}[]", old["items"], new["items"])
    elif old != new:
        yield at, f"{_kind_of_change(old, new)}: {_shown(old)} → {_shown(new)}"


def _kind_of_change(old: Schema, new: Schema) -> str:
    before, after = _alternatives(old), _alternatives(new)
    has_more_rules = before == after and not old.keys() > new.keys()
    if before > after or has_more_rules:
        return "was narrowed, so records on the topic can't be read any more"
    if before <= after:
        return "was widened, so a reader that still runs can't read what will come"
    return "has another type"


def _alternatives(schema: Schema) -> set[str]:
    """Its types; of one that lists its values these instead."""
    choices: Iterable[Schema] = schema.get("anyOf", [schema])
    return {
        str(one)
        for choice in choices
        for one in choice.get("enum", [choice.get("const", choice.get("type"))])
    }


def _shown(schema: Schema) -> str:
    if list(schema) == ["anyOf"]:
        return " or ".join(map(_shown, schema["anyOf"]))
    more = [f"{name} {value}" for name, value in schema.items() if name != "type"]
    return " ".join([str(schema.get("type", "")), *more]).strip()


def _whole(part: Any, root: Schema) -> Any:
    """Without references, and without what is only words."""
    if isinstance(part, list):
        return [_whole(inner, root) for inner in part]
    if not isinstance(part, Mapping):
        return part
    if reference := part.get("$ref"):
        return _whole(root["$defs"][reference.rpartition("/")[2]], root)
    return {
        name: _fields(value, root) if name == "properties" else _whole(value, root)
        for name, value in part.items()
        if name not in WORDS
    }


def _fields(properties: Schema, root: Schema) -> Schema:
    """A field may be called `title` or `default`."""
    return {name: _whole(field, root) for name, field in properties.items()}
