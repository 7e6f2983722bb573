"""Log lines of the process itself, to stderr: for people (`console`) or for machines (`json`).

Every line has the service and, while a request is served, its id. No line has a secret: fields with such
names are hidden, tracebacks show no local variables and no input of a validation.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, ExcInfo, Processor

from http_edge.plain_text import spelled_out
from http_edge.request_id import current_request_id

SECRETS = frozenset({"password", "token", "access_token", "authorization", "secret", "private_key", "hash"})

# The everyday work of libraries is not worth a line; asgi_correlation_id warns of each id that it replaces.
QUIET = {"uvicorn": logging.WARNING, "asgi_correlation_id": logging.ERROR}

_TRACEBACKS = ("exception", "stack")  # of several lines, for people

_PYDANTIC_INPUT = re.compile(r"input_value=.*?, input_type=", re.DOTALL)


def configure_logging(service: str, log_format: Literal["console", "json"]) -> None:
    """For the whole process: structlog's loggers and those of every library come out alike."""
    every_line: list[Processor] = [*_details(service), structlog.processors.ExceptionRenderer(_traceback)]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *every_line, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=every_line,
            processors=[ProcessorFormatter.remove_processors_meta, *_renderers(log_format)],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)


def _details(service: str) -> list[Processor]:
    def who(logger: object, method: str, event: EventDict) -> EventDict:
        event["service"] = service
        if request_id := current_request_id():
            event["request_id"] = request_id
        return event

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        who,
        hide_secrets,
    ]


def hide_secrets(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in SECRETS.intersection(event):
        event[name] = "[hidden]"
    return event


def _traceback(exc_info: ExcInfo) -> str:
    text = logging.Formatter().formatException(exc_info)
    return _PYDANTIC_INPUT.sub("input_type=", text)


def _renderers(log_format: str) -> list[Processor]:
    if log_format == "json":
        return [structlog.processors.JSONRenderer(ensure_ascii=False, default=str), _plain_line]
    return [_plain_values, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]


def _plain_line(logger: object, method: str, line: Any) -> str:
    """JSON escapes the control characters of ASCII, and no others."""
    return spelled_out(line)


def _plain_values(logger: object, method: str, event: EventDict) -> EventDict:
    """Before it gets its colours, which are control characters too."""
    for name, value in event.items():
        if isinstance(value, str):
            lines = value.split("\n") if name in _TRACEBACKS else [value]
            event[name] = "\n".join(map(spelled_out, lines))
    return event
