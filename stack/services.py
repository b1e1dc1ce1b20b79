"""What runs in the background: the servers, and our own processes around them."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from coinloom.processes import executable
from coinloom.settings import ServerName, Settings, Target
from stack import kafka, postgres, thrift_server
from stack.ports import require_free

COINLOOM = [executable("coinloom")]
SIMULATOR = [sys.executable, "-P", "-m", "simulator"]
SIMULATOR_HOST = "127.0.0.1"  # unless it is told otherwise


# Each of these modules has prepare(settings), command(settings) and is_ready(settings).
MODULES = {
    ServerName.KAFKA: kafka,
    ServerName.POSTGRES: postgres,
    ServerName.THRIFT_SERVER: thrift_server,
}


@dataclass(frozen=True, slots=True)
class Service:
    """A supervised process.

    `command` is its argument list (no shell). `is_ready` tells whether a server can be used; our own processes, which
    wait for the servers by themselves, have none. `stop_signal` asks for a quick but clean stop. One that
    `starts_early` starts as soon as there is a topic, the others of ours when every server can be used. `listens` has
    the host and port that have to be free for it, and the setting that moves it.
    """

    name: str
    command: list[str]
    is_ready: Callable[[], bool] | None = None
    stop_signal: str = "TERM"
    starts_early: bool = False
    listens: tuple[str, int, str] | None = None


def require_free_ports(settings: Settings, others: list[Service]) -> None:
    """Raise StackError when a port of the target's servers, or of these, is taken, naming the setting that moves it."""
    of_servers = {
        ServerName.KAFKA: (*kafka.address(settings), "KAFKA_BOOTSTRAP_SERVERS"),
        ServerName.POSTGRES: (settings.postgres_host, settings.postgres_port, "POSTGRES_PORT"),
        ServerName.THRIFT_SERVER: (settings.spark_thrift_host, settings.spark_thrift_port, "SPARK_THRIFT_PORT"),
    }
    for name in servers(settings):
        require_free(*of_servers[name])
    for service in others:
        if service.listens:
            require_free(*service.listens)


def servers(settings: Settings) -> list[ServerName]:
    """What the target needs, in starting order: the Thrift Server only for Spark."""
    names = list(ServerName)
    if settings.dbt_target is Target.POSTGRES:
        names.remove(ServerName.THRIFT_SERVER)
    return names


def server(settings: Settings, name: ServerName) -> Service:
    """Fetch, format and configure what a server needs, and describe it; it is not started."""
    module = MODULES[name]
    module.prepare(settings)
    # PostgreSQL takes TERM for "when the last client has left"; INT ends it at once, and cleanly.
    stop_signal = "INT" if name is ServerName.POSTGRES else "TERM"
    return Service(name.value, module.command(settings), lambda: module.is_ready(settings), stop_signal)


def pipeline(settings: Settings, *, with_build: bool) -> list[Service]:
    """Our own processes: poll, stream and, unless somebody else does it, build with publish, and maintain."""
    every = str(settings.build_interval_seconds)
    build = Service("build", [*COINLOOM, "build", "--publish", "--every", every])
    maintain = Service("maintain", [*COINLOOM, "maintain", "--every", str(settings.maintain_interval_seconds)])
    ours = [Service("poller", [*COINLOOM, "poll"]), stream()]
    return [*ours, build, maintain] if with_build else ours


def stream() -> Service:
    """The streaming job, which lands what is on the topic and what comes."""
    return Service("stream", [*COINLOOM, "stream"], starts_early=True)


def dashboard(settings: Settings) -> Service:
    """The market and the pipeline's health, in a browser."""
    listens = (settings.dashboard_host, settings.dashboard_port, "DASHBOARD_PORT")
    return Service("dashboard", [*COINLOOM, "dashboard"], listens=listens)


def monitor(settings: Settings) -> Service:
    """Metrics for Prometheus, and alerts."""
    listens = (settings.monitor_host, settings.monitor_port, "MONITOR_PORT")
    return Service("monitor", [*COINLOOM, "monitor"], listens=listens)


def dashboard_url(settings: Settings) -> str:
    """Where a browser on this machine finds it."""
    return f"http://{settings.dashboard_host}:{settings.dashboard_port}"


def simulator(settings: Settings, hours: float, speed: float, **more: str | Path) -> Service:
    """The stand-in for CoinGecko: `hours` of market, `speed` times faster than real time, ending at now.

    `more` are further options of `python -m simulator`, such as `faults`.
    """
    options = {
        "port": settings.simulator_port,
        "seed": settings.simulator_seed,
        "coins": settings.simulator_coins,
        "hours": hours,
        "speed": speed,
        **more,
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    listens = (SIMULATOR_HOST, settings.simulator_port, "SIMULATOR_PORT")
    return Service("simulator", [*SIMULATOR, *arguments], listens=listens)


def simulator_url(settings: Settings) -> str:
    """COINGECKO_BASE_URL of the simulator."""
    return f"http://{SIMULATOR_HOST}:{settings.simulator_port}/api/v3"
