"""What can be set; read once, in `__main__`."""

from collections.abc import Iterator

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from event_bus import ConsumerSettings, OutboxSettings
from http_edge import EdgeSettings

_NAME_AND_LEVEL = r"[^=,/\x00-\x1f\x7f]{1,64}=[0-9]{1,7}"


class Settings(ConsumerSettings, OutboxSettings, EdgeSettings):
    model_config = SettingsConfigDict(env_prefix="INVENTORIES_")

    port: int = Field(3003, ge=0, le=65535, description="port of HTTP")
    database: str = Field(
        "inventories_service", pattern=r"^[A-Za-z0-9_-]{1,63}$", description="name of its own database"
    )
    catalogue: str = Field(
        "standard=1000000,coffee=500,mug=40,poster=0",
        pattern=rf"^{_NAME_AND_LEVEL}(,{_NAME_AND_LEVEL})*$",
        description="what it begins with, once, as PRODUCT=PIECES,…",
    )
    default_product: str = Field(
        "standard", min_length=1, max_length=64, description="what a payment without a product buys"
    )
    low_level: int = Field(5, ge=0, description="a product with fewer pieces has run low: a notification")
    allow_movements: bool = Field(
        True, description="anybody who reaches this port may book movements; false: nobody"
    )

    def seeds(self) -> dict[str, int]:
        pairs = (pair.split("=") for pair in self.catalogue.split(","))
        return {name: int(pieces) for name, pieces in pairs}

    def unfit_for_production(self) -> Iterator[str]:
        if self.allow_movements:
            yield "INVENTORIES_ALLOW_MOVEMENTS: anybody may book movements of the stock: set it to false"
