"""A broker that encrypts and asks for passwords, and everything else that a client may meet instead."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.admin import UserScramCredentialUpsertion
from pydantic import SecretStr

from coinloom.settings import KafkaMechanism, KafkaProtocol, Settings
from stack import kafka
from stack.ports import free_port
from stores.kafka import jaas_quoted
from tests.certificates import Authority, write_pem

USER = "coinloom"
# The ways in; Kafka itself uses the plain one. The certificate of the last is for localhost, and those who come there
# are told that the broker is at 127.0.0.1.
WAYS_IN = {"PLAINTEXT": "PLAINTEXT", "SSL": "SSL", "SASL_SSL": "SASL_SSL", "ELSEWHERE": "SASL_SSL"}
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
PLAIN = f"org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}={{password}};"
START_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Broker:
    """`ports` by the name of the way in."""

    ports: dict[str, int]
    password: str
    authority: Authority

    def reached(self, settings: Settings, way_in: str, **overrides: object) -> Settings:
        """The settings of a client that comes that way, and is right about all else."""
        protocol = KafkaProtocol(WAYS_IN[way_in])
        asks = protocol is KafkaProtocol.SASL_SSL
        right = {
            "kafka_bootstrap_servers": f"127.0.0.1:{self.ports[way_in]}",
            "kafka_security_protocol": protocol,
            "kafka_sasl_mechanism": KafkaMechanism.SCRAM_SHA_512,
            "kafka_sasl_username": USER if asks else None,
            "kafka_sasl_password": SecretStr(self.password) if asks else None,
            "kafka_ssl_cafile": self.authority.signer,
        }
        return settings.model_copy(update=right | overrides)


@contextmanager
def running_broker(settings: Settings, authority: Authority, password: str) -> Iterator[Broker]:
    """It writes below COINLOOM_HOME, and ends with the block."""
    broker = Broker({name: free_port() for name in WAYS_IN}, password, authority)
    plain = broker.reached(settings, "PLAINTEXT")
    kafka.prepare(plain)
    folder = settings.coinloom_home / "kafka"
    with (folder / "server.properties").open("a") as properties:
        properties.write(_properties(broker, folder))
    log = settings.coinloom_home / "logs" / "kafka.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as output, subprocess.Popen(kafka.command(plain), stdout=output, stderr=output) as process:
        try:
            _wait(plain, process)
            _let_in(plain, password)
            yield broker
        finally:
            process.terminate()


def _properties(broker: Broker, folder: Path) -> str:
    """What stands further down in the file counts."""
    certificate = write_pem(broker.authority.certificate(), folder / "certificate.pem")
    of_one_name = write_pem(broker.authority.certificate("localhost"), folder / "of-one-name.pem")
    (controller,) = re.findall(r"CONTROLLER://[\d.:]+", (folder / "server.properties").read_text())
    listeners = [f"{name}://127.0.0.1:{port}" for name, port in broker.ports.items()]
    protocols = [f"{name}:{protocol}" for name, protocol in WAYS_IN.items()]
    lines = {
        "listeners": ",".join([*listeners, controller]),
        "listener.security.protocol.map": ",".join([*protocols, "CONTROLLER:PLAINTEXT"]),
        "inter.broker.listener.name": "PLAINTEXT",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(certificate),
        "listener.name.elsewhere.ssl.keystore.type": "PEM",
        "listener.name.elsewhere.ssl.keystore.location": str(of_one_name),
    }
    for name in ("sasl_ssl", "elsewhere"):
        lines[f"listener.name.{name}.scram-sha-512.sasl.jaas.config"] = SCRAM
        lines[f"listener.name.{name}.plain.sasl.jaas.config"] = PLAIN.format(password=jaas_quoted(broker.password))
    return "".join(f"{name}={_escaped(value)}\n" for name, value in lines.items())


def _escaped(value: str) -> str:
    """As files of properties have it, which are of Latin 1."""
    return "".join(f"\\u{ord(each):04x}" if each == "\\" or not each.isascii() else each for each in value)


def _wait(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not kafka.is_ready(settings):
        assert process.poll() is None, "Kafka has ended"
        assert time.monotonic() < deadline, f"Kafka did not come up within {START_SECONDS} s"
        time.sleep(0.2)


def _let_in(settings: Settings, password: str) -> None:
    with KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap_servers) as admin:
        answer = admin.alter_user_scram_credentials([UserScramCredentialUpsertion(USER, "SCRAM-SHA-512", password)])
        assert answer == {USER: None}, answer
