"""Finds clients that vanished without a word: one timer for all of them, not a task each."""

import asyncio

from logs_service.hub import Hub


async def keep_alive(hub: Hub, interval: float) -> None:
    """Every `interval` seconds each client is pinged, or closed if it gave no sign since the ping before."""
    while True:
        await asyncio.sleep(interval)
        for client in tuple(hub.clients):
            client.keep_alive()
