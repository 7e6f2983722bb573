"""The machinery for HTTP, the same for every service: bodies, problems, health, metrics, tokens, its process.

A service sees the names below and nothing else; nothing here knows Kafka, a database, an event or a service.
"""

from http_edge.bearer import TokenChecker, bearer_token_of, revoked
from http_edge.bodies import read_model, read_query
from http_edge.connections import bounded
from http_edge.edge import Resources, edge
from http_edge.errors import (
    BadRequest,
    Conflict,
    ContentTooLarge,
    EdgeError,
    Fatal,
    NotFound,
    Problem,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    Unprocessable,
    UnsupportedMediaType,
)
from http_edge.health import Check, about
from http_edge.idempotency import IDEMPOTENCY_KEY, idempotency_key
from http_edge.keys import KeyPair, KeyRing, generate_key_pair
from http_edge.known_names import KnownNames
from http_edge.log_format import configure_logging
from http_edge.operations import Operation, Parameter, json_answer
from http_edge.page_files import PageFiles
from http_edge.problems import problem_response
from http_edge.request_id import correlation_id
from http_edge.revocations import Revocations
from http_edge.server import run
from http_edge.settings import EdgeSettings, read_settings
from http_edge.sockets import unsent
from http_edge.stopping import Stop
from http_edge.tokens import Signer
from http_edge.trace_context import trace_context

__all__ = [
    "IDEMPOTENCY_KEY",
    "BadRequest",
    "Check",
    "Conflict",
    "ContentTooLarge",
    "EdgeError",
    "EdgeSettings",
    "Fatal",
    "KeyPair",
    "KeyRing",
    "KnownNames",
    "NotFound",
    "Operation",
    "PageFiles",
    "Parameter",
    "Problem",
    "Resources",
    "Revocations",
    "ServiceUnavailable",
    "Signer",
    "Stop",
    "TokenChecker",
    "TooManyRequests",
    "Unauthorized",
    "Unprocessable",
    "UnsupportedMediaType",
    "about",
    "bearer_token_of",
    "bounded",
    "configure_logging",
    "correlation_id",
    "edge",
    "generate_key_pair",
    "idempotency_key",
    "json_answer",
    "problem_response",
    "read_model",
    "read_query",
    "read_settings",
    "revoked",
    "run",
    "trace_context",
    "unsent",
]
