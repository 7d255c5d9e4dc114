"""The kubelet's HTTPS endpoint, as far as an API server asks it: what containers have written.

Its certificate is made anew each time and vouched for by nobody, as a kubelet's is at first. It asks no one
who he is: all that can be read here are the lines that played containers write.
"""

import ipaddress
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.clock import Clock
from bot.sandbox.kubernetes import podlogs
from bot.sandbox.kubernetes.errors import ApiError
from bot.sandbox.kubernetes.logs import PodLogs
from bot.sandbox.kubernetes.storage import Object
from bot.sandbox.nodes.kubeconfig import load_certificate

PodOf = Callable[[str, str], Object | None]
"""From namespace and name to a pod of these nodes."""
VALID_FOR: Final = timedelta(days=365)


class KubeletEndpoint:
    """Listens while its context is open."""

    def __init__(self, logs: PodLogs, pod_of: PodOf, clock: Clock, address: str, port: int = 0) -> None:
        """`port` 0 takes a free one."""
        self._logs = logs
        self._pod_of = pod_of
        self._clock = clock
        self._address = address
        self.port = port
        app = web.Application()
        app.router.add_get("/containerLogs/{namespace}/{pod}/{container}", self._read)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        tls = _self_signed(self._address, self._clock.now())
        await web.TCPSite(self._runner, self._address, self.port, ssl_context=tls).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _read(self, request: web.Request) -> web.StreamResponse:
        asked = request.match_info
        pod = self._pod_of(asked["namespace"], asked["pod"])
        if pod is None:
            words = f'pod "{asked["pod"]}" does not exist in namespace "{asked["namespace"]}"'
            return web.Response(status=404, text=words)
        try:
            return await podlogs.written(request, self._logs, self._clock, pod, asked["container"])
        except ApiError as error:  # a kubelet answers in plain words, of which the API server makes a Status
            return web.Response(status=error.code, text=str(error))


def _self_signed(address: str, now: datetime) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "played kubelet")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - timedelta(days=1))
        .not_valid_after(now.astimezone(UTC) + VALID_FOR)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    load_certificate(tls, certificate.public_bytes(pem), private)
    return tls
