"""The rules for names and passwords. No await, no library of the infrastructure."""

import re
import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from contracts import GUEST

MOST_PASSWORD_BYTES = 72  # bcrypt takes no more
_NAME = re.compile(r"[a-z0-9._-]{3,32}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def canonical(name: str) -> str:
    """Compatibility forms and cases are one name: `ALICE` is `alice`. ValueError for what is no name."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    if not _NAME.fullmatch(folded):
        raise ValueError("must be 3 to 32 of a-z 0-9 . _ -")
    return folded


def _password(password: SecretStr) -> SecretStr:
    if len(password.get_secret_value().encode()) > MOST_PASSWORD_BYTES:
        raise ValueError(f"must have {MOST_PASSWORD_BYTES} bytes at most")
    return password


def _not_reserved(name: str) -> str:
    if name == GUEST:
        raise ValueError("is the name of those who pay without one")
    return name


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be printable characters")
    return text


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(_printable(text)):
        raise ValueError("must be an e-mail address")
    return text


class Registration(BaseModel):
    """Who wants to be known by which name."""

    model_config = ConfigDict(frozen=True)

    username: Annotated[str, AfterValidator(canonical), AfterValidator(_not_reserved)]
    password: Annotated[SecretStr, AfterValidator(_password)]
    name: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)] | None = None
    email: Annotated[str, Field(max_length=254), AfterValidator(_email)] | None = None


class Credentials(BaseModel):
    """Whatever somebody claims: what is no name or no password is simply wrong."""

    model_config = ConfigDict(frozen=True)

    username: str
    password: SecretStr


class Registered(BaseModel):
    username: str
    message: str
    event_id: str


class Token(BaseModel):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="seconds")


class Me(BaseModel):
    """What a user may see of himself: these fields and no other; how his password is kept is none of them."""

    model_config = ConfigDict(extra="ignore")

    username: str
    name: str | None = None
    email: str | None = None
    registered_at: str = Field(description="RFC 3339")
    last_login_at: str | None = Field(None, description="RFC 3339")


class Jwks(BaseModel):
    """RFC 7517."""

    keys: list[dict[str, str]]
