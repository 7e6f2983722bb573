"""docs/event_flow.md: what causes which event, on which topic it lies, who reads it; as tables and as a graph."""

from collections.abc import Iterator, Sequence

from contracts import EVENT_TYPES, Event, Topic
from contracts.topics import ALL
from dev.docs.marks import GENERATED, code, table
from dev.docs.tables import Service, readers_of

PEOPLE = "whoever watches its topic"


def event_flow(services: Sequence[Service]) -> str:
    return "\n".join(
        [
            f"<!-- {GENERATED} -->",
            "# The flow of events",
            "",
            "Every event: what causes it, who publishes it, on which topic it lies, and who reads it. For tools:",
            "[asyncapi.json](../ressources/asyncapi.json), and a JSON Schema for each event in",
            "[schemas/](../ressources/schemas/). While the shop runs: <http://localhost:3000/asyncapi>.",
            "",
            "```mermaid",
            *graph(services),
            "```",
            "",
            *_chapter(
                "What happens",
                table(["event", "topic", "published by", "because of", "read by"], _rows(services)),
            ),
            *_chapter(
                "What becomes of an event", table(["service", "reads", "and publishes"], _causes(services))
            ),
            *_chapter(
                "Topics",
                table(["topic", "key", "partitions", "kept", "written by", "read by"], _topics(services)),
            ),
        ]
    )


def _chapter(title: str, text: str) -> list[str]:
    return [f"## {title}", "", text]


def graph(services: Sequence[Service]) -> Iterator[str]:
    """Services as boxes, topics as pipes. Dead letters are left out: every service with a table may write some."""
    yield "flowchart LR"
    for service in services:
        yield f'  {service.name}["{service.name}<br/>:{service.port}"]'
    for topic in ALL:
        if not topic.holds_inputs:
            yield f'  t_{topic.name}[/"{topic.name}"/]'
    for service in services:
        yield from (
            f"  {service.name} --> t_{topic.name}" for topic in service.writes_to if not topic.holds_inputs
        )
        yield from (f"  t_{topic.name} --> {service.name}" for topic in service.reads_from)


def _rows(services: Sequence[Service]) -> list[list[str]]:
    return [
        [code(name), code(kind.topic.name), *_cells(_published(kind, services), readers_of(kind, services))]
        for name, kind in EVENT_TYPES.items()
    ]


def _published(kind: type[Event], services: Sequence[Service]) -> tuple[list[str], list[str]]:
    """By whom, and because of what."""
    causes = [(one.name, cause.words) for one in services for cause in one.causes if kind in cause.publishes]
    return list(dict.fromkeys(name for name, _ in causes)), list(dict.fromkeys(words for _, words in causes))


def _cells(published: tuple[list[str], list[str]], readers: list[str]) -> list[str]:
    by, because = published
    return [
        ", ".join(by),
        ", ".join(words if " " in words else code(words) for words in because),
        ", ".join(readers) or PEOPLE,
    ]


def _causes(services: Sequence[Service]) -> list[list[str]]:
    return [
        [service.name, cause.words, ", ".join(code(kind.type) for kind in cause.publishes)]
        for service in services
        for cause in service.causes
    ]


def _topics(services: Sequence[Service]) -> list[list[str]]:
    return [
        [
            code(topic.name),
            topic.key,
            str(topic.partitions),
            topic.cleanup,
            ", ".join(one.name for one in services if topic in one.writes_to),
            ", ".join(one.name for one in services if topic in one.reads_from) or _people(topic),
        ]
        for topic in ALL
    ]


def _people(topic: Topic) -> str:
    return "people: `./shop dlq`" if topic.holds_inputs else PEOPLE
