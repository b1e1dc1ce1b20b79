"""The pipeline that is disturbed: the embedded stack with a simulator that writes down what it answers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from coinloom.processes import Output, environment, executable, run
from coinloom.progress import Steps
from coinloom.settings import REPOSITORY, ServerName, Settings, Sink, Target
from ingestion.topic import topic_ends
from stack import lifecycle, services
from stack.isolation import isolated_settings
from stack.services import Service
from stack.supervisor import Supervisor
from stores.landing import landed_offsets

COINS = 60
HOURS, SPEED = 2, 30
POLL_SECONDS, TRIGGER_SECONDS, BUILD_SECONDS, MAINTAIN_SECONDS = 0.5, 2, 3, 5
AFTER_ALL = "2999-12-31T23"
STARTED_AGAIN_SECONDS = 600  # what was killed last, on a machine that does much else


def chaos_settings(home: Path, target: Target, lake_root: str = "") -> Settings:
    """A small market that is polled, landed and built much more often than it would be; by default, in a local lake."""
    return isolated_settings(
        home,
        lake_root=lake_root or str(home / "lake"),
        dbt_target=target,
        simulator_coins=COINS,
        coingecko_top_n=COINS,
        landing_sinks=list(Sink),
        poll_interval_seconds=POLL_SECONDS,
        stream_trigger_seconds=TRIGGER_SECONDS,
        build_interval_seconds=BUILD_SECONDS,
        maintain_interval_seconds=MAINTAIN_SECONDS,
    )


def record_file(settings: Settings) -> Path:
    return settings.coinloom_home / "answers.jsonl"


@contextmanager
def running(settings: Settings, faults: str, steps: Steps) -> Iterator[Supervisor]:
    """Everything that `coinloom up --simulate` starts."""
    simulator = services.simulator(settings, HOURS, SPEED, record=record_file(settings), faults=faults)
    ours = [_busier(service) for service in services.pipeline(settings, with_build=True)]
    try:
        lifecycle.start(settings, [simulator, *ours], steps)
        yield Supervisor(settings)
    finally:
        lifecycle.stop(settings)


def _busier(service: Service) -> Service:
    """Compaction does not wait for the end of an hour."""
    more = ["--before", AFTER_ALL] if service.name == "maintain" else []
    return replace(service, command=[*service.command, *more])


def drain(settings: Settings, supervisor: Supervisor) -> None:
    """Let everything that was polled come through: one more poll sends what waits on disk, and the stream lands it.

    The last call of maintain mends what one that was killed has left, after the build had to do with it.
    """
    for name in ("poller", "build", "maintain"):
        supervisor.stop_process(name)
    for name in services.servers(settings):
        supervisor.wait_ready(services.server(settings, name), STARTED_AGAIN_SECONDS)
    _coinloom(settings, "poll", "--once")
    _wait_for_stream(settings, supervisor)
    _coinloom(settings, "build", "--publish")
    _coinloom(settings, "maintain", "--before", AFTER_ALL)


def _wait_for_stream(settings: Settings, supervisor: Supervisor) -> None:
    """Until every sink has all of the topic; then the stream ends."""
    stream = services.stream().name
    ends, deadline = topic_ends(settings), time.monotonic() + STARTED_AGAIN_SECONDS
    while behind := [sink for sink in settings.sinks if landed_offsets(settings, sink) != ends]:
        if time.monotonic() > deadline:
            what = f"{', '.join(behind)} had not landed all of the topic after {STARTED_AGAIN_SECONDS} s"
            raise TimeoutError(f"{what}; see {supervisor.logs / stream}.log")
        time.sleep(0.2)
    supervisor.stop_process(stream)


@contextmanager
def undisturbed(settings: Settings, home: Path, steps: Steps) -> Iterator[Settings]:
    """The same topic, landed, built and published once, in a stack of its own with a local lake and nothing in it."""
    own = isolated_settings(home, dbt_target=settings.dbt_target, landing_sinks=list(Sink))
    own = own.model_copy(update={"kafka_bootstrap_servers": settings.kafka_bootstrap_servers})
    supervisor = Supervisor(own)
    servers = [services.server(own, name) for name in services.servers(own) if name is not ServerName.KAFKA]
    try:
        with steps.step("Land and build the same topic, undisturbed"):
            supervisor.start(servers)
            for server in servers:
                supervisor.start_process(server.name)
            for server in servers:
                supervisor.wait_ready(server)
            _coinloom(own, "stream", "--available-now")
            _coinloom(own, "build", "--publish")
        yield own
    finally:
        supervisor.stop()


def _coinloom(settings: Settings, *arguments: str) -> None:
    output = Output(settings.coinloom_home / "logs" / f"{arguments[0]}-at-the-end.log", lambda _: None)
    run([executable("coinloom"), *arguments], environment(settings), REPOSITORY, output)
