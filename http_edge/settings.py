"""What every service with an HTTP side can be told by its environment; a wrong value is said in one line.

The environment alone is read here; `.env` is the business of whoever starts the process.
"""

import os
import sys
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

EXIT_WRONG_SETTING = os.EX_CONFIG  # 78: restarting will not help
OPEN = frozenset({"*", "null"})  # of origins; any page can make itself one that is "null"

SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def split(value: object) -> object:
    """`a, b` as a list; what is no text stays what it is."""
    return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value


def networks(names: frozenset[str]) -> frozenset[str]:
    """ValueError for what is no address and no network."""
    for name in names:
        ip_network(name)
    return names


Names = Annotated[frozenset[str], NoDecode, BeforeValidator(split)]
Networks = Annotated[Names, AfterValidator(networks)]


class EdgeSettings(BaseSettings):
    """A service adds its `env_prefix` and its default port. Fields with an alias are common to all."""

    model_config = SettingsConfigDict(
        populate_by_name=True,  # tests write Settings(log_format=…), the environment LOG_FORMAT
        env_ignore_empty=True,  # compose hands over NAME= for what is not set
        hide_input_in_errors=True,  # a URI may hold a password
        extra="ignore",
        frozen=True,
    )

    port: int = Field(ge=0, le=65535, description="Port of HTTP; 0 takes any free one.")
    host: str = Field("", description="Address to listen on; empty: 127.0.0.1, and ::1 where there is one.")
    # Some hundred bytes: even a bad line needs no second. Whoever takes longer holds a place and gives nothing.
    request_seconds: float = Field(
        10.0, gt=0, description="Seconds that the head of a request may take, and then its body."
    )
    cors_origins: Names = Field(
        frozenset({"http://localhost:3000", "http://127.0.0.1:3000"}),
        validation_alias="CORS_ORIGINS",
        description="Origins of pages that may read the answers, by comma: those of the hub's live page.",
    )
    trusted_proxies: Networks = Field(
        frozenset(),
        validation_alias="TRUSTED_PROXIES",
        description="Addresses or networks of proxies, by comma: the address of a caller is what they say it is.",
    )
    log_format: Literal["console", "json"] = Field(
        "console", validation_alias="LOG_FORMAT", description="How log lines are written to stderr."
    )

    def unfit_for_production(self) -> Iterator[str]:
        if self.cors_origins & OPEN:
            yield "CORS_ORIGINS: pages of anybody may read the answers: name the origins of your own"


def read_settings(settings: type[SettingsT]) -> SettingsT:
    """The settings of this process; a missing or wrong one ends it with exit code 78 and a line.

    So does, in production, what is only fit for a machine of one's own: with a line for each reason.
    """
    try:
        found = settings()
    except (ValidationError, SettingsError) as error:
        sys.stderr.write(f"wrong setting: {explain(settings, error)}\n")
        sys.exit(EXIT_WRONG_SETTING)
    if refusals := list(unfit(found)):
        sys.stderr.writelines(f"not fit for SHOP_PROFILE=production: {reason}\n" for reason in refusals)
        sys.exit(EXIT_WRONG_SETTING)
    return found


def unfit(settings: BaseSettings) -> Iterator[str]:
    """Why these would not do in production, of each class that has a word in it; nothing in development."""
    if getattr(settings, "profile", "development") == "production":
        for part in reversed(type(settings).__mro__):
            if own := vars(part).get("unfit_for_production"):
                yield from own(settings)


def explain(settings: type[BaseSettings], error: ValidationError | SettingsError) -> str:
    """Names the variables and what is wrong with them; never their values."""
    if isinstance(error, SettingsError):
        return " ".join(str(error).split())
    reasons = (
        f"{variable_of(settings, str(found['loc'][0]))}: {found['msg']}" if found["loc"] else found["msg"]
        for found in error.errors(include_url=False, include_input=False, include_context=False)
    )
    return "; ".join(" ".join(reason.split()) for reason in reasons)


def variable_of(settings: type[BaseSettings], name: str) -> str:
    """The environment variable of a field, which an error names by its alias or by its own name."""
    field = settings.model_fields.get(name)
    if field is None:
        return name
    if isinstance(field.validation_alias, str):
        return field.validation_alias
    return f"{settings.model_config.get('env_prefix', '')}{name}".upper()
