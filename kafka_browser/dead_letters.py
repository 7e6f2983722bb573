"""Everything on the topics of dead letters, newest first: why it is there, and where it came from."""

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from contracts import dead_letters_of
from http_edge import read_query
from kafka_browser.cursor import Cursor
from kafka_browser.kafka import Kafka
from kafka_browser.messages import Filter, Message
from kafka_browser.search import Search
from kafka_browser.topic_messages import MOST_MESSAGES, newest_first

_SUFFIX = dead_letters_of("").name
# The headers behind those of the record itself; the last one of a name counts.
_REASON, _SERVICE, _SOURCE = "dlq_reason", "dlq_service", ("dlq_topic", "dlq_partition", "dlq_offset")
_RESOLUTION = "dlq_resolution"


class LettersWish(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=MOST_MESSAGES)
    before: Cursor | None = None
    contains: str = ""


class DeadLetter(BaseModel):
    """A record that could not be handled; or, with a `resolution`, what became of the one that is its key."""

    reason: str | None
    service: str | None
    source: str | None = Field(description="topic:partition:offset where it was read.")
    resolution: str | None
    message: Message


class DeadLetters(BaseModel):
    """Dead letters of all services; the rest as in a page of messages."""

    dead_letters: list[DeadLetter]
    searched: int
    of: int
    next: str | None


async def dead_letters(request: Request) -> DeadLetters:
    kafka: Kafka = request.state.kafka
    wish = read_query(request, LettersWish)
    topics = [name for name in await kafka.topics() if name.endswith(_SUFFIX)]
    async with kafka.consumer() as consumer:
        ends = await consumer.ends(await consumer.partitions_of(topics))
        tracks = await newest_first(consumer, wish.before or {}, ends, wish.limit)
        wanted, most = Filter(contains=wish.contains), request.state.search_records
        page = await Search(kafka, consumer, wanted, tracks, most).page(wish.limit)
    letters = [_letter(kafka, message) for message in page.messages]
    return DeadLetters(dead_letters=letters, searched=page.searched, of=page.of, next=page.next)


def _letter(kafka: Kafka, message: Message) -> DeadLetter:
    said = {header.name: header.value for header in message.headers}
    return DeadLetter(
        reason=said.get(_REASON),
        service=said.get(_SERVICE),
        source=kafka.shown(":".join(said[name] for name in _SOURCE)) if said.keys() >= set(_SOURCE) else None,
        resolution=said.get(_RESOLUTION),
        message=message,
    )
