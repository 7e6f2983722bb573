"""The table of what is answered over plain HTTP beside the page. WebSockets never come here."""

from http_edge import Operation, Parameter
from logs_service import http_streams, topics
from logs_service.filters import LEVELS, LONGEST_REGEX
from logs_service.gate import FOR_DATA, FOR_STREAMS
from logs_service.http_streams import EVENT_STREAM, JSON_LINES
from logs_service.topics import TopicView, TopicViews
from logs_service.wishes import MOST_LAST

# Where to begin (one of the first four), in which form, and which lines: see `wishes` and `filters`.
QUERY = [
    Parameter(name, meaning, "query")
    for name, meaning in {
        "last": f"Begin with the last lines, {MOST_LAST} at most.",
        "since": "Begin at a time: 30s, 5m, 2h, 1d, or 2026-11-21T03:11:04Z.",
        "from": "earliest: begin with the oldest line that Kafka has.",
        "after": "Begin behind the line that had this token.",
        "meta": "1: each line in an envelope with its token, and notices.",
        "slow": "close: end when the ring has moved on.",
        "service": "Lines of this service, or of several by comma.",
        "event": "Lines of this event, or of several by comma.",
        "user": "Lines of this user, or of several by comma.",
        "correlation_id": "Lines of this request, or of several by comma.",
        "level": f"Lines of this level or a graver one: {', '.join(LEVELS)}.",
        "contains": "Lines in which this stands.",
        "regex": f"Lines that match this pattern of RE2, of {LONGEST_REGEX} characters at most.",
        "access_token": "If the hub asks for one and no header can be sent.",
    }.items()
]
LAST_EVENT_ID = Parameter("Last-Event-ID", "The token to go on behind; it wins over the query.")

REFUSED = [401, 403, 421, 503]  # token, Origin, Host; Kafka is away
STREAM_REFUSED = [400, 429, *REFUSED]


def _stream(path: str, what: str, problems: list[int]) -> list[Operation]:
    return [
        Operation(
            "GET",
            f"{path}/events",
            http_streams.events,
            f"{what}, live, as Server-Sent Events",
            media_type=EVENT_STREAM,
            problems=problems,
            parameters=[LAST_EVENT_ID, *QUERY],
            bearer=True,
            middleware=FOR_STREAMS,
        ),
        Operation(
            "GET",
            f"{path}/download",
            http_streams.download,
            f"{what}: those that there are now, one a line",
            media_type=JSON_LINES,
            problems=problems,
            parameters=QUERY,
            bearer=True,
            middleware=FOR_STREAMS,
        ),
    ]


OPERATIONS = [
    *_stream("", "The log lines", STREAM_REFUSED),
    Operation(
        "GET",
        "/topics",
        topics.topics,
        "The topics that may be looked at",
        answers={200: TopicViews},
        problems=REFUSED,
        bearer=True,
        middleware=FOR_DATA,
    ),
    Operation(
        "GET",
        "/topics/{topic}",
        topics.topic,
        "One of them",
        answers={200: TopicView},
        problems=[*REFUSED, 404],
        bearer=True,
        middleware=FOR_DATA,
    ),
    *_stream("/topics/{topic}", "The records of a topic", [*STREAM_REFUSED, 404]),
]
