"""A private certificate authority that can vouch for this machine's loopback and nothing else."""

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LOOPBACK_NAMES: tuple[x509.GeneralName, ...] = (
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
)
_LIFETIME = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Authority:
    """A root certificate and its key; the key never leaves memory."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where the root certificate and the server's chain with its key lie on disk."""

    ca_file: Path
    server_file: Path


def _builder(subject: str, issuer: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


_CA_NAME = "Contoso simulator, loopback only"
_CONSTRAINT = x509.NameConstraints(
    permitted_subtrees=[
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_network("127.0.0.0/8")),
    ],
    excluded_subtrees=None,
)


def make_authority() -> Authority:
    """A root whose critical name constraint makes it worthless for any host but loopback."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(_CA_NAME, _CA_NAME, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(_CONSTRAINT, critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def issue(authority: Authority, names: tuple[x509.GeneralName, ...] = LOOPBACK_NAMES) -> bytes:
    """PEM of a fresh server key and its certificate for `names`."""
    key = ec.generate_private_key(ec.SECP256R1())
    root_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    certificate = (
        _builder("Contoso simulator", _CA_NAME, key)
        .add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(root_key, critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return secret + certificate.public_bytes(serialization.Encoding.PEM)


def write_files(directory: Path) -> TlsFiles:
    """Make an authority and a server certificate in `directory`, readable by its owner alone."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = make_authority()
    files = TlsFiles(directory / "ca.pem", directory / "server.pem")
    files.ca_file.write_bytes(authority.pem)
    files.server_file.touch(mode=0o600)
    files.server_file.write_bytes(issue(authority))
    return files


def remove_files(files: TlsFiles) -> None:
    """Leave nothing behind: both files, and the directory when nothing else is in it."""
    for path in (files.ca_file, files.server_file):
        path.unlink(missing_ok=True)
    directory = files.ca_file.parent
    if directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()
