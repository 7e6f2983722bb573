"""Whoever changes an event so that it breaks somebody is told by the check: the event, the field, the reader."""

from tests.dev.docs.copies import Copy

EVENTS = "contracts/events.py"


def test_a_removed_field_is_refused_with_the_name_of_its_reader(copy: Copy) -> None:
    copy.change(
        EVENTS,
        "    quantity: int\n    product: str | None = None  # None: the default product\n",
        "    quantity: int\n",
    )
    checked = copy.docs("check")
    assert checked.returncode == 1
    assert "payments.stock_requested.v1: product was removed" in checked.stderr
    assert "this breaks inventories_service" in checked.stderr


def test_a_narrowed_field_is_refused_with_the_name_of_its_reader(copy: Copy) -> None:
    copy.change(
        EVENTS,
        "    payment_id: str\n    quantity: int\n",
        "    payment_id: str\n    quantity: int = Field(ge=1)\n",
    )
    checked = copy.docs("check")
    assert checked.returncode == 1
    assert "payments.stock_requested.v1: quantity was narrowed" in checked.stderr
    assert "this breaks inventories_service" in checked.stderr


def test_a_renamed_event_is_refused_with_the_name_of_its_reader(copy: Copy) -> None:
    copy.change(EVENTS, '"stock.refused.v1"', '"stock.denied.v1"')
    checked = copy.docs("check")
    assert checked.returncode == 1
    assert "stock.refused.v1 is gone, or has another name" in checked.stderr
    assert "this breaks payments_service" in checked.stderr


def test_what_to_do_instead_is_said(copy: Copy) -> None:
    copy.change(
        EVENTS,
        "    reason: str\n    payment_id: str\n\n\nclass StockRanLow",
        "    payment_id: str\n\n\nclass StockRanLow",
    )
    checked = copy.docs("check")
    assert "stock.refused.v2" in checked.stderr
    assert "contracts/upcasters.py" in checked.stderr


def test_a_new_field_that_may_be_absent_only_makes_the_files_stale(copy: Copy) -> None:
    copy.change(
        EVENTS,
        "    quantity: int  # what was asked for\n",
        "    quantity: int\n    shelf: str | None = None\n",
    )
    checked = copy.docs("check")
    assert checked.returncode == 1
    assert "ressources/schemas/stock.refused.v1.json is stale: ./shop docs generate" in checked.stderr
    assert "breaks" not in checked.stderr
    assert copy.docs("generate").returncode == 0
    assert copy.docs("check").returncode == 0


def test_a_changed_table_makes_the_files_stale(copy: Copy) -> None:
    old = "publishes=[PaymentAccepted, PaymentDeclined, StockRequested]"
    copy.change("payments_service/app.py", old, "publishes=[PaymentAccepted]")
    checked = copy.docs("check")
    assert checked.returncode == 1
    for name in ("docs/event_flow.md", "ressources/asyncapi.json"):
        assert f"{name} is stale" in checked.stderr
