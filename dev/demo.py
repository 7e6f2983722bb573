"""Plays the story of the README on a shop that runs, and shows every line as it arrives.

Register, log in, pay; then a payment for what is out of stock, which is given back.
"""

import json
import secrets
import time

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from dev.errors import NotReady
from dev.http_calls import get, post
from dev.record import Record
from dev.run import Say

ARRIVES_WITHIN = 10.0  # seconds for one line; an idle shop needs a tenth of one
QUIET = 1.0  # seconds after the last line in which no other may come
STORY = ["users.registered", "users.logged_in", "payments.accepted"]
TELLING = ("users_service", "payments_service")
TAKEN_BACK = ["payments.accepted", "payments.refunded"]
SOLD_OUT = {
    "product": "poster",
    "quantity": "9999",
}  # none in the catalogue; and should somebody have booked some

Line = dict[str, str]


def play(record: Record, say: Say) -> None:
    """NotReady, with a sentence, unless exactly the lines of the story come, in the order that they must have."""
    name = f"demo-{secrets.token_hex(3)}"
    address = record.urls["logs_service"].replace("http://", "ws://") + "/"
    payments = record.urls["payments_service"]
    try:
        with connect(address, open_timeout=ARRIVES_WITHIN) as hub:
            say(f"registering {name}, logging in, paying")
            bearer = _act(record, name)
            _check([line["event"] for line in _lines(hub, name, len(STORY), say)])
            say("paying for posters, which are out of stock")
            payment = post(f"{payments}/pay", SOLD_OUT, bearer)["payment_id"]
            _check_taken_back(_lines(hub, name, len(TAKEN_BACK), say))
    except (OSError, WebSocketException) as error:
        raise NotReady(f"the demo lost {address}: {error}; ./shop status tells what runs") from error
    status = get(f"{payments}/payments/{payment}")["status"]
    say(f"GET /payments/{payment} says: {status}")
    if status != "refunded":
        raise NotReady(f"the payment was refunded and says that it is {status}")


def _act(record: Record, name: str) -> dict[str, str]:
    """Gives the header that proves who it is."""
    users = record.urls["users_service"]
    person = {"username": name, "password": secrets.token_urlsafe(9)}
    post(f"{users}/register", person)
    bearer = {"Authorization": f"Bearer {post(f'{users}/login', person)['access_token']}"}
    post(f"{record.urls['payments_service']}/pay", {}, bearer)
    return bearer


def _lines(hub: ClientConnection, name: str, expected: int, say: Say) -> list[Line]:
    """The lines of these two services about this person, until so many came and then none for a while.

    A further service may have something to say to the same events.
    """
    lines: list[Line] = []
    end = time.monotonic() + ARRIVES_WITHIN
    while (left := end - time.monotonic()) > 0:
        try:
            text = str(hub.recv(timeout=left))
        except TimeoutError:
            break
        line = json.loads(text)
        if line.get("user") == name and line["service"] in TELLING:
            say(text)
            lines.append(line)
            end = time.monotonic() + (QUIET if len(lines) >= expected else ARRIVES_WITHIN)
    return lines


def _check(events: list[str]) -> None:
    """Registered and logged in have one key and keep their order; the payment has another and may overtake."""
    if sorted(events) != sorted(STORY):
        raise NotReady(
            f"three lines should have come, {', '.join(STORY)}; there came {', '.join(events) or 'none'}"
        )
    if events.index("users.registered") > events.index("users.logged_in"):
        raise NotReady("the log-in came before the registration: the order of one person's events is broken")


def _check_taken_back(lines: list[Line]) -> None:
    """Both lines have the payment as their key, so they keep their order."""
    events = [line["event"] for line in lines]
    if events != TAKEN_BACK:
        came = ", ".join(events) or "none"
        raise NotReady(
            f"two lines should have come, {', '.join(TAKEN_BACK)} in this order; there came {came}"
        )
    if len({line["correlation_id"] for line in lines}) != 1:
        raise NotReady("the payment and its refund have two correlation ids: they are not one story")
