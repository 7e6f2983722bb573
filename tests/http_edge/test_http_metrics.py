"""Requests are counted by the template of their path; nothing that a caller makes up becomes a label."""

from prometheus_client import REGISTRY
from starlette.testclient import TestClient


def count(method: str, path: str, status: str) -> float:
    labels = {"method": method, "path": path, "status": status}
    return REGISTRY.get_sample_value("http_requests_total", labels) or 0.0


def test_requests_are_counted_by_the_template_of_their_path(client: TestClient) -> None:
    before = count("GET", "/orders/{order_id}", "404")
    client.get("/orders/o1")
    client.get("/orders/o2")
    assert count("GET", "/orders/{order_id}", "404") == before + 2


def test_unknown_paths_and_methods_share_one_label(client: TestClient) -> None:
    before = count("other", "other", "404")
    client.request("BREW", "/made/up")
    client.request("PROPFIND", "/also/made/up")
    assert count("other", "other", "404") == before + 2


def test_an_unexpected_error_is_counted_as_500(client: TestClient) -> None:
    before = count("GET", "/broken", "500")
    client.get("/broken")
    assert count("GET", "/broken", "500") == before + 1


def test_metrics_are_served_for_prometheus(client: TestClient) -> None:
    client.get("/healthz")
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert 'http_request_duration_seconds_count{method="GET",path="/healthz"}' in answer.text
