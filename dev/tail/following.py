"""The messages of a hub, each once: for ever, over cuts and restarts of the hub, or those that there are now.

Generators on purpose: what goes wrong where they are printed (a closed pipe is an OSError too) is no cut.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from dev.errors import NotReady, ShopError

AGAIN_AFTER = 0.5  # seconds between two tries; a hub that was killed is back within two
AWAY = 6  # tries after which it is said that they are made; before that, a word when it is over is enough
CLOSE_SECONDS = 1.0  # for the other side's goodbye: a hub that is frozen shall not hold up Ctrl-C
SILENT_SECONDS = 60.0  # of a download: a hub reads for all who are behind, each in turn
PASSING = (429, 503)  # no place is free, or the keys are not there yet

Message = dict[str, Any]
Query = Mapping[str, str]


class Hub:
    """`url` as a person writes it; no `topic`: the log lines. Raises ShopError."""

    def __init__(self, url: str, topic: str | None = None, bearer: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("ws", "wss", "http", "https") or not parts.netloc or parts.query:
            raise ShopError(f"{url} is no address of a hub, which is like ws://localhost:3000/")
        place = f"{parts.netloc}{parts.path.rstrip('/')}/"
        place += "" if topic is None else f"topics/{quote(topic, safe='')}"
        secure = "s" if parts.scheme in ("wss", "https") else ""
        self.websocket = f"ws{secure}://{place}"
        self.download = f"http{secure}://{place.rstrip('/')}/download"
        self.headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}


def follow(hub: Hub, begin: Query, only: Query, tell: Callable[[str], object]) -> Iterator[Message]:
    """For ever: from `begin`, and after a cut strictly behind the last message that was dealt with.

    Raises ShopError if it is refused, or if nobody was there from the first.
    """
    was_here, left, tries = False, 0.0, 0
    while True:
        try:
            with _connected(hub, {**begin, **only}) as frames:
                back = f"reconnected after {time.monotonic() - left:.1f} s"
                tell(back if was_here else f"connected to {hub.websocket}; lines appear as they come")
                was_here, tries = True, 0
                for frame in frames:
                    message = json.loads(frame)
                    yield message
                    begin = {"after": message["token"]}
        except NotReady as error:
            if not was_here:
                raise
            if tries == AWAY:
                tell(f"{error}; trying again")
        left = left if tries else time.monotonic()
        tries += 1
        time.sleep(AGAIN_AFTER)


def there_is(hub: Hub, begin: Query, only: Query) -> Iterator[Message]:
    """What there is now. Raises ShopError, also when it was cut off before its end."""
    request = Request(f"{hub.download}?{_query({**begin, **only})}", headers=hub.headers)
    try:
        with urlopen(request, timeout=SILENT_SECONDS) as answer:
            for line in answer:
                yield json.loads(line)
    except HTTPError as error:
        raise _refusal(hub, error.code, error.read()) from error
    except (OSError, HTTPException) as error:
        raise NotReady(f"{hub.download} was cut off: {getattr(error, 'reason', error)}") from error


@contextmanager
def _connected(hub: Hub, query: Query) -> Iterator[ClientConnection]:
    url = f"{hub.websocket}?{_query(query)}"
    try:
        with connect(
            url, additional_headers=hub.headers, max_size=None, close_timeout=CLOSE_SECONDS
        ) as frames:
            yield frames
    except InvalidStatus as error:
        raise _refusal(hub, error.response.status_code, bytes(error.response.body)) from error
    except (OSError, WebSocketException, EOFError) as error:
        raise NotReady(f"{hub.websocket} is away: {error}") from error


def _query(wanted: Query) -> str:
    return urlencode({"meta": "1", **wanted})


def _refusal(hub: Hub, status: int, body: bytes) -> ShopError:
    try:
        sentence = str(json.loads(body)["detail"])
    except (ValueError, LookupError, TypeError):
        sentence = f"HTTP {status}, without a reason"
    return (NotReady if status in PASSING else ShopError)(f"{hub.websocket} refuses: {sentence}")
