"""One Kafka broker in KRaft mode, as a plain Java process."""

import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

from coinloom.settings import KafkaProtocol, Settings
from stack.errors import StackError
from stack.jars import fetch_broker_jars
from stack.java import java_executable
from stack.ports import free_port, is_listening

LOG4J = """
status = warn
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd'T'HH:mm:ss.SSS}{UTC}Z %p %c{1}: %m%n
"""


def prepare(settings: Settings) -> None:
    """Write the configuration and, the first time, format the storage."""
    if settings.kafka_security_protocol is not KafkaProtocol.PLAINTEXT:
        raise StackError(
            f"KAFKA_SECURITY_PROTOCOL is {settings.kafka_security_protocol}, and the embedded broker knows PLAINTEXT "
            "only. Where Kafka is another one, start single commands (docs/security.md)."
        )
    folder = settings.coinloom_home / "kafka"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log4j2.properties").write_text(LOG4J)
    properties = folder / "server.properties"
    properties.write_text(_properties(settings, folder))
    if not (folder / "data" / "meta.properties").exists():
        cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        _run(settings, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}", f"--config={properties}")


def command(settings: Settings) -> list[str]:
    return _java(settings, "kafka.Kafka", str(settings.coinloom_home / "kafka" / "server.properties"))


def is_ready(settings: Settings) -> bool:
    return is_listening(*address(settings))


def address(settings: Settings) -> tuple[str, int]:
    """Host and port of the one bootstrap server."""
    host, _, port = settings.kafka_bootstrap_servers.partition(":")
    if not port.isdigit():
        raise StackError(
            f"KAFKA_BOOTSTRAP_SERVERS is '{settings.kafka_bootstrap_servers}'; the embedded broker needs one host:port."
        )
    return host, int(port)


def _properties(settings: Settings, folder: Path) -> str:
    host, port = address(settings)
    controller = _controller_port(settings, folder)
    return f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
log.dirs={folder / "data"}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
"""


def _controller_port(settings: Settings, folder: Path) -> int:
    """Any port that is no setting's will do, but it must stay the same for the life of the storage."""
    file = folder / "controller.port"
    if not file.exists():
        ports = [getattr(settings, name) for name in Settings.model_fields if name.endswith("_port")]
        file.write_text(str(free_port(address(settings)[1], *ports)))
    return int(file.read_text())


def _java(settings: Settings, main_class: str, *arguments: str) -> list[str]:
    class_path = fetch_broker_jars(settings.jars)
    log4j = settings.coinloom_home / "kafka" / "log4j2.properties"
    options = ["-Xms128m", "-Xmx512m", f"-Dlog4j2.configurationFile={log4j}"]
    return [java_executable(), *options, "-cp", class_path, main_class, *arguments]


def _run(settings: Settings, main_class: str, *arguments: str) -> None:
    done = subprocess.run(_java(settings, main_class, *arguments), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackError(f"{main_class} failed: {done.stdout}{done.stderr}")
