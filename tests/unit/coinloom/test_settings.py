"""Settings that would leave open what somebody meant to lock are refused, before anything is sent."""

from pathlib import Path
from typing import Any

import pytest

from coinloom.errors import WrongSetting
from coinloom.settings import REPOSITORY, Settings, read_settings
from stack.isolation import isolated_settings

ENCRYPTED = {"KAFKA_SECURITY_PROTOCOL": "SSL", "POSTGRES_SSLMODE": "verify-full", "SPARK_THRIFT_SSL": "true"}
SASL = {"kafka_security_protocol": "SASL_SSL", "kafka_sasl_username": "ada", "kafka_sasl_password": "open-sesame"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"kafka_security_protocol": "SASL_SSL"}, "SASL_SSL needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"),
        (SASL | {"kafka_security_protocol": "SSL"}, "KAFKA_SASL_PASSWORD needs KAFKA_SECURITY_PROTOCOL=SASL_SSL"),
        ({"kafka_ssl_cafile": "ca.pem"}, "KAFKA_SSL_CAFILE needs KAFKA_SECURITY_PROTOCOL=SASL_SSL or SSL"),
        ({"postgres_sslrootcert": "ca.pem"}, "POSTGRES_SSLROOTCERT needs POSTGRES_SSLMODE=verify-full"),
        ({"spark_thrift_ssl_cafile": "ca.pem"}, "SPARK_THRIFT_SSL_CAFILE needs SPARK_THRIFT_SSL=true"),
        ({"kafka_security_protocol": "SASL_PLAINTEXT"}, "KAFKA_SECURITY_PROTOCOL: Input should be"),
    ],
)
def test_half_a_lock_is_refused_without_its_secret(values: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongSetting) as raised:
        read_settings(**values)
    assert said in str(raised.value)
    assert "open-sesame" not in str(raised.value)


def test_whole_ones_are_not() -> None:
    read_settings(**SASL, kafka_ssl_cafile="ca.pem")
    read_settings(kafka_security_protocol="SASL_SSL", kafka_sasl_mechanism="AWS_MSK_IAM")
    trusting = read_settings(postgres_sslmode="verify-full", postgres_sslrootcert="system")
    assert str(trusting.postgres_sslrootcert) == "system"


def test_a_child_process_has_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    password = 'it\'s "a\\b" \\\\ $1 ${x} %s; #é'
    ours = read_settings(**SASL | {"kafka_sasl_password": password}, spark_thrift_ssl=True)
    for name, value in ours.as_environment().items():
        monkeypatch.setenv(name, value)
    theirs = read_settings()
    assert theirs.kafka_sasl_password == ours.kafka_sasl_password
    assert theirs.kafka_security_protocol is ours.kafka_security_protocol
    assert theirs.spark_thrift_ssl
    assert theirs.postgres_sslrootcert is None


def test_what_is_empty_in_it_is_not_taken_from_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As the demo's settings are, whatever .env has for `coinloom up`."""
    env_file = tmp_path / ".env"
    env_file.write_text("COINGECKO_IDS=bitcoin\nLANDING_SINKS=parquet\nKAFKA_SASL_PASSWORD=of-another-broker\n")
    assert Settings(_env_file=env_file, kafka_sasl_password=None).coingecko_ids == ["bitcoin"]
    ours = Settings(_env_file=None, coingecko_ids=[], landing_sinks=[])
    for name, value in ours.as_environment().items():
        monkeypatch.setenv(name, value)
    theirs = Settings(_env_file=env_file)
    assert (theirs.coingecko_ids, theirs.landing_sinks, theirs.kafka_sasl_password) == ([], [], None)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("data/coinloom", REPOSITORY / "data/coinloom"),
        ("~/coinloom", Path.home() / "coinloom"),
        ("/data/coinloom", Path("/data/coinloom")),
    ],
)
def test_a_folder_or_a_file_is_the_same_for_each_process(
    written: str, read: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = ["COINLOOM_HOME", "JARS_FOLDER", "LAKE_ROOT", "KAFKA_SSL_CAFILE", "POSTGRES_SSLROOTCERT"]
    names += ["SPARK_THRIFT_SSL_CAFILE", "SPARK_THRIFT_KEYSTORE"]
    for name in names:
        monkeypatch.setenv(name, written)
    for name, value in ENCRYPTED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    settings = read_settings()
    assert (settings.coinloom_home, settings.jars, settings.lake) == (read, read, str(read))
    assert [settings.as_environment()[name] for name in names] == [str(read)] * len(names)


@pytest.mark.parametrize("lake", ["s3a://bucket/lake", "file:/data/lake"])
def test_the_address_of_a_lake_stays_as_it_is(lake: str) -> None:
    assert read_settings(lake_root=lake).lake == lake


@pytest.mark.parametrize("name", ["coinloom_home", "postgres_sslrootcert"])
def test_the_home_of_nobody_is_a_clear_error(name: str) -> None:
    with pytest.raises(WrongSetting, match=rf"^{name.upper()}: .*home"):
        read_settings(**{name: "~no-such-user/coinloom"})


def test_a_stack_of_its_own_has_none_of_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """What .env says of servers elsewhere is not true of it."""
    for name, value in read_settings(**SASL, postgres_sslmode="require").as_environment().items():
        monkeypatch.setenv(name, value)
    ours = isolated_settings(tmp_path)
    assert ours.kafka_security_protocol == "PLAINTEXT"
    assert ours.kafka_sasl_password is None
    assert ours.postgres_sslmode == "prefer"
