"""What the log hub can be told by its environment (prefix `LOGS_`)."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode, SettingsConfigDict

from event_bus import BusSettings
from http_edge import EdgeSettings


def _split(value: object) -> object:
    return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value


Names = Annotated[frozenset[str], NoDecode, BeforeValidator(_split)]


class Settings(BusSettings, EdgeSettings):
    model_config = SettingsConfigDict(env_prefix="LOGS_")

    port: int = Field(3000, ge=0, le=65535, description="Port of HTTP and WebSocket; 0 takes any free one.")
    # Some 70,000 lines of 200 bytes: who is further behind is served from Kafka.
    ring_bytes: int = Field(
        32 * 1024 * 1024, ge=1024 * 1024, description="Memory for the last lines, shared by all clients."
    )
    # Each needs a file descriptor, and 1,024 is what a process usually gets.
    max_clients: int = Field(900, ge=1, description="WebSocket connections at once; beyond it 503.")
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
    allowed_hosts: Names = Field(
        frozenset({"logs-service"}),
        description="Host names that clients may use beside localhost and addresses, by comma; * for all.",
    )
    allowed_origins: Names = Field(
        frozenset(),
        description="Origins of web pages that may connect beside the hub's own, by comma; * for all.",
    )
