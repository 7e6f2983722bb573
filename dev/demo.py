"""Plays the story of the README on a shop that runs: register, log in, pay, and every line as it arrives."""

import json
import secrets
import time
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from dev.errors import NotReady
from dev.record import Record
from dev.run import Say

ARRIVES_WITHIN = 10.0  # seconds for one line; an idle shop needs a tenth of one
QUIET = 1.0  # seconds after the last line in which no other may come
STORY = ["users.registered", "users.logged_in", "payments.accepted"]


def play(record: Record, say: Say) -> None:
    """NotReady, with a sentence, unless exactly these three lines come and the first is first."""
    name = f"demo-{secrets.token_hex(3)}"
    address = record.urls["logs_service"].replace("http://", "ws://") + "/"
    try:
        with connect(address, open_timeout=ARRIVES_WITHIN) as hub:
            _act(record, name, say)
            _check([line["event"] for line in _lines(hub, name, say)])
    except (OSError, WebSocketException) as error:
        raise NotReady(f"the demo lost {address}: {error}; ./shop status tells what runs") from error


def _act(record: Record, name: str, say: Say) -> None:
    users, payments = record.urls["users_service"], record.urls["payments_service"]
    person = {"username": name, "password": secrets.token_urlsafe(9)}
    say(f"registering {name}, logging in, paying")
    _post(f"{users}/register", person)
    token = _post(f"{users}/login", person)["access_token"]
    _post(f"{payments}/pay", {}, {"Authorization": f"Bearer {token}"})


def _post(url: str, form: dict[str, str], headers: dict[str, str] | None = None) -> dict[str, str]:
    try:
        with urlopen(Request(url, urlencode(form).encode(), headers or {}), timeout=ARRIVES_WITHIN) as answer:
            answered: dict[str, str] = json.load(answer)
            return answered
    except HTTPError as error:
        raise NotReady(f"POST {url} was answered with {error.code}: {error.read(300).decode()}") from error
    except URLError as error:
        raise NotReady(
            f"POST {url} was not answered: {error.reason}; ./shop status tells what runs"
        ) from error


def _lines(hub: ClientConnection, name: str, say: Say) -> list[dict[str, str]]:
    """The lines about this person, until three came and then none for a while."""
    lines: list[dict[str, str]] = []
    end = time.monotonic() + ARRIVES_WITHIN
    while (left := end - time.monotonic()) > 0:
        try:
            text = str(hub.recv(timeout=left))
        except TimeoutError:
            break
        line = json.loads(text)
        if line.get("user") == name:
            say(text)
            lines.append(line)
            end = time.monotonic() + (QUIET if len(lines) >= len(STORY) else ARRIVES_WITHIN)
    return lines


def _check(events: list[str]) -> None:
    """Registered and logged in have one key and keep their order; the payment has another and may overtake."""
    if sorted(events) != sorted(STORY):
        raise NotReady(
            f"three lines should have come, {', '.join(STORY)}; there came {', '.join(events) or 'none'}"
        )
    if events.index("users.registered") > events.index("users.logged_in"):
        raise NotReady("the log-in came before the registration: the order of one person's events is broken")
