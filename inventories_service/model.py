"""The rules of stock: a level is the sum of its movements, and never below zero. No await, no infrastructure."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_QUANTITY = re.compile(r"[+-]?[0-9]{1,7}")
SOLD, SEEDED = "sold", "initial stock"
OUT_OF_STOCK, UNKNOWN = "out of stock", "no such product"


def _quantity(text: str) -> str:
    """Without plus sign and leading zeros: `+05` and `5` are the same request."""
    if not _QUANTITY.fullmatch(text) or int(text) == 0:
        raise ValueError("must be a whole number other than 0, such as 5 or -5")
    return str(int(text))


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be printable characters")
    return text


class MovementRequest(BaseModel):
    """Pieces that come (positive) or go (negative), and why."""

    model_config = ConfigDict(frozen=True)

    quantity: Annotated[str, AfterValidator(_quantity)] = Field(description="signed, up to 7 digits")
    reason: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]


class Movement(BaseModel):
    """One line of the ledger of a product. `level` is what was there after it."""

    model_config = ConfigDict(frozen=True)

    number: int  # 1, 2, … without a gap
    time: str
    quantity: int
    level: int
    reason: str
    payment_id: str | None = None


class Product(BaseModel):
    """A product, its level and the latest movements. Older ones are on pages of their own (see `repository`)."""

    model_config = ConfigDict(frozen=True)

    level: int = 0
    moved: int = 0  # movements so far
    movements: tuple[Mapping[str, Any], ...] = ()  # the latest, oldest first, each as a document

    @classmethod
    def of(cls, state: Mapping[str, Any] | None) -> Self:
        return cls.model_construct(**state) if state else cls()

    @property
    def known(self) -> bool:
        """One that somebody only asked for has no movement."""
        return self.moved > 0

    def move(self, quantity: int, time: str, reason: str, **more: str) -> dict[str, Any]:
        """The state after it. ValueError if there are fewer pieces than are to go."""
        level = self.level + quantity
        if level < 0:
            raise ValueError(f"only {self.level} of it are there")
        number = self.moved + 1
        movement = {"number": number, "time": time, "quantity": quantity, "level": level, "reason": reason}
        return {"level": level, "moved": number, "movements": [*self.movements, movement | more]}


class StockLevel(BaseModel):
    """How many pieces of a product are there."""

    product: str
    level: int


class Stock(BaseModel):
    """Products by name; `next` leads on where there are more."""

    products: list[StockLevel]
    next: str | None = None


class ProductView(BaseModel):
    """A product and its movements, the latest first; `next` leads to older ones."""

    product: str
    level: int
    movements: list[Movement]
    next: str | None = None


class Booked(BaseModel):
    """A movement that was booked."""

    product: str
    level: int
    movement: Movement
