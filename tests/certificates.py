"""Certificates of a made-up authority, as the files that each kind of server and client reads."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509 import load_pem_x509_certificate

NAMES = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class Authority:
    """Who signs: `signer` is its certificate, all in files below `folder`."""

    folder: Path
    _authority: trustme.CA

    @classmethod
    def new(cls, folder: Path) -> "Authority":
        folder.mkdir(parents=True, exist_ok=True)
        authority = cls(folder, trustme.CA())
        authority._authority.cert_pem.write_to_path(str(authority.signer))
        return authority

    @property
    def signer(self) -> Path:
        return self.folder / "signer.pem"

    def certificate(self, *names: str, not_after: datetime | None = None) -> trustme.LeafCert:
        """Signed by it, for a server of these names; by default those of this machine."""
        return self._authority.issue_cert(*(names or NAMES), not_after=not_after)


def write_pem(certificate: trustme.LeafCert, file: Path) -> Path:
    """Key and certificates in one file. Java reads a key as PKCS 8 only."""
    key = _private_key(certificate).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(b"".join([key, *(part.bytes() for part in certificate.cert_chain_pems)]))
    file.chmod(0o600)
    return file


def write_pkcs12(certificate: trustme.LeafCert, file: Path, password: str) -> Path:
    """The same for Java, under a password."""
    key = _private_key(certificate)
    chain = load_pem_x509_certificate(certificate.cert_chain_pems[0].bytes())
    lock = BestAvailableEncryption(password.encode())
    file.write_bytes(serialize_key_and_certificates(b"server", key, chain, None, lock))
    return file


def _private_key(certificate: trustme.LeafCert) -> Any:
    return load_pem_private_key(certificate.private_key_pem.bytes(), None)
