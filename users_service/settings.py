"""What can be set; read once, in `__main__`."""

import os

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from event_bus import BusSettings, OutboxSettings
from http_edge import EdgeSettings

LEAST_IN_PRODUCTION = 15  # NIST SP 800-63B: of a password that is the only factor


class Settings(BusSettings, OutboxSettings, EdgeSettings):
    model_config = SettingsConfigDict(env_prefix="USERS_")

    port: int = Field(3001, ge=0, le=65535, description="port of HTTP")
    database: str = Field(
        "users_service", pattern=r"^[A-Za-z0-9_-]{1,63}$", description="name of its own database"
    )
    bcrypt_cost: int = Field(12, ge=4, le=16, description="each step doubles the time of a hash (12: 0.3 s)")
    hash_threads: int = Field(os.cpu_count() or 1, ge=1, description="passwords hashed at a time")
    password_min_length: int = Field(
        6, ge=1, le=72, description="characters of a new password; in production 15 if not set"
    )
    login_failures_per_account: int = Field(
        10, ge=0, description="failed logins before an account's next ones cost a pause; 0: no limit"
    )
    login_failures_per_address: int = Field(
        200, ge=0, description="the same for all logins from an address; 0: no limit"
    )
    login_failures_seconds: float = Field(
        900.0, gt=0, description="seconds after which a failed login is forgotten"
    )
    # A checker that lost its broker finds that out within 2 s, and tries again within 5: twice that is to spare.
    key_readable_seconds: float = Field(
        15.0, ge=0, description="seconds that a new signing key can be read by all before it signs"
    )
    token_lifetime: int = Field(3600, ge=1, description="seconds that a token counts")
    token_issuer: str = Field("users_service", validation_alias="TOKEN_ISSUER", description="`iss` of tokens")
    token_audience: str = Field("shop", validation_alias="TOKEN_AUDIENCE", description="`aud` of tokens")

    @property
    def least_password(self) -> int:
        """Characters. What is set counts in every profile."""
        unset = "password_min_length" not in self.model_fields_set
        return LEAST_IN_PRODUCTION if unset and self.profile == "production" else self.password_min_length
