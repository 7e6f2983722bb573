"""Every operation of every service, from the descriptions that they publish, and cases for it by schemathesis."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import requests
import schemathesis
from hypothesis import core
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.generation.hypothesis import setup
from schemathesis.specs.openapi import checks

from dev.services import STARTED
from tests.fuzz.answers import OPENAPI, is_sound
from tests.fuzz.patience import served

# What is sent against the description need not be refused: unknown fields are ignored, and an X-Request-ID that is
# none is replaced. And not all that is refused is said there: names that look alike, text that can't be printed.
CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
STREAM = "text/event-stream"
SECONDS = 30  # a busy machine; the shop itself gives up after 5

# It puts a printer in place of that of hypothesis which prints nothing: no test here could show what failed.
printer = core.RepresentationPrinter
setup()
core.RepresentationPrinter = printer


class Described(NamedTuple):
    service: str
    operation: Any

    def __str__(self) -> str:
        return f"{self.service} {self.operation.method.upper()} {self.operation.path}"

    @property
    def has_body(self) -> bool:
        return len(self.operation.body) > 0

    @property
    def asks_who(self) -> bool:
        """Looks at a token."""
        return "security" in self.operation.definition.raw

    @property
    def is_plain(self) -> bool:
        """Nothing but its X-Request-ID can be varied."""
        if self.asks_who:
            return False
        parameters = [*self.operation.path_parameters, *self.operation.query, *self.operation.headers]
        return not self.has_body and len(parameters) == 1

    def cases(self, prefix: str) -> st.SearchStrategy[Case]:
        """By and against the description; and again, where the path has names, of something that is there."""
        known = {name: text for name, text in there(prefix).items() if f"{{{name}}}" in self.operation.path}
        if self.service == "kafka_browser" and "topic" in known:
            known["topic"] = prefix + known["topic"]
        paths = [None, known] if known else [None]
        return st.one_of(
            *(
                self.operation.as_strategy(generation_mode=mode, path_parameters=path)
                for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
                for path in paths
            )
        )


def there(prefix: str) -> dict[str, Any]:
    return {
        "topic": "logs",
        "partition": "0",
        "offset": "0",
        "product": "mug",
        "group": f"{prefix}notifications_service",
    }


def all_operations() -> Iterator[Any]:
    for kind in STARTED:
        schema = schemathesis.openapi.from_path(OPENAPI / f"{kind.name}.json")
        for found in schema.get_all_operations():
            described = Described(kind.name, found.ok())
            yield pytest.param(described, id=str(described))


def call(
    described: Described, case: Case, url: str, session: requests.Session, headers: dict[str, str]
) -> None:
    """Asserts that the answer is sound, and one that is described."""
    how = case.as_transport_kwargs(base_url=url, headers=headers)
    with served(
        lambda: session.request(**how, stream=True, timeout=SECONDS, allow_redirects=False),
        lambda answer: answer.status_code,
    ) as answer:
        names = {name.lower(): value for name, value in answer.headers.items()}
        if names.get("content-type", "").startswith(STREAM) and answer.ok:  # it has no end
            is_sound(described.service, answer.status_code, names, b"")
            return
        try:
            is_sound(described.service, answer.status_code, names, answer.content)
        except AssertionError as error:
            error.add_note(case.as_curl_command(base_url=url))
            raise
        case.validate_response(answer, checks=CHECKS)
