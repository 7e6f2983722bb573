"""What a container may do, tried from inside: nobody is root, nothing can be written, no secret lies about."""

import gzip
import json
import re
import subprocess
import tarfile

import httpx2 as httpx
import pytest

from tests.containers.stack import RUNNING, SECRET, SERVICES, Stack, docker

NO_CAPABILITIES = "0" * 16
GZIP = b"\x1f\x8b"
WRITABLE = {  # besides /tmp: volumes and what an image demands
    "kafka": {"/var/lib/kafka/data", "/opt/kafka/config", "/etc/kafka/secrets", "/mnt/shared/config"},
    "users-service-database": {"/data/db", "/data/configdb"},
}


@pytest.mark.parametrize("service", RUNNING)
def test_nobody_is_root_or_can_become_it(shop: Stack, service: str) -> None:
    status = shop.shell(service, "cat /proc/[0-9]*/status")
    assert "0" not in set(re.findall(r"^[UG]id:\s+(\d+)", status, re.MULTILINE))
    assert set(re.findall(r"^Cap(?:Prm|Eff|Bnd):\s+(\w+)", status, re.MULTILINE)) == {NO_CAPABILITIES}
    assert set(re.findall(r"^NoNewPrivs:\s+(\d)", status, re.MULTILINE)) == {"1"}


@pytest.mark.parametrize("service", RUNNING)
def test_nothing_is_written_but_to_volumes_and_memory(shop: Stack, service: str) -> None:
    mounts = shop.shell(service, "cat /proc/mounts").splitlines()
    kinds = {mount.split()[1]: (mount.split()[2], mount.split()[3].split(",")) for mount in mounts}
    assert "ro" in kinds["/"][1]
    of_the_system = ("/proc", "/sys", "/dev", "/etc/resolv.conf", "/etc/hostname", "/etc/hosts")
    writable = {
        place for place, (_, how) in kinds.items() if "rw" in how and not place.startswith(of_the_system)
    }
    assert writable - {"/tmp"} == WRITABLE.get(service, set())
    written = shop.shell(
        service,
        "for d in / /shop /opt /home /etc /var /root; do touch $d/x 2>/dev/null && echo $d; done; true",
    )
    assert written == ""
    changed = [line.split()[1] for line in docker("diff", shop.container(service)).splitlines()]
    mounted = {*kinds, *(str(place).rsplit("/", 1)[0] for place in kinds)}
    assert [place for place in changed if not any(mount.startswith(place) for mount in mounted)] == []


@pytest.mark.one_compose
def test_what_lies_beside_the_code_is_in_no_layer_of_the_image(shop: Stack) -> None:
    image = shop.inspect("users-service")["Image"]
    found = _strings_in_layers(image, [SECRET, "-----BEGIN PRIVATE KEY-----", "users_service"])
    assert found == {"users_service"}  # the same search does find what is there
    assert SECRET not in docker("history", "--no-trunc", image)


def _strings_in_layers(image: str, wanted: list[str]) -> set[str]:
    """Looks through every layer, packed or not."""
    found: set[str] = set()
    with (
        subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saved,
        tarfile.open(fileobj=saved.stdout, mode="r|") as layers,
    ):
        for member in layers:
            file = layers.extractfile(member)
            data = file.read() if file else b""
            data = gzip.decompress(data) if data.startswith(GZIP) else data
            found |= {word for word in wanted if word.encode() in data}
    return found


async def test_no_secret_is_in_what_docker_tells(shop: Stack, http: httpx.AsyncClient) -> None:
    eve = {"username": "eve", "password": "a-password-of-eve"}
    await http.post(f"{shop.url('USERS_PORT')}/register", data=eve)
    token = (await http.post(f"{shop.url('USERS_PORT')}/login", data=eve)).json()["access_token"]
    told = ""
    for service in RUNNING:
        found = shop.inspect(service)
        told += (
            json.dumps(found) + docker("inspect", found["Image"]) + docker("logs", shop.container(service))
        )
    assert "eve" in told
    for secret in (SECRET, eve["password"], token, "$2b$", "PRIVATE KEY"):
        assert secret not in told


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_is_small(shop: Stack, service: str) -> None:
    assert json.loads(docker("inspect", shop.inspect(service)["Image"]))[0]["Size"] <= 250_000_000
