"""A server with a private CA that asks for a client's certificate, both inline in the kubeconfig."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.cluster import Cluster, ClusterAccess, ClusterUnreachable


@dataclass
class Issued:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def issue(name: str, issuer: Issued | None = None) -> Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    signer = issuer.key if issuer else key
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(authority, critical=False)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
    )
    if issuer is None:
        usage = x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = builder.add_extension(usage, critical=True)
    return Issued(key, builder.sign(signer, hashes.SHA256()))


async def serve(folder: Path, authority: Issued) -> tuple[web.AppRunner, str]:
    """An API server that knows its version and lets in whom `authority` vouches for."""
    mine = issue("server", authority)
    (folder / "server.pem").write_bytes(mine.pem + mine.key_pem)
    (folder / "ca.pem").write_bytes(authority.pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.pem"))
    context.load_cert_chain(folder / "server.pem")
    context.verify_mode = ssl.CERT_REQUIRED

    async def version(_request: web.Request) -> web.Response:
        return web.json_response({"gitVersion": "v1.33.1"})

    app = web.Application()
    app.router.add_get("/version", version)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    return runner, f"https://127.0.0.1:{runner.addresses[0][1]}"


def kubeconfig(folder: Path, url: str, authority: Issued, me: Issued) -> ClusterAccess:
    def inline(pem: bytes) -> str:
        return base64.b64encode(pem).decode()

    user = {"client-certificate-data": inline(me.pem), "client-key-data": inline(me.key_pem)}
    cluster = {"server": url, "certificate-authority-data": inline(authority.pem)}
    content = {
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "me"}}],
        "clusters": [{"name": "it", "cluster": cluster}],
        "users": [{"name": "me", "user": user}],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(content))
    return ClusterAccess(path)


async def test_inline_certificates_open_the_door(tmp_path: Path) -> None:
    authority = issue("ca")
    runner, url = await serve(tmp_path, authority)
    try:
        async with Cluster(kubeconfig(tmp_path, url, authority, issue("me", authority))) as cluster:
            assert await cluster.version() == "v1.33.1"
    finally:
        await runner.cleanup()


async def test_a_server_of_another_authority_is_not_trusted(tmp_path: Path) -> None:
    authority = issue("ca")
    runner, url = await serve(tmp_path, authority)
    try:
        async with Cluster(kubeconfig(tmp_path, url, issue("other"), issue("me", authority))) as cluster:
            with pytest.raises(ClusterUnreachable, match="certificate is not trusted"):
                await cluster.version()
    finally:
        await runner.cleanup()
