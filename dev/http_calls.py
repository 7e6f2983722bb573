"""Calls to a service of a shop that runs; whatever goes wrong becomes one sentence for a person."""

import json
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from dev.errors import NotReady

ANSWERS_WITHIN = 10.0  # seconds; an idle shop needs a tenth of one


def get(url: str) -> Any:
    return _call(Request(url))


def post(url: str, form: dict[str, str], headers: dict[str, str] | None = None) -> Any:
    return _call(Request(url, urlencode(form).encode(), headers or {}))


def _call(request: Request) -> Any:
    what = f"{request.get_method()} {request.full_url}"
    try:
        with urlopen(request, timeout=ANSWERS_WITHIN) as answer:
            return json.load(answer)
    except HTTPError as error:
        raise NotReady(f"{what} was answered with {error.code}: {error.read(300).decode()}") from error
    except (URLError, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error)
        raise NotReady(f"{what} was not answered: {reason}; ./shop status tells what runs") from error
