"""Every kind of bad body has its answer, and none of them is a 500."""

import json
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, BeforeValidator, Field
from starlette.testclient import TestClient

from http_edge.bodies import FORM, JSON, MAX_FIELD_BYTES, MAX_FIELDS, fields_of, validated
from http_edge.errors import Problem, Unprocessable

DOUBLE = b'{"amount":"1","amount":"2"}'


def post(client: TestClient, body: bytes, content_type: str | None = FORM) -> tuple[int, dict[str, Any]]:
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = client.post("/orders", content=body, headers=headers)
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
    return answer.status_code, answer.json()


@pytest.mark.parametrize("content_type", [None, FORM, JSON, "text/plain"])
def test_no_body_means_all_defaults(client: TestClient, content_type: str | None) -> None:
    status, answer = post(client, b"", content_type)
    assert (status, answer["amount"], answer["quantity"]) == (201, "25.00", 1)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"amount=5.00&quantity=2&note=caf%C3%A9+au+lait", FORM),
        ("amount=5.00&quantity=2&note=café au lait".encode(), FORM),
        (
            b"amount=5.00&quantity=2&note=caf%C3%A9+au+lait&",
            "Application/X-WWW-Form-Urlencoded; charset=UTF-8",
        ),
        (b'{"amount":5.00,"quantity":2,"note":"caf\\u00e9 au lait"}', JSON),
        ('{"amount":"5.00","quantity":"2","note":"café au lait"}'.encode(), "application/json;charset=utf-8"),
        (b'{"amount":5.00,"quantity":2,"note":"caf\\u00e9 au lait","unknown":[{"x":null}]}', JSON),
    ],
)
def test_a_form_and_json_of_the_same_fields_are_the_same(
    client: TestClient, body: bytes, content_type: str
) -> None:
    status, answer = post(client, body, content_type)
    assert (status, answer["amount"], answer["quantity"], answer["note"]) == (201, "5.00", 2, "café au lait")


def test_numbers_of_json_keep_their_text(client: TestClient) -> None:
    assert post(client, b'{"amount":25.00}', JSON)[1]["amount"] == "25.00"
    assert post(client, b'{"amount":25}', JSON)[1]["amount"] == "25"
    assert post(client, b'{"amount":1e3}', JSON)[0] == 422
    assert post(client, b'{"amount":' + b"9" * 4097 + b"}", JSON)[0] == 400


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"note=\xff", FORM),
        (b"note=%FF", FORM),
        (b"%FF=x", FORM),
        (b"note=%ED%A0%80", FORM),
        (b"note=100%", FORM),
        (b"note=%zz", FORM),
        (b"note=%4", FORM),
        (b"note=a&note=b", FORM),
        (b"note=a&n%6Fte=b", FORM),
        (b"x=1&x=2", FORM),
        (b"note=" + b"a" * (MAX_FIELD_BYTES + 1), FORM),
        (b"note=" + "é".encode() * (MAX_FIELD_BYTES // 2) + b"a", FORM),
        (b"a" * (MAX_FIELD_BYTES + 1), FORM),
        (b"&".join(b"f%d=" % n for n in range(MAX_FIELDS + 1)), FORM),
        (b'{"note":"\xff"}', JSON),
        (b"{", JSON),
        (b"{} {}", JSON),
        (b"\xef\xbb\xbf{}", JSON),
        ('{"note":"a"}'.encode("utf-16"), JSON),
        (b"[]", JSON),
        (b'"text"', JSON),
        (b"null", JSON),
        (b"25", JSON),
        (b'{"amount":NaN}', JSON),
        (b'{"amount":-Infinity}', JSON),
        (DOUBLE, JSON),
        (b'{"x":{"a":1,"a":2}}', JSON),
        (rb'{"note":"\ud800"}', JSON),
        (rb'{"note":"\uDFFFx"}', JSON),
        (rb'{"\ud800":1}', JSON),
        (rb'{"x":["\ud800"]}', JSON),
        (b"[" * 8000, JSON),
        (b'{"x":' * 1500, JSON),
        (b'{"x":' + b"[" * 4000 + b"]" * 4000 + b"}", JSON),
        (json.dumps({"note": "a" * (MAX_FIELD_BYTES + 1)}).encode(), JSON),
        (json.dumps({f"f{n}": 1 for n in range(MAX_FIELDS + 1)}).encode(), JSON),
        (b'{"note":"a\nb"}', JSON),
    ],
)
def test_bytes_that_are_not_what_they_claim_are_refused(
    client: TestClient, body: bytes, content_type: str
) -> None:
    assert post(client, body, content_type)[0] == 400


