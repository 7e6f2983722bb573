"""Somebody registers, logs in and pays with curl, and watches three lines arrive."""

from typing import Any

import httpx2 as httpx

from tests.flows.watching import events, watching

ALICE = {"username": "alice", "password": "secret"}


async def test_register_login_and_pay_are_three_lines_in_order(shop: Any) -> None:
    async with watching(shop.websocket) as watcher, httpx.AsyncClient() as http:
        registered = await http.post(f"{shop.users_service.url}/register", data=ALICE)
        logged_in = await http.post(f"{shop.users_service.url}/login", data=ALICE)
        paid = await http.post(f"{shop.payments_service.url}/pay")
        lines = await watcher.count(3)

    assert (registered.status_code, logged_in.status_code, paid.status_code) == (201, 200, 201)
    of_alice = [line for line in lines if line.get("user") == "alice"]
    assert events(of_alice) == ["users.registered", "users.logged_in"]
    assert of_alice[0]["message"] == "User alice registered successfully"
    (payment,) = [line for line in lines if line.get("user") == "guest"]
    assert payment["message"] == "guest paid 25.00 EUR"
    assert payment["event_id"] == paid.json()["event_ids"][0]
    assert payment["correlation_id"] == paid.headers["X-Request-ID"]
    assert len(lines) == 3


async def test_a_payment_with_a_token_is_the_users(shop: Any) -> None:
    async with httpx.AsyncClient() as http:
        await http.post(f"{shop.users_service.url}/register", data=ALICE)
        token = (await http.post(f"{shop.users_service.url}/login", data=ALICE)).json()["access_token"]
        paid = await http.post(
            f"{shop.payments_service.url}/pay",
            json={"amount": 12.5, "reference": "r17"},
            headers={"Authorization": f"Bearer {token}"},
        )
        seen = await http.get(f"{shop.payments_service.url}/payments/{paid.json()['payment_id']}")
    assert paid.json()["amount"] == "12.50"
    assert (seen.json()["payer"], seen.json()["states"]) == ("alice", ["accepted"])


async def test_the_fields_of_a_line_come_in_the_documented_order(shop: Any) -> None:
    async with watching(shop.websocket) as watcher, httpx.AsyncClient() as http:
        await http.post(f"{shop.payments_service.url}/pay", data={"reference": "r17"})
        (line,) = await watcher.count(1)
    assert list(line) == [
        "time", "level", "service", "event", "message", "user", "event_id", "correlation_id", "trace_id",
    ]  # fmt: skip
    assert line["message"] == "guest paid 25.00 EUR (reference r17)"
    assert (line["level"], line["service"], line["event"]) == (
        "INFO",
        "payments_service",
        "payments.accepted",
    )
