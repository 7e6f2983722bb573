"""Bodies for the operations that take one: nearly right, plainly wrong, and bytes that are no body at all."""

import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st

from tests.fuzz.wire import Request

FORM, JSON = b"application/x-www-form-urlencoded", b"application/json"
# A path with its fields, and a value of each that is accepted.
GOOD: dict[tuple[str, str], dict[str, str]] = {
    ("users_service", "/register"): {
        "username": "fuzz", "password": "secret", "name": "Fuzz", "email": "a@b.c",
    },
    ("users_service", "/login"): {"username": "fuzz", "password": "secret"},
    ("payments_service", "/pay"): {
        "amount": "25.00", "currency": "EUR", "product": "mug", "quantity": "1", "method": "card",
        "order_id": "o1", "reference": "r1",
    },
    ("inventories_service", "/stock/fuzz/movements"): {"quantity": "5", "reason": "delivery"},
}  # fmt: skip

TEXT = st.text(max_size=40) | st.text(
    st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"]), max_size=10
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXT
    | st.sampled_from([10**400, -0.0, "x" * 5000]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [b"Idempotency-Key", b"Authorization", b"X-Request-ID", b"traceparent", b"Content-Encoding", b"Accept",
             b"Content-Type", b"Origin", b"Cookie", b"X-Forwarded-For", b"Expect"]
        ),
        st.binary(max_size=30).map(lambda raw: raw.translate(None, b"\x00\r\n"))
        | st.sampled_from(
            [b"", b"Bearer x.y.z", b"Bearer " + b"a" * 3000, b"Basic YTpi", b"k" * 256, b"100-continue", b"gzip"]
        ),
    ),
    max_size=2,
)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn, path: str, good: dict[str, str]) -> Request:
    kind, body = draw(
        forms(good) | documents(good) | st.tuples(st.sampled_from([FORM, JSON]), st.binary(max_size=200))
    )
    media_type = draw(
        st.sampled_from([kind] * 8 + [b"text/plain", kind + b"; charset=latin-1", kind + b";charset=UTF-8"])
    )
    headers = [(b"Content-Type", media_type), *draw(HEADERS)]
    return Request(b"POST", path.encode(), headers, body)


@st.composite
def forms(draw: st.DrawFn, good: dict[str, str]) -> tuple[bytes, bytes]:
    pairs = list(_changed(draw, good, TEXT).items())
    if draw(st.booleans()):
        pairs.append((draw(st.sampled_from(sorted(good)) | TEXT), draw(TEXT)))  # perhaps for the second time
    body = urlencode([(_bytes(name), _bytes(text)) for name, text in pairs]).encode()
    return FORM, body + draw(
        st.sampled_from([b""] * 6 + [b"&x=%F", b"&%FF=1", b"&&&", b"&=", b";", b"\xff", b"&x=\x00"])
    )


@st.composite
def documents(draw: st.DrawFn, good: dict[str, str]) -> tuple[bytes, bytes]:
    text = json.dumps(_changed(draw, good, VALUES), ensure_ascii=draw(st.booleans()))
    cut = draw(st.sampled_from([0] * 6 + [1, 5]))
    return JSON, _bytes(text)[: len(text) - cut]


def _changed(draw: st.DrawFn, good: dict[str, str], values: st.SearchStrategy[Any]) -> dict[str, Any]:
    """Some fields are left out, some have another value. A name that is taken would hide what else is wrong."""
    good = good if "username" not in good else good | {"username": f"u{draw(st.integers(0, 10**9))}"}
    names = draw(st.lists(st.sampled_from(sorted(good)), unique=True, max_size=2))
    gone = draw(st.lists(st.sampled_from(sorted(good)), unique=True, max_size=1))
    fields = {name: text for name, text in good.items() if name not in gone}
    return fields | {name: draw(values) for name in names}


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
