"""No password, hash, token or private key comes out of the shop: not on a topic, not in an error, not in a log."""

from pathlib import Path
from typing import Any

import httpx2 as httpx
from pymongo import MongoClient

from contracts.topics import ALL as TOPICS
from tests.flows.shops import ALL, OpenShop, open_shop
from tests.flows.topics import until_records

MARKER = "Geheim-4711"


async def story(shop: OpenShop, http: httpx.AsyncClient) -> tuple[str, str]:
    """Whatever can go wrong with a password and a token. Gives the bodies of the errors, and the token."""
    alice = {"username": "alice", "password": MARKER, "email": "alice@example.org"}
    json_headers = {"Content-Type": "application/json"}
    await http.post(f"{shop.users}/register", data=alice)
    token = (await http.post(f"{shop.users}/login", data=alice)).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    await http.post(f"{shop.payments}/pay", headers=bearer)
    answers = [
        await http.post(f"{shop.users}/register", data=alice),
        await http.post(f"{shop.users}/register", data={"username": "bob", "password": MARKER * 9}),
        await http.post(f"{shop.users}/register", data={"username": "bob", "password": MARKER[:5]}),
        await http.post(f"{shop.users}/register", data={"username": MARKER + "!", "password": MARKER}),
        await http.post(
            f"{shop.users}/register", data={"username": "bob", "password": MARKER, "email": MARKER}
        ),
        await http.post(f"{shop.users}/register", json={"username": "bob", "password": [MARKER]}),
        await http.post(f"{shop.users}/register", content=f'{{"password":"{MARKER}"', headers=json_headers),
        await http.post(f"{shop.users}/login", data={"username": "alice", "password": MARKER + "x"}),
        await http.post(f"{shop.users}/login", data={"username": "bob", "password": MARKER}),
        await http.post(f"{shop.users}/login?password={MARKER}", data={}),
        await http.get(f"{shop.users}/{MARKER}"),
        await http.post(f"{shop.payments}/pay", headers={"Authorization": f"Basic {MARKER}"}),
        await http.post(f"{shop.payments}/pay", headers={"Authorization": f"Bearer {token[:-4]}AAAA"}),
        await http.post(
            f"{shop.payments}/pay", headers=bearer, data={"amount": MARKER, "reference": "x" * 65}
        ),
    ]
    assert all(answer.is_client_error for answer in answers)
    return "".join(answer.text for answer in answers), token


async def test_what_is_secret_stays_inside(
    tmp_path: Path, kafka: Any, mongo: Any, http: httpx.AsyncClient
) -> None:
    with open_shop(tmp_path, kafka, mongo, *ALL) as shop:
        errors, token = await story(shop, http)
        await until_records(lambda: shop.records("logs"), lambda found: len(found) >= 3)
        topics = b""
        for topic in TOPICS:
            for record in await shop.records(topic.name):
                topics += b"\n".join(
                    [record.key or b"", record.value or b"", *(part for _, part in record.headers)]
                )
        with MongoClient(mongo.uri) as client:
            database = client[shop.environment["USERS_DATABASE"]]
            user, key = database.users.find_one({"_id": "alice"}), database.signing_keys.find_one()
            everything_stored = str([*database.users.find(), *database.signing_keys.find()])
    assert user is not None
    assert key is not None
    logs = "".join(service.log.read_text() for service in shop.services.values())
    assert "alice" in logs  # the places that are searched are the right ones
    assert b"alice" in topics
    secrets = [MARKER, token, user["password_hash"], "$2b$", *key["pem"].splitlines()]
    for place, text in {"an error": errors, "a topic": topics.decode(), "a log": logs}.items():
        for secret in secrets:
            assert secret not in text, f"{secret[:12]}… in {place}"
    assert MARKER not in everything_stored
    assert "alice@example.org" not in logs
