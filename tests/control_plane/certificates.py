"""A certificate authority of a control plane: for its servers, and for the people and programs that come to it."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=7)
EARLIER = timedelta(hours=1)
"""How long certificates have been valid already: the clocks of two machines may differ."""
SERVERS = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")


@dataclass(frozen=True)
class Signed:
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """Signs certificates; made anew with each control plane.

    `key` is one that an authority had before (PEM): what it signs is trusted where that is.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = _private(key) if key is not None else ec.generate_private_key(ec.SECP256R1())
        self._name = _named("pilothouse-tests")
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        self._own = (
            _begun(self._name, self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def certificate(self) -> bytes:
        """What servers and clients are told to trust, PEM."""
        return self._own.public_bytes(serialization.Encoding.PEM)

    @property
    def key(self) -> bytes:
        """What it signs with, PEM."""
        return pem(self._key)

    def server(self, name: str) -> Signed:
        """For a server on this machine's loopback."""
        addresses = [x509.IPAddress(ipaddress.ip_address(each)) for each in ("127.0.0.1", "10.96.0.1")]
        names = x509.SubjectAlternativeName([*(x509.DNSName(each) for each in SERVERS), *addresses])
        return self._signed(name, (), ExtendedKeyUsageOID.SERVER_AUTH, names)

    def client(self, user: str, groups: tuple[str, ...] = ()) -> Signed:
        """For somebody whom the API server shall know as `user` in `groups`."""
        return self._signed(user, groups, ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def _signed(
        self,
        name: str,
        groups: tuple[str, ...],
        use: x509.ObjectIdentifier,
        names: x509.SubjectAlternativeName | None,
    ) -> Signed:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _begun(_named(name, groups), self._name, key.public_key())
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return Signed(certificate.public_bytes(serialization.Encoding.PEM), pem(key))


def signing_key() -> bytes:
    """A private key for service accounts' tokens, PEM in the only form that the API server reads of elliptic curves."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A private key as PEM, not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _private(key: bytes) -> ec.EllipticCurvePrivateKey:
    loaded = serialization.load_pem_private_key(key, password=None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    return loaded


def _named(name: str, groups: tuple[str, ...] = ()) -> x509.Name:
    organisations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*organisations, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + LIFETIME)
    )
