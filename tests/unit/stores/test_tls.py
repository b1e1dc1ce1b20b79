"""What stands in the way of TLS is said, with the setting to change, after a look at a real server."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coinloom.errors import WrongSetting
from stores.tls import Peer, connected, is_there, obstacle
from tests.certificates import Authority
from tests.unit.stores.servers import listening


@pytest.fixture(scope="module")
def plain() -> Iterator[int]:
    with listening(None) as port:
        yield port


def peer(port: int, signer: Path | None, *, host: str = "127.0.0.1", uses_tls: bool = True) -> Peer:
    """As Kafka's, with names of settings that no other has."""
    return Peer("Kafka", host, port, uses_tls, signer, "ADDRESS", "SIGNER", "PROTOCOL to TLS", "PROTOCOL to plain")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_nothing_stands_in_the_way_of_what_is_right(authority: Authority, encrypted: int, host: str) -> None:
    right = peer(encrypted, authority.signer, host=host)
    assert obstacle(right) is None
    with connected(right) as opened:
        assert opened.getpeername()[1] == encrypted


def test_a_plain_server_that_is_spoken_to_plainly_is_right(plain: int) -> None:
    assert obstacle(peer(plain, None, uses_tls=False)) is None


def test_a_plain_port_is_named_with_what_to_set(authority: Authority, plain: int) -> None:
    said = obstacle(peer(plain, authority.signer)) or ""
    assert f"127.0.0.1:{plain} does not speak TLS" in said
    assert "ADDRESS, or set PROTOCOL to plain" in said


def test_a_port_that_wants_tls_is_named(encrypted: int) -> None:
    said = obstacle(peer(encrypted, None, uses_tls=False)) or ""
    assert "speaks TLS: set PROTOCOL to TLS" in said


@pytest.mark.parametrize("has_another", [True, False], ids=["another authority", "those of this machine"])
def test_a_certificate_of_another_signer_is_named(encrypted: int, tmp_path: Path, has_another: bool) -> None:
    signer = Authority.new(tmp_path).signer if has_another else None
    said = obstacle(peer(encrypted, signer)) or ""
    assert f"signed by somebody else than {signer or 'whom this machine trusts'}" in said
    assert "set SIGNER" in said


def test_a_name_that_does_not_fit_is_named_with_those_that_do(authority: Authority) -> None:
    with listening(authority.certificate("kafka.example.org", "b.example.org")) as port:
        said = obstacle(peer(port, authority.signer)) or ""
    assert f"127.0.0.1:{port} is for kafka.example.org and b.example.org: use such a name in ADDRESS" in said


def test_a_certificate_that_is_too_old_is_said_to_be(authority: Authority) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with listening(authority.certificate(not_after=yesterday)) as port:
        assert "is not valid: certificate has expired" in (obstacle(peer(port, authority.signer)) or "")


@pytest.mark.parametrize("text", [None, "no certificate"], ids=["no file", "no certificate"])
def test_a_file_that_holds_no_certificates_is_named(encrypted: int, tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "signer.pem"
    if text:
        file.write_text(text)
    with pytest.raises(WrongSetting, match=f"SIGNER is {file}"):
        obstacle(peer(encrypted, file))


def test_where_nobody_listens_there_is_nothing_to_say() -> None:
    nobody = peer(1, None)
    assert not is_there(nobody)
    assert obstacle(nobody) is None
