"""Each check of the audit sees what it is for, and is silent about a shop that is as it must be."""

from collections.abc import Callable

import pytest

from dev.audit.checks import broken, check
from dev.audit.facts import Events, Facts, Movement, Payment, Refusal, Request
from dev.committed import Committed


def as_it_must_be() -> Facts:
    """Five mugs came; p1 bought two of them, p2 wanted nine and got its money back."""
    came = Movement(product="mug", number=1, quantity=5, level=5)
    sold = Movement(product="mug", number=2, quantity=-2, level=3, payment_id="p1")
    events = Events(
        requests=[Request(payment_id="p1", quantity=2, product="mug"), Request(payment_id="p2", quantity=9)],
        movements=[came, sold],
        refusals=[Refusal(product="mug", payment_id="p2", quantity=9)],
        accepted=[Payment(payment_id="p1"), Payment(payment_id="p2")],
        refunded=[Payment(payment_id="p2")],
        records=8,
    )
    return Facts(events, {"mug": 3}, {"mug": [came, sold]}, {"p2": "refunded"})


def offenders(facts: Facts) -> dict[str, list[str]]:
    return {found.check: list(found.offenders) for found in check(facts) if found.offenders}


def test_a_shop_as_it_must_be_has_no_offender() -> None:
    findings = check(as_it_must_be())
    assert offenders(as_it_must_be()) == {}
    assert not broken(findings)
    assert all(found.looked_at for found in findings)


Tamper = Callable[[Facts], object]


@pytest.mark.parametrize(
    ("tamper", "name", "offender"),
    [
        (
            lambda facts: facts.events.add([Committed("stock-3@17", "stock.moved.v1", b"{}")]),
            "every record can be read",
            "stock-3@17 stock.moved.v1",
        ),
        (
            lambda facts: facts.events.accepted.append(Payment(payment_id="p3")),
            "every accepted payment asked for its goods once",
            "payment p3: accepted once, asked never",
        ),
        (
            lambda facts: facts.events.requests.append(Request(payment_id="p1", quantity=2)),
            "every accepted payment asked for its goods once",
            "payment p1: accepted once, asked twice",
        ),
        (
            lambda facts: facts.events.accepted.pop(0),
            "every request for goods is of an accepted payment",
            "payment p1",
        ),
        (
            lambda facts: facts.events.refusals.append(Refusal(product="mug", payment_id="p1", quantity=2)),
            "every request has one answer: moved or refused",
            "payment p1: moved once, refused once",
        ),
        (
            lambda facts: facts.events.refusals.clear(),
            "every request has one answer: moved or refused",
            "payment p2: moved never, refused never",
        ),
        (
            lambda facts: facts.events.requests.append(
                facts.events.requests.pop(0).model_copy(update={"quantity": 1})
            ),
            "every answer fits its request",
            "payment p1: 2 mug for 1 mug",
        ),
        (
            lambda facts: facts.events.refunded.clear(),
            "every refusal has one refund, every refund one refusal",
            "payment p2: refused once, refunded never",
        ),
        (
            lambda facts: facts.events.refunded.append(Payment(payment_id="p1")),
            "every refusal has one refund, every refund one refusal",
            "payment p1: refused never, refunded once",
        ),
        (
            lambda facts: facts.statuses.update(p2="accepted"),
            "every refused payment says so: GET /payments/ID",
            "payment p2: accepted",
        ),
        (
            lambda facts: facts.levels.update(mug=4),
            "what came = level + what was sold, per product",
            "mug: 5 came, 4 are there, 2 were sold",
        ),
        (
            lambda facts: facts.levels.update(mug=4),
            "level = sum of its movements, per product",
            "mug: 4 are there, its movements make 3",
        ),
        (
            lambda facts: facts.ledger["mug"].insert(0, facts.ledger["mug"][0]),
            "movements are numbered 1, 2, … without a gap",
            "mug: movement 1 stands in place 2",
        ),
        (
            lambda facts: facts.ledger["mug"].append(Movement(product="mug", number=3, quantity=-4, level=-1)),
            "no level is below zero",
            "mug movement 3: -1",
        ),
        (
            lambda facts: facts.events.movements.append(facts.events.movements[0]),
            "every movement is one record on the topic",
            "mug movement 1 (+5, level 5): once too often on the topic",
        ),
        (
            lambda facts: facts.events.movements.pop(),
            "every movement is one record on the topic",
            "mug movement 2 (-2, level 3): not on the topic",
        ),
    ],
)  # fmt: skip
def test_what_was_tampered_with_is_named(tamper: Tamper, name: str, offender: str) -> None:
    facts = as_it_must_be()
    tamper(facts)
    assert offender in offenders(facts).get(name, [])
