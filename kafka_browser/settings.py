"""What the browser can be told by its environment (prefix `KAFKA_BROWSER_`)."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from event_bus import BusSettings
from http_edge import EdgeSettings
from http_edge.settings import Names


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
