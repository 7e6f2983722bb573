"""What the log hub can be told by its environment (prefix `LOGS_`)."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode, SettingsConfigDict

from contracts.topics import ALL, IDENTITIES, IDENTITY_KEYS
from event_bus import BusSettings
from http_edge import EdgeSettings
from http_edge.settings import OPEN, Names, split

# Kafka's own rule, but for two underscores at the beginning: so its internal topics are called.
Topic = Annotated[str, Field(pattern=r"^_?[A-Za-z0-9.-][A-Za-z0-9._-]{0,247}$")]
Topics = Annotated[frozenset[Topic], NoDecode, BeforeValidator(split)]
# It becomes a source in the page's Content-Security-Policy: nothing may stand in it that begins another one.
Origin = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9._\[\]:-]+$")]


class Settings(BusSettings, EdgeSettings):
    model_config = SettingsConfigDict(env_prefix="LOGS_")

    port: int = Field(3000, ge=0, le=65535, description="Port of HTTP and WebSocket; 0 takes any free one.")
    # Some 70,000 lines of 200 bytes: who is further behind is served from Kafka.
    ring_bytes: int = Field(
        32 * 1024 * 1024, ge=1024 * 1024, description="Memory for the last lines, shared by all clients."
    )
    # Each needs a file descriptor, and 1,024 is what a process usually gets.
    max_clients: int = Field(900, ge=1, description="Clients that may be here at once; beyond it 503.")
    # All who come through a proxy, a published port of Docker or the router of a school have one address: a limit
    # by default would lock out the many, and the hub listens on loopback anyway unless told otherwise.
    max_clients_per_address: int = Field(
        0, ge=0, description="Of them, from one address; beyond it 429. 0: as many as there are."
    )
    require_token: bool = Field(
        False, description="Lines are shown to who has an access token of users_service; false: to everybody."
    )
    token_issuer: str = Field(
        "users_service", validation_alias="TOKEN_ISSUER", description="`iss` of tokens."
    )
    token_audience: str = Field("shop", validation_alias="TOKEN_AUDIENCE", description="`aud` of tokens.")
    # A handshake has no body, and whoever watches is in no hurry: less than elsewhere.
    request_seconds: float = Field(
        5.0, gt=0, description="Seconds that the head of a request may take, of a handshake too."
    )
    # A proxy in between usually drops what is silent for a minute.
    ping_seconds: float = Field(
        20.0, gt=0, description="Time between pings, and how long a client may be silent after one."
    )
    # Longer than the longest repetition: a worker that wakes repeats what it had in hand, some thousand.
    remembered_ids: int = Field(
        200_000, ge=200_000, description="Event ids that are remembered so that no line is shown twice."
    )
    # Each takes some 10 MB while it works, and nothing else.
    replay_readers: int = Field(
        4, ge=1, le=64, description="Readers of Kafka for all clients that are behind the ring."
    )
    topics: Topics = Field(
        frozenset(topic.name for topic in ALL if topic not in (IDENTITY_KEYS, IDENTITIES)),
        description="Topics that may be looked at at /topics/NAME, by comma.",
    )
    allowed_hosts: Names = Field(
        frozenset({"logs-service"}),
        description="Host names that clients may use beside localhost and addresses, by comma; * for all.",
    )
    allowed_origins: Names = Field(
        frozenset(),
        description="Origins of web pages that may connect beside the hub's own, by comma; * for all.",
    )
    users_url: Origin = Field(
        "http://localhost:3001", description="Where the live page finds users_service, seen from a browser."
    )
    payments_url: Origin = Field(
        "http://localhost:3002",
        description="Where the live page finds payments_service, seen from a browser.",
    )

    def unfit_for_production(self) -> Iterator[str]:
        if not self.require_token:
            yield "LOGS_REQUIRE_TOKEN: lines are shown to anybody: set it to true"
        if self.allowed_origins & OPEN:
            yield "LOGS_ALLOWED_ORIGINS: pages of anybody may connect: name the origins of your own"
        if self.allowed_hosts & OPEN:
            yield "LOGS_ALLOWED_HOSTS: any name may stand for this machine: give those that it has"
