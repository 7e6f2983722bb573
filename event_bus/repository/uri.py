"""What a MongoDB URI says: checked once, and asked whether it is fit for more than one machine."""

from collections.abc import Iterator

from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

from event_bus.security import is_loopback, is_sample

# With these the driver takes any certificate, or that of another host.
_LAX = ("tlsInsecure", "tlsAllowInvalidCertificates", "tlsAllowInvalidHostnames")


def checked_uri(uri: str) -> str:
    """Raises ValueError for what the driver would not take. The text never quotes it: it may hold a password."""
    try:
        parse_uri(uri, validate=True)
    except (PyMongoError, ValueError):
        raise ValueError("must be a mongodb:// URI") from None
    return uri


def exposed(uri: str) -> Iterator[str]:
    """Why it would not do in production; what it says of the password is not the password."""
    parsed = parse_uri(uri, validate=True)
    far = sorted(host for host, _ in parsed["nodelist"] if not is_loopback(host))
    if far and parsed["options"].get("tls") is not True:
        yield f"the database at {', '.join(far)} would be spoken to in plain text: add tls=true"
    if lax := sorted(set(_LAX) & {name for name, value in parsed["options"].items() if value}):
        yield f"whoever stands in for the database would be believed: take out {', '.join(lax)}"
    if far and not parsed["username"]:
        yield f"the database at {', '.join(far)} would be used without an account: add one"
    if parsed["password"] and is_sample(parsed["password"]):
        yield "the password of the database is a sample, or can be guessed: take a random one"
