"""Every way in which Kafka does not let us in is told apart, by a real broker, with the setting to change."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from coinloom.settings import KafkaMechanism, KafkaProtocol, Settings
from ingestion.exceptions import BrokerRefused, BrokerUnavailable
from ingestion.producer import ensure_topic
from ingestion.topic import open_topic, topic_ends
from stack.isolation import isolated_settings
from stores.kafka_obstacle import kafka_obstacle
from tests.certificates import Authority
from tests.encrypted.broker import Broker, running_broker

pytestmark = pytest.mark.long  # a broker of its own
PASSWORD = 'it\'s "a\\b" \\\\ $1 ${x} %s; #é'


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return isolated_settings(tmp_path_factory.mktemp("broker"))


@pytest.fixture(scope="module")
def broker(settings: Settings) -> Iterator[Broker]:
    with running_broker(settings, Authority.new(settings.coinloom_home / "authority"), PASSWORD) as broker:
        yield broker


@pytest.mark.parametrize("way_in", ["PLAINTEXT", "SSL", "SASL_SSL"])
@pytest.mark.parametrize("mechanism", [KafkaMechanism.SCRAM_SHA_512, KafkaMechanism.PLAIN])
def test_who_is_right_is_let_in(settings: Settings, broker: Broker, way_in: str, mechanism: KafkaMechanism) -> None:
    right = broker.reached(settings, way_in, kafka_sasl_mechanism=mechanism)
    assert kafka_obstacle(right) is None
    ensure_topic(right)
    assert topic_ends(right) == {0: 0, 1: 0, 2: 0}


def test_a_certificate_of_another_signer(settings: Settings, broker: Broker, tmp_path: Path) -> None:
    signer = Authority.new(tmp_path).signer
    wrong = broker.reached(settings, "SASL_SSL", kafka_ssl_cafile=signer)
    said = refused(wrong)
    assert f"signed by somebody else than {signer}" in said
    assert "set KAFKA_SSL_CAFILE" in said


@pytest.mark.parametrize("mechanism", [KafkaMechanism.SCRAM_SHA_512, KafkaMechanism.PLAIN])
def test_a_wrong_password(settings: Settings, broker: Broker, mechanism: KafkaMechanism) -> None:
    password = SecretStr(f"{PASSWORD} ")
    wrong = broker.reached(settings, "SASL_SSL", kafka_sasl_password=password, kafka_sasl_mechanism=mechanism)
    said = refused(wrong)
    assert "does not let 'coinloom' in with that password: set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD" in said
    assert PASSWORD not in said


def test_a_mechanism_that_it_does_not_take(settings: Settings, broker: Broker) -> None:
    wrong = broker.reached(settings, "SASL_SSL", kafka_sasl_mechanism=KafkaMechanism.SCRAM_SHA_256)
    assert "takes SCRAM-SHA-512 or PLAIN, not SCRAM-SHA-256: set KAFKA_SASL_MECHANISM" in refused(wrong)


@pytest.mark.parametrize(
    ("protocol", "way_in", "said"),
    [
        ("SASL_SSL", "PLAINTEXT", "does not speak TLS at this port"),
        ("SSL", "PLAINTEXT", "does not speak TLS at this port"),
        ("PLAINTEXT", "SASL_SSL", "speaks TLS: set KAFKA_SECURITY_PROTOCOL to SASL_SSL or SSL"),
        ("PLAINTEXT", "SSL", "speaks TLS: set KAFKA_SECURITY_PROTOCOL to SASL_SSL or SSL"),
        ("SASL_SSL", "SSL", "does not ask who we are: set KAFKA_SECURITY_PROTOCOL to SSL"),
        ("SSL", "SASL_SSL", "has hung up: if it asks who we are, set KAFKA_SECURITY_PROTOCOL to SASL_SSL"),
    ],
)
def test_a_port_of_another_protocol(settings: Settings, broker: Broker, protocol: str, way_in: str, said: str) -> None:
    there = f"127.0.0.1:{broker.ports[way_in]}"
    wrong = broker.reached(settings, protocol, kafka_bootstrap_servers=there)
    assert wrong.kafka_security_protocol is KafkaProtocol(protocol)
    assert f"Kafka at {there} {said}" in refused(wrong)


def test_a_name_that_is_not_in_the_certificate(settings: Settings, broker: Broker) -> None:
    port = broker.ports["ELSEWHERE"]
    wrong = broker.reached(settings, "ELSEWHERE")
    assert f"127.0.0.1:{port} is for localhost: use such a name in KAFKA_BOOTSTRAP_SERVERS" in refused(wrong)
    wrong = broker.reached(settings, "ELSEWHERE", kafka_bootstrap_servers=f"localhost:{port}")
    assert "sends us on to where its advertised.listeners say: the certificate of Kafka at 127.0.0.1" in refused(wrong)


def test_nobody_there_is_something_else(settings: Settings, broker: Broker) -> None:
    nobody = broker.reached(settings, "SASL_SSL", kafka_bootstrap_servers="127.0.0.1:1")
    with pytest.raises(BrokerUnavailable, match="KAFKA_BOOTSTRAP_SERVERS"):
        topic_ends(nobody)


def refused(settings: Settings) -> str:
    """What a reader of the topic is told."""
    with pytest.raises(BrokerRefused) as raised, open_topic(settings, patience_seconds=1) as topic:
        topic.ends()
    return str(raised.value)
