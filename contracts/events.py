"""The glossary of what happens in the shop. One class an event, one sentence each."""

from typing import ClassVar, Literal

from pydantic import Field

from contracts.event import Event, Notification
from contracts.log_line import LogLine
from contracts.measured import ServiceMeasured
from contracts.topics import IDENTITIES, IDENTITY_KEYS, INVENTORIES, STOCK, Topic

GUEST = "guest"  # who pays without a token; no user has this name


class UserRegistered(Notification):
    """Somebody chose a user name and a password."""

    type: ClassVar[str] = "users.registered.v1"

    user: str
    name: str | None = None
    email: str | None = None

    def subject(self) -> str:
        return self.user


class UserLoggedIn(Notification):
    """Somebody proved to be a registered user and got a token."""

    type: ClassVar[str] = "users.logged_in.v1"

    user: str

    def subject(self) -> str:
        return self.user


class UserLoggedOut(Notification):
    """Somebody put an end to all tokens that he had until then."""

    type: ClassVar[str] = "users.logged_out.v1"

    user: str

    def subject(self) -> str:
        return self.user


class _Payment(Notification):
    user: str  # the payer
    payment_id: str
    amount: str  # decimal, in units of the currency: "25.00"
    currency: str  # ISO 4217
    method: str
    order_id: str | None = None
    reference: str | None = None

    def subject(self) -> str:
        return self.payment_id


class PaymentAccepted(_Payment):
    """Money was taken."""

    type: ClassVar[str] = "payments.accepted.v1"


class PaymentDeclined(_Payment):
    """Money was asked for and refused."""

    type: ClassVar[str] = "payments.declined.v1"
    level: ClassVar[str] = "WARNING"


class PaymentRefunded(_Payment):
    """Money was given back: what it was paid for could not be delivered."""

    type: ClassVar[str] = "payments.refunded.v1"

    reason: str


class StockRequested(Event):
    """An accepted payment asks for the goods it paid for."""

    type: ClassVar[str] = "payments.stock_requested.v1"
    topic: ClassVar[Topic] = INVENTORIES

    payment_id: str
    quantity: int
    product: str | None = None  # None: the default product
    order_id: str | None = None

    def subject(self) -> str:
        return self.payment_id


class _Stock(Event):
    topic: ClassVar[Topic] = STOCK

    product: str
    level: int  # pieces that are there after it

    def subject(self) -> str:
        return self.product


class StockMoved(_Stock):
    """Pieces of a product came or went."""

    type: ClassVar[str] = "stock.moved.v1"

    quantity: int  # signed: what came is positive, what went negative
    number: int  # 1, 2, … for each product: its place in the ledger
    reason: str
    payment_id: str | None = None  # for which payment, when they were sold


class StockRefused(_Stock):
    """A payment asked for more pieces of a product than there are."""

    type: ClassVar[str] = "stock.refused.v1"

    quantity: int  # what was asked for
    reason: str
    payment_id: str


class StockRanLow(Notification):
    """A product fell below its threshold."""

    type: ClassVar[str] = "stock.ran_low.v1"
    level: ClassVar[str] = "WARNING"

    product: str
    pieces: int
    threshold: int

    def subject(self) -> str:
        return self.product


class KeyPublished(Event):
    """A public key with which tokens can be checked (RFC 8037). A null record of the same key withdraws it."""

    type: ClassVar[str] = "identity.key_published.v1"
    topic: ClassVar[Topic] = IDENTITY_KEYS

    kid: str  # RFC 7638 thumbprint
    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    x: str = Field(pattern=r"^[A-Za-z0-9_-]{43}$")  # 32 bytes, base64url
    alg: Literal["EdDSA"] = "EdDSA"
    use: Literal["sig"] = "sig"

    def subject(self) -> str:
        return self.kid


class KeyRetired(Event):
    """This key counts no more: its tokens have expired, or it was withdrawn. Takes the place of its publication."""

    type: ClassVar[str] = "identity.key_retired.v1"
    topic: ClassVar[Topic] = IDENTITY_KEYS

    kid: str

    def subject(self) -> str:
        return self.kid


class TokensRevoked(Event):
    """Tokens of a user that belong to an earlier generation are refused."""

    type: ClassVar[str] = "identity.tokens_revoked.v1"
    topic: ClassVar[Topic] = IDENTITIES

    user: str
    generation: int  # the first one that counts
    until: int  # seconds since 1970: by then every token that this refuses has expired

    def subject(self) -> str:
        return self.user


EVENT_TYPES: dict[str, type[Event]] = {
    event.type: event
    for event in (
        UserRegistered,
        UserLoggedIn,
        UserLoggedOut,
        PaymentAccepted,
        PaymentDeclined,
        PaymentRefunded,
        StockRequested,
        StockMoved,
        StockRefused,
        StockRanLow,
        LogLine,
        KeyPublished,
        KeyRetired,
        TokensRevoked,
        ServiceMeasured,
    )
}
