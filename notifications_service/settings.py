"""What can be set; read once, in `__main__`."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from event_bus import ConsumerSettings
from http_edge import EdgeSettings


class Settings(ConsumerSettings, EdgeSettings):
    model_config = SettingsConfigDict(env_prefix="NOTIFICATIONS_")

    port: int = Field(3004, ge=0, le=65535, description="port of health and metrics")
