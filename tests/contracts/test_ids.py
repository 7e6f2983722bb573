"""Random ids: version 4, never the same twice, in no thread and in no child of this process."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

import pytest

from contracts import new_id

FORKS = """
import os
from contracts import new_id
new_id()  # now there are bits in store
child = os.fork()
print(new_id())
if child:
    os.wait()
"""


def test_an_id_is_a_uuid_of_version_4() -> None:
    assert {(new_id().version, new_id().variant) for _ in range(1000)} == {(4, RFC_4122)}


def test_threads_never_share_one() -> None:
    def some(_: int) -> list[UUID]:
        return [new_id() for _ in range(5_000)]

    with ThreadPoolExecutor(4) as pool:
        made = [one for few in pool.map(some, range(4)) for one in few]
    assert len(set(made)) == 20_000


def test_a_forked_child_makes_others() -> None:
    answer = subprocess.run([sys.executable, "-c", FORKS], capture_output=True, text=True, check=True)
    assert len(set(answer.stdout.split())) == 2


def test_the_system_is_asked_for_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    fetch: Callable[[int], bytes] = os.urandom

    def counting(size: int) -> bytes:
        asked.append(size)
        return fetch(size)

    monkeypatch.setattr(os, "urandom", counting)
    for _ in range(1000):
        new_id()
    assert len(asked) <= 4
