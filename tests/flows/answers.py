"""Asking a service something, with an eye on the clock; and what its /readyz names."""

import asyncio
import time
from typing import Any

import httpx2 as httpx


async def timed(http: httpx.AsyncClient, url: str, **how: Any) -> tuple[httpx.Response, float]:
    began = time.perf_counter()
    answer = await http.post(url, **how)
    return answer, time.perf_counter() - began


async def until_served(http: httpx.AsyncClient, url: str, seconds: float = 20) -> None:
    """Until the process answers at all, ready or not."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                assert (await http.get(f"{url}/healthz")).status_code == 200
                return
            except httpx.TransportError:
                await asyncio.sleep(0.05)


async def missing(http: httpx.AsyncClient, url: str) -> set[str]:
    """What /readyz names, when it is 503."""
    answer = await http.get(f"{url}/readyz")
    if answer.status_code == 200:
        return set()
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    return {item["name"] for item in answer.json()["missing"]}


async def until_missing(http: httpx.AsyncClient, url: str, names: set[str], seconds: float = 20) -> None:
    """Until exactly these are missing."""
    end = time.monotonic() + seconds
    while (found := await missing(http, url)) != names:
        assert time.monotonic() < end, f"{url} misses {found}, not {names}"
        await asyncio.sleep(0.1)