def test_the_largest_fields_and_numbers_of_fields_are_taken(client: TestClient) -> None:
    longest = b"a" * MAX_FIELD_BYTES
    assert post(client, b"note=" + longest)[0] == 201
    assert post(client, b"&".join(b"f%d=" % n for n in range(MAX_FIELDS)))[0] == 201
    assert post(client, rb'{"note":"\ud83d\ude00"}', JSON)[1]["note"] == "😀"


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        FORM + ";charset=latin1",
    ],
)
def test_other_media_types_are_refused_with_the_accepted_ones(
    client: TestClient, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = client.post("/orders", content=b"note=x", headers=headers)
    assert answer.status_code == 415
    assert answer.headers["Accept-Post"] == f"{FORM}, {JSON}"


def test_a_doubled_content_type_and_a_compressed_body_are_refused(client: TestClient) -> None:
    doubled = [("Content-Type", FORM), ("Content-Type", JSON)]
    assert client.post("/orders", content=b"{}", headers=doubled).status_code == 415
    compressed = {"Content-Type": JSON, "Content-Encoding": "gzip"}
    assert client.post("/orders", content=b"{}", headers=compressed).status_code == 415


def test_a_field_that_is_not_as_it_must_be_is_named(client: TestClient) -> None:
    status, problem = post(client, b"quantity=0&amount=1e3")
    assert status == 422
    assert [error["field"] for error in problem["errors"]] == ["amount", "quantity"]
    assert all(error["message"] for error in problem["errors"])


@pytest.mark.parametrize("body", [b"username=alice&password=hunt3", b"username=alice&password=%00%01abc"])
def test_what_was_given_is_never_in_the_answer(client: TestClient, body: bytes) -> None:
    answer = client.post("/login", content=body, headers={"Content-Type": FORM})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["password"]
    assert "hunt3" not in answer.text
    assert "abc" not in answer.text


class Fields(BaseModel):
    amount: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]{2})?$")] = "25.00"
    quantity: Annotated[int, Field(ge=1)] = 1
    note: str = ""


def outcome(content_type: str, body: bytes) -> tuple[int, object]:
    """The status of the problem and its members, or 200 and the model, which must be fit to be sent on."""
    try:
        fields = validated(Fields, fields_of([content_type], body))
    except Problem as problem:
        return problem.status, problem.members
    fields.model_dump_json().encode()
    return 200, fields


@given(st.binary(max_size=200), st.sampled_from([FORM, JSON]))
def test_no_bytes_end_in_anything_but_a_model_or_a_problem(body: bytes, content_type: str) -> None:
    assert outcome(content_type, body)[0] in (200, 400, 422)


ANY_TEXT = st.text(st.characters(exclude_categories=()))  # with lone surrogates
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["amount", "quantity", "note", "x"]), ANY_JSON))
def test_no_json_ends_in_anything_but_a_model_or_a_problem(fields: dict[str, Any]) -> None:
    assert outcome(JSON, json.dumps(fields).encode())[0] in (200, 400, 422)


SOME_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "amount": st.from_regex(r"[0-9]{1,4}(\.[0-9]{2})?", fullmatch=True) | st.text(max_size=5),
        "quantity": st.integers(-1, 9).map(str) | st.text(max_size=3),
        "note": st.text(max_size=20),
        "unknown": st.text(max_size=5),
    },
)


@given(SOME_FIELDS)
def test_form_and_json_of_any_fields_give_the_same_model_or_the_same_problem(fields: dict[str, str]) -> None:
    assert outcome(FORM, urlencode(fields).encode()) == outcome(JSON, json.dumps(fields).encode())


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


class When(BaseModel):
    since: Annotated[datetime, BeforeValidator(_moment)]


@pytest.mark.parametrize("text", ["hunter2", "hunter\x00", "hunter\u2028'", 'hunter\\"'])
def test_a_message_that_quotes_what_was_given_is_not_passed_on(text: str) -> None:
    """Python quotes it as it would be written in a program."""
    with pytest.raises(Unprocessable) as refused:
        validated(When, {"since": text})
    assert "hunter" not in str(refused.value.members)
