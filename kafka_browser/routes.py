"""The table of what is answered beside the page."""

from typing import Any

from pydantic import BaseModel

from http_edge import Operation, Parameter
from http_edge.operations import Endpoint
from kafka_browser import dead_letters, groups, live, topic_messages, topics
from kafka_browser.dead_letters import DeadLetters
from kafka_browser.gate import FOR_DATA, FOR_STREAMS
from kafka_browser.groups import GroupSummaries, GroupView
from kafka_browser.live import EVENT_STREAM
from kafka_browser.messages import Message
from kafka_browser.search import Page
from kafka_browser.topic_messages import MOST_MESSAGES
from kafka_browser.topics import TopicSummaries, TopicView

REFUSED = [403, 421, 503]  # Origin, Host; Kafka is away
_LIMIT = Parameter("limit", f"At most so many, {MOST_MESSAGES} at most; 50 if not said.", "query")
_BEFORE = Parameter("before", "`next` of an answer: go on with older ones.", "query")
_CONTAINS = Parameter("contains", "Those with this in key, headers or value.", "query")
_FILTER = [
    Parameter("partition", "Those of this partition.", "query"),
    Parameter("key", "Those with exactly this key.", "query"),
    _CONTAINS,
]
_PLACE = [
    Parameter("offset", "From this offset on, oldest first.", "query"),
    Parameter("time", "From this time on, oldest first: RFC 3339, or milliseconds since 1970.", "query"),
    _BEFORE,
    Parameter("after", "`next` of an answer that was oldest first: go on with newer ones.", "query"),
]
LAST_EVENT_ID = Parameter("Last-Event-ID", "The id of the event to go on behind.")


def _get(path: str, endpoint: Endpoint, summary: str, model: type[BaseModel], **more: Any) -> Operation:
    problems = [*REFUSED, *more.pop("problems", [])]
    return Operation(
        "GET", path, endpoint, summary, answers={200: model}, problems=problems, middleware=FOR_DATA, **more
    )


OPERATIONS = [
    _get("/api/topics", topics.topics, "Every topic", TopicSummaries),
    _get("/api/topics/{topic}", topics.topic, "One of them, with its settings", TopicView, problems=[404]),
    _get(
        "/api/topics/{topic}/messages",
        topic_messages.messages,
        "Its messages, newest first unless a place is given",
        Page,
        problems=[400, 404, 422],
        parameters=[_LIMIT, *_FILTER, *_PLACE],
    ),
    _get(
        "/api/topics/{topic}/messages/{partition:int}/{offset:int}",
        topic_messages.message,
        "One message, whole",
        Message,
        problems=[404],
    ),
    Operation(
        "GET",
        "/api/topics/{topic}/live",
        live.live,
        "Its new messages as Server-Sent Events",
        media_type=EVENT_STREAM,
        problems=[*REFUSED, 400, 404, 422],
        parameters=[*_FILTER, LAST_EVENT_ID],
        middleware=FOR_STREAMS,
    ),
    _get("/api/groups", groups.groups, "Every consumer group, with its lag", GroupSummaries),
    _get("/api/groups/{group}", groups.group, "One of them, by partitions", GroupView, problems=[404]),
    _get(
        "/api/dead-letters",
        dead_letters.dead_letters,
        "What could not be handled, newest first, with the reasons",
        DeadLetters,
        problems=[400, 422],
        parameters=[_LIMIT, _BEFORE, _CONTAINS],
    ),
]
