"""`python -m users_service keys list|rotate|withdraw`: what a person does with the signing keys.

It notes what is wanted and ends; the replicas that run carry it out. Nothing secret is printed.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from contracts import rfc3339
from event_bus import Database, DatabaseUnavailable, OutboxFull
from users_service.keyring import add_key, retirement
from users_service.repository import SigningKey, SigningKeys
from users_service.rotation import Key, Rotation
from users_service.settings import Settings

DONE, FAILED, NOT_UNDERSTOOD = 0, 1, 2


def keys_command(arguments: Sequence[str], settings: Settings) -> int:
    """The exit code."""
    match list(arguments):
        case ["keys", "list" | "rotate" as what]:
            number = 0
        case ["keys", "withdraw" as what, text] if text.isdecimal():
            number = int(text)
        case _:
            _complain(
                "python -m users_service takes nothing, or: keys list, keys rotate, keys withdraw NUMBER"
            )
            return NOT_UNDERSTOOD
    try:
        return asyncio.run(_do(what, number, settings))
    except (DatabaseUnavailable, OutboxFull) as error:
        _complain(str(error))
        return FAILED


async def _do(what: str, number: int, settings: Settings) -> int:
    async with Database(settings.database_uri, settings.database) as database:
        keys = SigningKeys(database)
        there = await keys.all()
        rotation = Rotation([Key.of(key) for key in there], settings.key_readable_seconds, time.time())
        if what == "list":
            return _list(there, rotation)
        if what == "withdraw":
            return await _withdraw(keys, there, rotation, number)
        return await _rotate(keys, there, rotation)


def _list(there: Sequence[SigningKey], rotation: Rotation) -> int:
    for document, key in zip(there, rotation.keys, strict=True):
        _say(f"{key.number:>3}  {document['kid']}  {rotation.state(key)}{_until(key, rotation)}")
    return DONE


def _until(key: Key, rotation: Rotation) -> str:
    if key == rotation.coming and (seconds := rotation.signs_in(key)) is not None:
        return f", signs in {seconds:.0f} s"
    if rotation.state(key) == "expiring" and (end := rotation.expires_at(key)) is not None:
        return f", its last token expires by {rfc3339(datetime.fromtimestamp(end, UTC))}"
    return ""


async def _rotate(keys: SigningKeys, there: list[SigningKey], rotation: Rotation) -> int:
    if rotation.signing is None:
        _complain("no key signs yet: there is nothing to rotate")
        return FAILED
    if rotation.coming is not None or (made := await add_key(keys, there)) is None:
        _complain("a new key is on its way already: `keys list` shows when it signs")
        return FAILED
    _say(f"key {made['_id']} ({made['kid']}) is published now, and signs when it could be read for")
    _say(f"{rotation.wait:g} s. Key {rotation.signing.number} is kept until its last token has expired.")
    return DONE


async def _withdraw(keys: SigningKeys, there: Sequence[SigningKey], rotation: Rotation, number: int) -> int:
    kids = {
        key.number: document["kid"] for document, key in zip(there, rotation.keys, strict=True) if key.counts
    }
    if number not in kids:
        _complain(f"no key {number} counts: `keys list` shows which do")
        return FAILED
    await keys.withdraw(number, [retirement(kids[number])])
    _say(f"key {number} ({kids[number]}) is withdrawn: who has a token of it logs in again")
    return DONE


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _complain(sentence: str) -> None:
    sys.stderr.write(f"users_service: {sentence}\n")
