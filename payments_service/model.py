"""The rules of a payment. No await, no library of the infrastructure."""

import hashlib
import re
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID, uuid5

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from contracts import new_id

PAYMENTS = UUID("6f1d5b52-52c7-4a5e-9c39-0c5d0b0b8f0e")  # the namespace of payment ids that come from a key

_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
_QUANTITY = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the minor unit of its currency (cents). Never a float."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """`25`, `25.5`, `25.00`. No sign, exponent, group separator, or digit outside ASCII; more than zero."""
        if not _AMOUNT.fullmatch(text):
            raise ValueError("must be a decimal number with at most two decimals, such as 25.00")
        whole, _, cents = text.partition(".")
        minor = int(whole) * 100 + int(cents.ljust(2, "0"))
        if minor == 0:
            raise ValueError("must be more than 0")
        return cls(minor, currency)

    def __str__(self) -> str:
        return f"{self.minor // 100}.{self.minor % 100:02}"


def _amount(text: str) -> str:
    return str(Money.parse(text, ""))


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be printable characters")
    return text


def _quantity(text: str) -> str:
    """Without leading zeros: `01` and `1` are the same request."""
    if not _QUANTITY.fullmatch(text) or int(text) == 0:
        raise ValueError("must be a whole number from 1 to 9999")
    return str(int(text))


Short = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_printable)]


class PayRequest(BaseModel):
    """What to pay. An empty body pays 25.00 EUR by card."""

    model_config = ConfigDict(frozen=True)

    amount: Annotated[str, AfterValidator(_amount)] = Field(
        "25.00", description="Decimal, at most two decimals"
    )
    currency: Literal["EUR", "USD", "GBP", "CHF"] = "EUR"
    product: Short | None = Field(None, description="What is bought; the default product if left out")
    quantity: Annotated[str, AfterValidator(_quantity)] = Field("1", description="1 to 9999")
    method: Literal["card", "transfer", "paypal"] = "card"
    order_id: Short | None = None
    reference: Short | None = Field(None, description="Shown at the end of the message")


class Paid(BaseModel):
    """An accepted payment. The first of `event_ids` is the `event_id` of its log line."""

    payment_id: str
    status: Literal["accepted"] = "accepted"
    amount: str
    currency: str
    event_ids: list[str]


class PaymentView(BaseModel):
    """A payment and the states that it went through, oldest first."""

    payment_id: str
    status: str
    states: list[str]
    amount: str
    currency: str
    method: str
    payer: str
    product: str | None = None
    quantity: int
    order_id: str | None = None
    reference: str | None = None
    created_at: str


def payment_id(payer: str, key: str | None, body: PayRequest) -> UUID:
    """With an idempotency key the same request has the same id; without one each payment is a new one.

    The same: its canonical fields after defaults, so that a form and JSON that say the same are the same.
    """
    return new_id() if key is None else uuid5(PAYMENTS, f"{payer}\n{key}\n{body.model_dump_json()}")


def declined(payment: UUID, rate: float) -> bool:
    """Drawn from the payment's id, so that a repetition draws the same."""
    if not rate:
        return False
    draw = int.from_bytes(hashlib.sha256(payment.bytes).digest()[:6], "big") / 2**48
    return draw < rate


def sentence(payer: str, verb: str, amount: str, currency: str, reference: str | None) -> str:
    """`guest paid 25.00 EUR (reference r17)`"""
    return f"{payer} {verb} {amount} {currency}" + (f" (reference {reference})" if reference else "")


def refund_sentence(
    payer: str, reason: str, amount: str, currency: str, reference: str | None = None, **_: str
) -> str:
    """`guest was refunded 25.00 EUR: out of stock (reference r17)`"""
    return sentence(payer, "was refunded", amount, f"{currency}: {reason}", reference)
