"""Whether what was accepted is still kept: asked of the services themselves, as a person would."""

import asyncio
from collections.abc import Mapping

import httpx2 as httpx

from proofs.history import History, Operation

AT_ONCE = 8  # calls
PATIENCE = 10  # times that a service may say that it is busy
PAUSE = 0.5  # seconds
BUSY = {429, 503}
THERE = {"register": 409, "pay": 200}


async def not_kept(history: History, urls: Mapping[str, str]) -> list[str]:
    """A name is taken, a payment can be looked up. A sentence for each that is not so."""
    kept = [operation for operation in history.of("ok") if operation.kind in THERE]
    turn = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(timeout=10) as http:

        async def look(operation: Operation) -> str | None:
            async with turn:
                status = await _status(http, urls, operation)
            if status == THERE[operation.kind]:
                return None
            return f"{operation.kind} {operation.name} was accepted, and looking it up gives {status}"

        return [said for said in await asyncio.gather(*map(look, kept)) if said]


async def _status(http: httpx.AsyncClient, urls: Mapping[str, str], operation: Operation) -> int:
    for _ in range(PATIENCE):
        if operation.kind == "register":
            form = {"username": operation.key, "password": "another"}  # by another one than who has the name
            answer = await http.post(f"{urls['users_service']}/register", data=form)
        else:
            payment = operation.answers[0]["payment_id"]
            answer = await http.get(f"{urls['payments_service']}/payments/{payment}")
        if answer.status_code not in BUSY:
            break
        await asyncio.sleep(PAUSE)
    return answer.status_code
