"""One stack for all tests of this folder that do not need one of their own: the servers, a simulator, a warm stream."""

from collections.abc import Iterator
from time import sleep

import pytest
from kafka import KafkaProducer

from coinloom.settings import Settings, Target
from stack import services
from stack.ports import is_listening
from stack.supervisor import Supervisor
from tests.commands import run_command
from tests.integration.market import GARBAGE, POLLS, Rows, read_published
from tests.integration.warm_stream import WarmStream
from tests.stacks import own_settings, running_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The servers and a simulator that plays two hours of market in 24 seconds, up to now. `landed` begins anew."""
    settings = own_settings(tmp_path_factory.mktemp("stack"))
    with running_stack(settings, services.simulator(settings, hours=2, speed=300)):
        yield settings


@pytest.fixture(scope="session")
def warm_stream(stack: Settings) -> Iterator[WarmStream]:
    """Lands what a topic holds now, for tests that are not about the process that does it."""
    stream = WarmStream(stack, stack.coinloom_home / "logs" / "warm-stream.log")
    yield stream
    stream.stop()


@pytest.fixture(scope="session")
def landed(stack: Settings, warm_stream: WarmStream) -> Settings:
    """Two hours of polls, up to the end of what is played, and some garbage, landed in both sinks."""
    _play_again(stack)
    run_command(stack, "coinloom", "poll", "--max-polls", str(POLLS), "--interval-seconds", "0.3")
    producer = KafkaProducer(bootstrap_servers=stack.kafka_bootstrap_servers)
    for value in GARBAGE:
        producer.send(stack.kafka_topic, value=value, headers=[("schema-version", b"1.0")])
    producer.flush()
    producer.close()
    warm_stream.land(stack)
    return stack


@pytest.fixture(scope="session")
def marts(landed: Settings) -> dict[Target, Rows]:
    """The marts in PostgreSQL after a build and publish on each target; those of Spark stay there."""
    results = {}
    for target in (Target.POSTGRES, Target.SPARK):
        run_command(landed, "coinloom", "build", "--publish", "--target", target)
        results[target] = read_published(landed)
    return results


def _play_again(stack: Settings) -> None:
    """Servers may take longer to start than the market takes to be over."""
    supervisor = Supervisor(stack)
    supervisor.stop_process("simulator")
    supervisor.start_process("simulator")
    while not is_listening("127.0.0.1", stack.simulator_port):
        sleep(0.05)
