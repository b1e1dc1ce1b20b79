"""TLS with the servers that Python speaks to itself, and what stands in its way.

Clients say of every such failure that nobody is there. Here a connection is opened once more, to look.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coinloom.errors import WrongSetting

SECONDS = 5
# OpenSSL's reasons to refuse a certificate, as `verify_code` has them.
ANOTHER_NAME = {62, 64}  # of a host, of an address
ANOTHER_SIGNER = {2, 18, 19, 20, 21}


@dataclass(frozen=True, slots=True)
class Peer:
    """A server, whether it is spoken to with TLS, and the settings that say so.

    `with_tls` and `without_tls` are what to set for either.
    """

    what: str
    host: str
    port: int
    uses_tls: bool
    signer: Path | None
    address_setting: str
    signer_setting: str
    with_tls: str
    without_tls: str

    def __str__(self) -> str:
        return f"{self.what} at {self.host}:{self.port}"


def tls_context(signer: Path | None, setting: str) -> ssl.SSLContext:
    """Trusts who is in that file, or whom this machine trusts, and wants the name of the host in the certificate.

    Raises:
        WrongSetting: there is no such file, or no certificate in it; names the setting.
    """
    try:
        return ssl.create_default_context(cafile=signer)
    except OSError as error:  # ssl.SSLError is one
        raise WrongSetting(f"{setting} is {signer}, where no certificates in PEM can be read ({error})") from error


def is_there(peer: Peer) -> bool:
    """Whether anybody listens."""
    try:
        socket.create_connection((peer.host, peer.port), SECONDS).close()
    except OSError:
        return False
    return True


def obstacle(peer: Peer) -> str | None:
    """Why that server and we cannot talk, and what to set; None if the reason is another one, or if nobody listens."""
    if not peer.uses_tls:
        needed = f"{peer} speaks TLS: set {peer.with_tls}"
        return needed if _speaks_tls(peer) else None
    try:
        _shake_hands(peer, tls_context(peer.signer, peer.signer_setting))
    except ssl.SSLCertVerificationError as error:
        return _refused_certificate(peer, error)
    except (ssl.SSLError, ConnectionResetError, BrokenPipeError) as error:
        if _is_alert(error):
            return f"{peer} speaks TLS, and does not want to with us ({error})"
        return (
            f"{peer} does not speak TLS at this port: "
            f"name the port that does in {peer.address_setting}, or set {peer.without_tls}"
        )
    except OSError:  # nobody listens, or nobody answers
        return None
    return None


@contextmanager
def connected(peer: Peer) -> Iterator[socket.socket]:
    """Open to it, encrypted if it `uses_tls`. Raises OSError."""
    with socket.create_connection((peer.host, peer.port), SECONDS) as plain:
        if not peer.uses_tls:
            yield plain
            return
        context = tls_context(peer.signer, peer.signer_setting)
        with context.wrap_socket(plain, server_hostname=peer.host) as encrypted:
            yield encrypted


def _shake_hands(peer: Peer, context: ssl.SSLContext) -> list[str]:
    """Returns the names in the certificate, where it was looked at."""
    with (
        socket.create_connection((peer.host, peer.port), SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=peer.host) as encrypted,
    ):
        certificate = encrypted.getpeercert() or {}
        return [str(name) for _, name in certificate.get("subjectAltName", ())]  # type: ignore[misc]


def _refused_certificate(peer: Peer, error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in ANOTHER_NAME:
        names = " and ".join(_names(peer))
        return f"the certificate of {peer} is for {names}: use such a name in {peer.address_setting}"
    if error.verify_code in ANOTHER_SIGNER:
        trusted = peer.signer or "whom this machine trusts"
        return (
            f"the certificate of {peer} is signed by somebody else than {trusted} ({error.verify_message}): "
            f"set {peer.signer_setting} to the file with the certificate of who signed it"
        )
    return f"the certificate of {peer} is not valid: {error.verify_message}"


def _names(peer: Peer) -> list[str]:
    context = tls_context(peer.signer, peer.signer_setting)
    context.check_hostname = False
    try:
        return _shake_hands(peer, context)
    except OSError:
        return []


def _speaks_tls(peer: Peer) -> bool:
    """Nothing is sent through it, so whose certificate it has does not matter."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        _shake_hands(peer, context)
    except OSError as error:
        return _is_alert(error)
    return True


def _is_alert(error: OSError) -> bool:
    """Whether the other side has said no in TLS, as one does that wants a certificate of ours."""
    return isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or "")
