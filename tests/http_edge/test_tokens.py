"""A token is what its signer made, in every byte, for this audience and this moment, or it is refused."""

import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from hypothesis import given
from hypothesis import strategies as st
from jwt.utils import base64url_encode

from http_edge.errors import InvalidToken, UnknownKey
from http_edge.keys import KeyPair, KeyRing, UnusableKey, generate_key_pair, thumbprint
from http_edge.tokens import MAX_TOKEN_CHARACTERS, Claims, Signer, verify

PAIR = generate_key_pair()
SIGNER = Signer(PAIR, issuer="/users_service", audience="shop", lifetime=3600)  # longer than a run
TOKEN = SIGNER.token("alice")
CLAIMS = {"iss": "/users_service", "aud": "shop", "sub": "alice", "jti": "t1"}


def ring(*pairs: KeyPair) -> KeyRing:
    keys = KeyRing()
    for pair in pairs:
        keys.apply(pair.kid, pair.public_jwk())
    return keys


RING = ring(PAIR)


def checked(token: str, keys: KeyRing = RING) -> Claims:
    return verify(token, keys, issuer="/users_service", audience="shop", leeway=5)


def signed(changes: dict[str, Any], headers: dict[str, Any] | None = None) -> str:
    now = int(time.time())
    claims = {**CLAIMS, "iat": now, "exp": now + 60, **changes}
    kept = {name: value for name, value in claims.items() if value is not ...}
    return jwt.encode(kept, PAIR.private_key, "EdDSA", headers={"kid": PAIR.kid, **(headers or {})})


def written(head: str, claims: str) -> str:
    """JSON as it stands here, under a signature that is right."""
    text = b".".join(base64url_encode(part.encode()) for part in (head, claims))
    return (text + b"." + base64url_encode(PAIR.private_key.sign(text))).decode()


def test_a_token_says_who_and_until_when() -> None:
    claims = checked(TOKEN)
    assert (claims.subject, claims.key_id) == ("alice", PAIR.kid)
    assert claims.expires_at == claims.issued_at + 3600
    assert claims.token_id


def test_no_two_tokens_have_the_same_id() -> None:
    assert checked(TOKEN).token_id != checked(SIGNER.token("alice")).token_id


@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="latin-1"))
def test_any_changed_character_makes_it_invalid(at: int, character: str) -> None:
    changed = TOKEN[:at] + character + TOKEN[at + 1 :]
    if changed == TOKEN:
        return
    with pytest.raises(InvalidToken):
        checked(changed)


def test_the_spare_bits_of_the_signature_count_too() -> None:
    """The last character of 64 bytes in base64 carries two bits: each signature has 16 spellings."""
    for character in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=":
        if character != TOKEN[-1]:
            with pytest.raises(InvalidToken):
                checked(TOKEN[:-1] + character)


@pytest.mark.parametrize(
    "changed", [TOKEN + "=", TOKEN + "==", TOKEN.replace(".", "=.", 1), TOKEN + "\n", f" {TOKEN}"]
)
def test_a_token_has_one_spelling(changed: str) -> None:
    with pytest.raises(InvalidToken):
        checked(changed)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_no_text_ends_in_anything_but_claims_or_invalid_token(text: str) -> None:
    with pytest.raises(InvalidToken):
        checked(text)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "/other"},
        {"aud": "other"},
        {"exp": int(time.time()) - 6},
        {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 7200},
        {"nbf": int(time.time()) + 3600},
        {"sub": 7},
        {"sub": ""},
        {"jti": 7},
        {"exp": "tomorrow"},
        {"exp": float("inf")},
        {"iat": float("nan")},
        {"iat": None},
        *({name: ...} for name in ("exp", "iat", "iss", "aud", "sub", "jti")),
    ],
)
def test_claims_must_be_there_and_right(changes: dict[str, Any]) -> None:
    assert checked(signed({})).subject == "alice"
    with pytest.raises(InvalidToken):
        checked(signed(changes))


def test_an_expired_token_is_said_to_be_expired() -> None:
    with pytest.raises(InvalidToken, match="expired"):
        checked(SIGNER.token("alice", now=time.time() - 3700))


def test_clocks_may_differ_by_the_leeway() -> None:
    assert checked(SIGNER.token("alice", now=time.time() - 3602)).subject == "alice"
    assert checked(SIGNER.token("alice", now=time.time() + 3)).subject == "alice"


def test_the_algorithm_is_not_for_the_token_to_choose() -> None:
    now = int(time.time())
    claims = {**CLAIMS, "iat": now, "exp": now + 60}
    headers = {"kid": PAIR.kid}
    x = PAIR.public_jwk()["x"]
    for token in (
        jwt.encode(claims, "", "none", headers=headers),
        jwt.encode(claims, x.ljust(64, "="), "HS256", headers=headers),
        jwt.encode(claims, generate_private_key(SECP256R1()), "ES256", headers=headers),
    ):
        with pytest.raises(InvalidToken):
            checked(token)


@pytest.mark.parametrize(
    "headers",
    [
        {"typ": "at+jwt"},
        {"typ": "jwt"},
        {"typ": None},
        {"cty": "JWT"},
        {"crit": ["exp"]},
        {"jku": "https://keys.example/keys.json"},
        {"jwk": PAIR.public_jwk()},
        {"x5u": "https://keys.example/keys.pem"},
    ],
    ids=lambda headers: "-".join(headers),
)
def test_the_head_of_a_token_says_what_ours_say_and_nothing_else(headers: dict[str, Any]) -> None:
    """The signature is right: it is the head alone for which it is refused."""
    assert checked(signed({}, {})).subject == "alice"
    with pytest.raises(InvalidToken):
        checked(signed({}, headers))


