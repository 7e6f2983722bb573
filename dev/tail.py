"""Prints the lines of the hub as they come, and connects again when it comes back."""

import sys
import time

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

AGAIN_AFTER = 1.0  # seconds


def follow(address: str) -> None:
    """For ever. The lines go to stdout; what happens to the connection to stderr, each change once."""
    away = False
    while True:
        try:
            with connect(address) as hub:
                away = False
                _tell(f"connected to {address}; lines appear as they come")
                for line in hub:
                    print(line, flush=True)
        except (OSError, WebSocketException) as error:
            if not away:
                _tell(f"{address} is away ({error}); trying again each second")
                away = True
        time.sleep(AGAIN_AFTER)


def _tell(sentence: str) -> None:
    print(f"shop: {sentence}", file=sys.stderr, flush=True)
