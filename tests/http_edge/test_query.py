"""The query string as a model, as strict as a form."""

import pytest
from pydantic import BaseModel
from starlette.requests import Request

from http_edge import Problem, read_query


class Wish(BaseModel):
    limit: int = 50
    key: str | None = None


def read(query: str) -> Wish:
    return read_query(Request({"type": "http", "headers": [], "query_string": query.encode()}), Wish)


def test_what_is_there_and_what_is_not() -> None:
    assert read("") == Wish()
    assert read("key=%C3%A9+%2B&limit=7") == Wish(key="é +", limit=7)
    assert read("key=").key == ""


@pytest.mark.parametrize(
    ("query", "status"), [("limit=many", 422), ("limit=1&limit=1", 400), ("key=%ff", 400), ("key=%zz", 400)]
)
def test_what_is_wrong_is_a_problem(query: str, status: int) -> None:
    with pytest.raises(Problem) as raised:
        read(query)
    assert raised.value.status == status
