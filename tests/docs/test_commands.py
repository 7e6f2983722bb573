"""Every command block of the READMEs and of docs/ that can run does run, and prints what the page shows.

On one shop of the moment, page after page. README.fr.md has the blocks of README.md: `tests/test_readme_fr.py`.
"""

import asyncio
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, WALKED, blocks, links, name
from tests.docs.terminal import Shop, terminals
from tests.flows.topics import publish

OF_OTHERS = {"README.fr.md", WALKED}
RUN = [page for page in PAGES if name(page) not in OF_OTHERS and any(block.is_run for block in blocks(page))]
LINKED = sorted({link for page in PAGES for link in links(page) if link.startswith("http://localhost:")})

# What a program of somebody else's left behind, for the pages that tell of dead letters.
NO_PRODUCT = b'{"payment_id":"p-17","quantity":1,"level":0}'
GREETING = b'{"message":"Welcome to the shop"}'


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(tmp_path_factory.mktemp("docs"))
    try:
        shop.up()
        kafka = shop.here("localhost:9092")
        asyncio.run(publish(kafka, "stock", b"poster", NO_PRODUCT, _headers("stock.refused.v1", "poster")))
        asyncio.run(
            publish(kafka, "notifications", b"bob", GREETING, _headers("customers.greeted.v1", "bob"))
        )
        yield shop
    finally:
        shop.down()


def _headers(kind: str, subject: str) -> list[tuple[str, bytes]]:
    said = {
        "ce_specversion": "1.0",
        "ce_id": "00000000-0000-4000-8000-000000000017",
        "ce_source": "/somebody_else",
        "ce_type": kind,
        "ce_time": "2026-11-22T06:00:00Z",
        "ce_subject": subject,
        "content-type": "application/json",
    }
    return [(header, text.encode()) for header, text in said.items()]


@pytest.mark.parametrize("page", RUN, ids=name)
def test_the_commands_of_a_page_print_what_it_shows(shop: Shop, page: Path) -> None:
    wrong = []
    with terminals(shop) as opened:
        for block in blocks(page):
            if block.is_run:
                wrong.append(opened.type(block))
            elif block.is_output:
                wrong.append(opened.see(block.text))
    assert not any(wrong), "\n".join(filter(None, wrong))


@pytest.mark.parametrize("address", LINKED)
def test_what_a_page_links_to_on_a_shop_is_served(shop: Shop, address: str) -> None:
    with urllib.request.urlopen(shop.here(address), timeout=20) as answer:
        assert answer.status == 200
