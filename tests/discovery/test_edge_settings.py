"""What can be switched on at the edge, and how it behaves before it knows any key."""

import asyncio
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from discovery.control_plane.codec import Codec
from tests.discovery.raw import replies, request
from tests.discovery.rig import Rig, rigged
from tests.discovery.traffic import answered
from tests.otlp import otlp_receiver
from tests.parts import eventually
from tests.tokens import Issuer


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A self-signed certificate for the loopback address, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "portico")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    chain, private = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(signed.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return chain, private


async def test_before_there_is_a_key_every_token_is_refused_and_public_routes_work(
    codec: Codec, tmp_path: Path
) -> None:
    async with rigged(codec, tmp_path) as rig:
        await eventually(lambda: answered(rig.http, "/api/x", "gw"))
        async with rig.http.get("/api/x", headers=Issuer.make().bearer("u1")) as response:
            assert response.status == 401


async def test_with_a_certificate_the_edge_speaks_tls_and_asks_for_it(
    codec: Codec, tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    chain, private = certificate
    trusting = ssl.create_default_context(cafile=str(chain))
    async with rigged(codec, tmp_path, scheme="https", tls_certificate=chain, tls_key=private) as rig:

        async def secure() -> bool:
            async with rig.http.get("/api/x", ssl=trusting) as response:
                return response.status == 200 and "strict-transport-security" in response.headers

        await eventually(secure)


async def test_above_the_coarse_limit_the_edge_says_when_to_come_back(codec: Codec, tmp_path: Path) -> None:
    async with rigged(codec, tmp_path, rate_limit_scale=0.001) as rig:

        async def limited() -> bool:
            async with rig.http.get("/api/x") as response:
                return response.status == 429 and response.headers["retry-after"] == "1"

        await eventually(limited)


async def test_close_to_the_end_of_its_memory_the_edge_says_when_to_come_back(
    codec: Codec, tmp_path: Path
) -> None:
    async with rigged(codec, tmp_path, heap_bytes=1) as rig:

        async def exhausted() -> bool:
            async with rig.http.get("/api/x") as response:
                return response.status == 503

        await eventually(exhausted)
        asked = rig.gateway.requests
        async with rig.http.get("/api/x") as response:
            assert response.status == 503
            assert response.content_type == "application/problem+json"
            assert response.headers["retry-after"] == "1"
        assert rig.gateway.requests == asked


async def test_above_its_connections_the_edge_takes_no_more_until_one_is_closed(
    codec: Codec, tmp_path: Path
) -> None:
    ping = request("GET", "/api/x")
    async with rigged(codec, tmp_path, connections=1) as rig:
        _, holding = await asyncio.open_connection(*rig.address.split(":"))
        await eventually(partial(closed_at_once, rig, ping))
        holding.close()
        await eventually(lambda: answered(rig.http, "/api/x", "gw"))


async def closed_at_once(rig: Rig, ping: bytes) -> bool:
    """Whether a request on a connection of its own is not heard."""
    return await replies(rig.address, ping) == []


async def test_a_request_is_traced_and_logged_under_one_id_and_without_its_query(
    codec: Codec, tmp_path: Path
) -> None:
    async with otlp_receiver() as receiver, rigged(codec, tmp_path, otlp_endpoint=receiver.url) as rig:
        await eventually(lambda: answered(rig.http, "/api/x", "gw"))
        async with rig.http.get("/api/found?ticket=hidden", headers={"x-correlation-id": "c-1"}) as response:
            trace = (await response.json())["headers"]["traceparent"][3:35]
        await eventually(lambda: "envoy-edge" in receiver.services(trace))
        (line,) = await eventually(lambda: [line for line in lines(rig) if line["trace.id"] == trace])
    assert line["labels.correlation_id"] == "c-1"
    assert line["http.response.status_code"] == 200
    assert line["url.path"] == "/api/found"
    assert "hidden" not in rig.access_log()
    assert not any("hidden" in str(span) for _, span in receiver.spans[trace])


def lines(rig: Rig) -> Iterator[dict[str, object]]:
    """The access log so far."""
    return (orjson.loads(line) for line in rig.access_log().splitlines() if line.startswith('{"@timestamp"'))
