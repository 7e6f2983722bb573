"""The Idempotency-Key is 1 to 255 visible ASCII characters, once, or the request is refused."""

import pytest
from starlette.testclient import TestClient


@pytest.mark.parametrize("key", ["k", "!~", "a" * 255])
def test_a_visible_key_is_taken_as_it_is(client: TestClient, key: str) -> None:
    assert client.post("/key", headers={"Idempotency-Key": key}).json() == {"key": key}


def test_no_key_is_fine(client: TestClient) -> None:
    assert client.post("/key").json() == {"key": None}


@pytest.mark.parametrize("key", [b"", b"a" * 256, b"a b", b"\xc3\xa9", b"a\tb", b"a\x7f"])
def test_any_other_key_is_refused(client: TestClient, key: bytes) -> None:
    assert client.post("/key", headers={"Idempotency-Key": key}).status_code == 400


def test_two_keys_are_refused(client: TestClient) -> None:
    doubled = [("Idempotency-Key", "a"), ("Idempotency-Key", "a")]
    assert client.post("/key", headers=doubled).status_code == 400
