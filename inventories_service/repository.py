"""Products in the database: one document each, with its level, its latest movements, its inbox and its outbox.

A ledger grows for ever and a document does not: when a product has two pages of movements, the older page moves to a
document of its own. It is written there before it is taken from here, and by its number, so a crash between the two
repeats the first and changes nothing.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from contracts import Envelope, Event, StockMoved
from event_bus import (
    Bury,
    Database,
    DatabaseUnavailable,
    Duplicate,
    Input,
    OutboxFull,
    State,
    StateCollection,
    deadline,
)
from inventories_service.model import SEEDED, MovementRequest, Product

PAGE = 128  # movements; some kilobytes
SECONDS = 1.5  # one look at pages, or one page written

Movement = Mapping[str, Any]
Tell = Callable[[Product, State], Sequence[Envelope[Event]]]  # before and after: the events of it


class KeyReused(Exception):
    """The idempotency key belongs to another movement of this product."""


class _Turned(Exception):
    """Between the look on the pages and the look at the document a page was turned: look again."""


class Products:
    """`seeds`: what each product begins with, once."""

    def __init__(self, database: Database, max_pending: int, service: str, seeds: Mapping[str, int]) -> None:
        self.states = StateCollection(database, "products", max_pending=max_pending)
        self._pages = database.collection("movements")
        self._service, self._seeds = service, dict(seeds)
        self._indexed = False

    async def apply(self, service: str, inputs: Sequence[Input], bury: Bury) -> None:
        """The documents' side of the consumer (see `event_bus.stateful`)."""
        await self._prepare()
        for changed in await self.states.apply(service, inputs, bury):
            await self._turn_pages(str(changed.key), changed.state)

    async def book(self, product: str, request: MovementRequest, key: str | None, tell: Tell) -> Movement:
        """Books a movement, or finds the one that the same key booked. KeyReused; ValueError below zero."""
        await self._prepare()
        while True:
            oldest = _oldest(Product.of(await self.states.get(product))) if key else None
            if key and (earlier := await self._on_a_page(product, key)):
                return _the_same(earlier, request)
            with contextlib.suppress(_Turned):
                return await self._book(product, request, key, oldest, tell)

    async def _book(
        self, product: str, request: MovementRequest, key: str | None, oldest: int | None, tell: Tell
    ) -> Movement:
        booked: list[Movement] = []

        def rule(state: State | None) -> tuple[State | None, Sequence[Envelope[Event]]]:
            before = Product.of(state)
            if found := [movement for movement in before.movements if key and movement.get("key") == key]:
                booked[:] = [_the_same(found[0], request)]
                return None, ()
            if key and _oldest(before) != oldest:
                raise _Turned
            more = {"key": key} if key else {}
            after = before.move(int(request.quantity), _now(), request.reason, **more)
            booked[:] = after["movements"][-1:]
            return after, tell(before, after)

        await self._turn_pages(product, await self.states.change(product, rule))
        return booked[0]

    async def get(
        self, product: str, before: int | None, limit: int
    ) -> tuple[Product, list[Movement]] | None:
        """The product, and at most `limit` movements with a number below `before`, the latest first."""
        await self._prepare()
        found = Product.of(await self.states.get(product))
        if not found.known:
            return None
        end = min(before or found.moved + 1, found.moved + 1)
        wanted = range(max(1, end - limit), end)
        here = {movement["number"]: movement for movement in found.movements}
        if wanted and wanted[0] not in here:
            here |= await self._from_pages(product, wanted)
        return found, [here[number] for number in reversed(wanted)]

    async def levels(self, after: str, limit: int) -> list[tuple[str, int]]:
        """Names and levels of at most `limit` products behind `after`, by name."""
        await self._prepare()
        where = {"_id": {"$gt": after}, "moved": {"$gt": 0}}
        found = await self.states.find_some(where, limit, {"level": 1})
        return [(product["_id"], product["level"]) for product in found]

    async def _prepare(self) -> None:
        """Before the first of everything: the index, and the seeds. Products that are there stay as they are."""
        if not self._indexed:
            with deadline(SECONDS):
                await self._pages.create_index("movements.key", sparse=True)
            self._indexed = True
        while self._seeds:
            product, pieces = next(iter(self._seeds.items()))
            await self.states.change(product, partial(self._seed, product, pieces))
            self._seeds.pop(product, None)

    def _seed(
        self, product: str, pieces: int, state: State | None
    ) -> tuple[State | None, list[Envelope[Event]]]:
        if Product.of(state).known:
            return None, []
        data = StockMoved(product=product, level=pieces, quantity=pieces, number=1, reason=SEEDED)
        seeded = Envelope[Event].born(data, self._service, f"initial stock of {product}")
        return Product().move(pieces, _now(), SEEDED), [seeded]

    async def _turn_pages(self, product: str, state: State | None) -> None:
        """Moves the oldest movements to pages, as long as there are two pages of them here. If not now, next time."""
        with contextlib.suppress(DatabaseUnavailable, OutboxFull):
            await self._turn(product, state)

    async def _turn(self, product: str, state: State | None) -> None:
        movements: Sequence[Movement] = (state or {}).get("movements", ())
        while len(movements) >= 2 * PAGE:
            page, movements = movements[:PAGE], movements[PAGE:]
            with contextlib.suppress(Duplicate), deadline(SECONDS):
                await self._pages.insert_one(
                    {"_id": _page_id(product, page[0]["number"]), "product": product, "movements": [*page]}
                )
            await self.states.change(product, _without(page))

    async def _from_pages(self, product: str, numbers: Sequence[int]) -> dict[int, Movement]:
        names = {_page_id(product, number) for number in numbers}
        with deadline(SECONDS):
            pages = await self._pages.find({"_id": {"$in": list(names)}}).to_list(None)
        return {movement["number"]: movement for page in pages for movement in page["movements"]}

    async def _on_a_page(self, product: str, key: str) -> Movement | None:
        with deadline(SECONDS):
            page = await self._pages.find_one({"product": product, "movements.key": key})
        return next((m for m in page["movements"] if m.get("key") == key), None) if page else None


def _oldest(product: Product) -> int | None:
    """The number of the oldest movement that is not on a page."""
    return product.movements[0]["number"] if product.movements else None


def _page_id(product: str, number: int) -> str:
    return f"{product}\n{(number - 1) // PAGE}"  # no name has a line feed


def _without(
    page: Sequence[Movement],
) -> Callable[[State | None], tuple[State | None, Sequence[Envelope[Event]]]]:
    def rule(state: State | None) -> tuple[State | None, Sequence[Envelope[Event]]]:
        assert state is not None
        movements = state["movements"]
        if movements[0]["number"] != page[0]["number"]:
            return None, ()  # another process has done it
        return {**state, "movements": movements[len(page) :]}, ()

    return rule


def _the_same(earlier: Movement, request: MovementRequest) -> Movement:
    if (earlier["quantity"], earlier["reason"]) != (int(request.quantity), request.reason):
        raise KeyReused
    return earlier


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
