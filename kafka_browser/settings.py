"""What the browser can be told by its environment (prefix `KAFKA_BROWSER_`)."""

from collections.abc import Iterator

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from event_bus import BusSettings
from event_bus.security import is_loopback
from http_edge import EdgeSettings
from http_edge.settings import OPEN, Names


class Settings(BusSettings, EdgeSettings):
    model_config = SettingsConfigDict(env_prefix="KAFKA_BROWSER_")

    port: int = Field(8080, ge=0, le=65535, description="Port of HTTP; 0 takes any free one.")
    # Less than a second of reading; whoever wants more asks for the next part. Not less than a topic has partitions.
    search_records: int = Field(
        20_000,
        ge=1_000,
        description="Records that one request reads at most; the answer says where to go on.",
    )
    # Each is a connection to Kafka and some megabytes.
    max_live: int = Field(16, ge=1, description="Who may watch new messages at once; beyond it 503.")
    allowed_hosts: Names = Field(
        frozenset(),
        description="Host names that clients may use beside localhost and addresses, by comma; * for all.",
    )
    allowed_origins: Names = Field(
        frozenset(),
        description="Origins of web pages that may read messages beside the browser's own, by comma; * for all.",
    )

    def unfit_for_production(self) -> Iterator[str]:
        if self.host and not is_loopback(self.host):
            yield "KAFKA_BROWSER_HOST: it has no log-in and shows every topic: leave it empty, for this machine alone"
        if self.allowed_origins & OPEN:
            yield "KAFKA_BROWSER_ALLOWED_ORIGINS: pages of anybody may read messages: name the origins of your own"
        if self.allowed_hosts & OPEN:
            yield "KAFKA_BROWSER_ALLOWED_HOSTS: any name may stand for this machine: give those that it has"
