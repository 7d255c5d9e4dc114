"""git over https as real servers have it: git's own http-backend behind TLS and a password."""

import asyncio
import base64
import os
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.images.access import Credentials, ServerAccess
from bot.sandbox.repositories import create_sample_repositories
from tests.images import large_files

CANARY = "c4nary-pa55"


@dataclass
class GitServer:
    """Serves the repositories in `root` to who knows the account, if there is one."""

    root: Path
    account: tuple[str, str] | None = None
    redirect_to: str | None = None
    on_request: Callable[[], None] = lambda: None
    url: str = ""
    ca_file: Path = field(default_factory=Path)

    async def answer(self, request: web.Request) -> web.Response:
        self.on_request()
        if self.redirect_to is not None:
            return web.Response(status=302, headers={"Location": self.redirect_to + request.path_qs})
        if self.account is not None:
            expected = "Basic " + base64.b64encode(":".join(self.account).encode()).decode()
            if request.headers.get("Authorization") != expected:
                return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="git"'})
        if request.path.endswith(large_files.BATCH):
            return await large_files.answer_batch(request, self.url)
        if large_files.OBJECTS in request.path:
            return large_files.answer_object(request, self.root)
        return await self._backend(request)

    async def _backend(self, request: web.Request) -> web.Response:
        process = await asyncio.create_subprocess_exec(
            "git",
            "http-backend",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(self.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_NOSYSTEM": "1",
                "REQUEST_METHOD": request.method,
                "PATH_INFO": request.path,
                "QUERY_STRING": request.query_string,
                "CONTENT_TYPE": request.headers.get("Content-Type", ""),
                "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            },
        )
        output, _ = await process.communicate(await request.read())
        head, _, body = output.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(headers.pop("Status", "200").split()[0])
        return web.Response(status=status, headers=headers, body=body)


@asynccontextmanager
async def serving(server: GitServer, folder: Path) -> AsyncIterator[GitServer]:
    """Run `server` with a certificate of its own, kept in `folder`."""
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certified(folder)).start()
        server.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
        server.ca_file = folder / "certificate.pem"
        yield server
    finally:
        await runner.cleanup()


def certified(folder: Path) -> ssl.SSLContext:
    """Write a certificate for 127.0.0.1 into `folder` (certificate.pem) and return what a server needs of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


def access(server: GitServer, password: str | None = CANARY) -> dict[str, ServerAccess]:
    credentials = None if password is None else Credentials("ci", lambda: password)
    return {"127.0.0.1": ServerAccess(credentials, ca_file=server.ca_file)}


@asynccontextmanager
async def locked(folder: Path) -> AsyncIterator[GitServer]:
    """The sample's repositories behind a name and `CANARY`, below `folder`."""
    create_sample_repositories(folder / "repositories")
    async with serving(GitServer(folder / "repositories", account=("ci", CANARY)), folder) as server:
        yield server