HEAD = f'{{"alg":"EdDSA","typ":"JWT","kid":"{PAIR.kid}"}}'
SAID = json.dumps({**CLAIMS, "iat": int(time.time()), "exp": int(time.time()) + 3600, "generation": 1})


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (HEAD, SAID[:-1] + ',"sub":"root"}'),
        (HEAD, SAID[:-1] + ',"exp":99999999999}'),
        (HEAD, SAID[:-1] + ',"x":{"y":1,"y":2}}'),
        (HEAD[:-1] + ',"alg":"EdDSA"}', SAID),
        (HEAD.replace('"alg"', '"alg":"none","alg"'), SAID),
        (HEAD[:-1] + f',"kid":"{PAIR.kid}"}}', SAID),
    ],
    ids=["sub", "exp", "further in", "the same alg", "another alg", "kid"],
)
def test_what_a_token_says_it_says_once(head: str, said: str) -> None:
    assert checked(written(HEAD, SAID)).subject == "alice"
    with pytest.raises(InvalidToken):
        checked(written(head, said))


@pytest.mark.parametrize("kid", ["", "null", "7", "true", '["id"]', "{}"])
def test_the_id_of_a_key_is_text_and_nobody_looks_for_anything_else(kid: str) -> None:
    named = f',"kid":{kid}' if kid else ""
    with pytest.raises(InvalidToken) as refused:
        checked(written(f'{{"alg":"EdDSA","typ":"JWT"{named}}}', SAID))
    assert not isinstance(refused.value, UnknownKey)


@pytest.mark.parametrize("generation", ['"9"', "-1", "1.5", "true", "null", "[1]"])
def test_a_generation_is_a_count(generation: str) -> None:
    """It is compared with that of the user: what is no number would be no answer, or a 500."""
    assert checked(written(HEAD, SAID)).generation == 1
    with pytest.raises(InvalidToken):
        checked(written(HEAD, SAID.replace('"generation": 1', f'"generation": {generation}')))


def test_what_is_longer_than_any_token_of_ours_is_not_even_looked_at() -> None:
    assert checked(signed({"x": "y" * 1000})).subject == "alice"
    with pytest.raises(InvalidToken, match="not a token"):
        checked(signed({"x": "y" * MAX_TOKEN_CHARACTERS}))


def test_a_key_that_was_never_seen_is_told_apart_so_that_it_can_be_looked_for() -> None:
    other = generate_key_pair()
    with pytest.raises(UnknownKey) as unknown:
        checked(Signer(other, "/users_service", "shop", 60).token("alice"))
    assert unknown.value.kid == other.kid


def test_nobody_looks_for_the_key_of_a_token_of_another_kind() -> None:
    with pytest.raises(InvalidToken) as refused:
        checked(jwt.encode(CLAIMS, "", "none", headers={"kid": "unknown"}))
    assert not isinstance(refused.value, UnknownKey)


def test_another_key_under_a_known_id_signs_nothing() -> None:
    other = generate_key_pair()
    now = int(time.time())
    claims = {**CLAIMS, "iat": now, "exp": now + 60}
    forged = jwt.encode(claims, other.private_key, "EdDSA", headers={"kid": PAIR.kid})
    with pytest.raises(InvalidToken):
        checked(forged)


def test_a_withdrawn_key_signs_nothing_and_a_second_key_signs_beside_the_first() -> None:
    second = generate_key_pair()
    keys = ring(PAIR, second)
    assert checked(TOKEN, keys).subject == "alice"
    assert checked(Signer(second, "/users_service", "shop", 60).token("bob"), keys).subject == "bob"
    keys.apply(PAIR.kid, None)
    with pytest.raises(UnknownKey):
        checked(TOKEN, keys)


def test_a_key_pair_survives_its_store() -> None:
    again = KeyPair.from_pem(PAIR.pem())
    assert again.kid == PAIR.kid
    assert checked(Signer(again, "/users_service", "shop", 60).token("alice")).subject == "alice"


def test_the_thumbprint_is_that_of_rfc_8037_appendix_a_3() -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_only_public_members_leave_the_ring() -> None:
    keys = KeyRing()
    keys.apply(PAIR.kid, {**PAIR.public_jwk(), "d": "private"})
    assert keys.jwks() == {"keys": [PAIR.public_jwk()]}
    assert set(PAIR.public_jwk()) == {"kty", "crv", "x", "kid", "alg", "use"}
    assert "private" not in json.dumps(keys.jwks())
    assert "PRIVATE" not in repr(PAIR)


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "RSA"},
        {**PAIR.public_jwk(), "x": "AAAA"},
        {**PAIR.public_jwk(), "x": 7},
        {**PAIR.public_jwk(), "kid": "k"},
    ],
)
def test_what_is_no_key_leaves_the_ring_as_it_was(jwk: dict[str, Any]) -> None:
    keys = ring(PAIR)
    with pytest.raises(UnusableKey):
        keys.apply(PAIR.kid, jwk)
    assert checked(TOKEN, keys).subject == "alice"
