"""Prints the lines of the hub as they come, and connects again when it comes back."""

import sys
import time

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

AGAIN_AFTER = 1.0  # seconds


def follow(address: str) -> None:
    """For ever."""
    told = False
    while True:
        try:
            with connect(address) as hub:
                told = False
                for line in hub:
                    print(line, flush=True)
        except (OSError, WebSocketException) as error:
            if not told:
                print(
                    f"shop: {address} is away ({error}); trying again each second",
                    file=sys.stderr,
                    flush=True,
                )
                told = True
        time.sleep(AGAIN_AFTER)
