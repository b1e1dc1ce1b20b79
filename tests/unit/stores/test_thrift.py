"""A Thrift Server that we cannot talk to is refused with the setting to change, as PyHive and dbt-spark meet it."""

from pathlib import Path
from typing import Any

import pytest

from coinloom.settings import Settings
from stores.thrift import ThriftServerRefused, ThriftServerUnavailable, open_cursor, thrift_obstacle
from tests.certificates import Authority
from tests.unit.stores.servers import listening


def settings(port: int, **values: Any) -> Settings:
    return Settings(_env_file=None, spark_thrift_port=port, **values)


def refused(settings: Settings) -> str:
    with pytest.raises(ThriftServerRefused) as raised:
        open_cursor(settings)
    return str(raised.value)


def test_a_certificate_of_another_signer(encrypted: int, tmp_path: Path) -> None:
    signer = Authority.new(tmp_path).signer
    said = refused(settings(encrypted, spark_thrift_ssl=True, spark_thrift_ssl_cafile=signer))
    assert f"the certificate of the Thrift Server at 127.0.0.1:{encrypted} is signed by somebody else" in said
    assert "set SPARK_THRIFT_SSL_CAFILE" in said


def test_a_name_that_does_not_fit(authority: Authority) -> None:
    with listening(authority.certificate("spark.example.org")) as port:
        said = refused(settings(port, spark_thrift_ssl=True, spark_thrift_ssl_cafile=authority.signer))
    assert "is for spark.example.org: use such a name in SPARK_THRIFT_HOST" in said


def test_a_plain_port(authority: Authority) -> None:
    with listening(None) as port:
        said = refused(settings(port, spark_thrift_ssl=True, spark_thrift_ssl_cafile=authority.signer))
    assert "does not speak TLS" in said
    assert "set SPARK_THRIFT_SSL=false" in said


def test_a_port_that_wants_tls(encrypted: int) -> None:
    assert "speaks TLS: set SPARK_THRIFT_SSL=true" in refused(settings(encrypted))


def test_a_wrong_password_is_what_the_server_says() -> None:
    said = thrift_obstacle(settings(1, spark_thrift_user="ada"), "Bad status: 3 (b'Error validating the login')") or ""
    assert "does not let 'ada' in with that password: set SPARK_THRIFT_USER and SPARK_THRIFT_PASSWORD" in said


def test_nobody_there_is_something_else() -> None:
    with pytest.raises(ThriftServerUnavailable, match="Check SPARK_THRIFT_HOST and SPARK_THRIFT_PORT"):
        open_cursor(settings(1, spark_thrift_ssl=True))
