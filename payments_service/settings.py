"""What can be set; read once, in `__main__`."""

from collections.abc import Iterator
from decimal import Decimal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from event_bus import ConsumerSettings, OutboxSettings
from http_edge import EdgeSettings


class Settings(ConsumerSettings, OutboxSettings, EdgeSettings):
    model_config = SettingsConfigDict(env_prefix="PAYMENTS_")

    port: int = Field(3002, ge=0, le=65535, description="port of HTTP")
    database: str = Field(
        "payments_service", pattern=r"^[A-Za-z0-9_-]{1,63}$", description="name of its own database"
    )
    allow_guests: bool = Field(True, description="pay without a token, as `guest`")
    decline_rate: float = Field(0.0, ge=0, le=1, description="share of payments that are declined")
    max_amount: Decimal = Field(Decimal("10000.00"), gt=0, description="the most that one payment may be")
    token_issuer: str = Field("users_service", validation_alias="TOKEN_ISSUER", description="`iss` of tokens")
    token_audience: str = Field("shop", validation_alias="TOKEN_AUDIENCE", description="`aud` of tokens")

    def unfit_for_production(self) -> Iterator[str]:
        if self.allow_guests:
            yield "PAYMENTS_ALLOW_GUESTS: anybody may pay without a token: set it to false"
