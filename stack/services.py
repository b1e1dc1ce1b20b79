"""What runs in the background: the servers, and our own processes around them."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from coinloom.settings import Settings, Target
from stack import kafka, postgres, thrift_server
from stack.ports import require_free


@dataclass(frozen=True, slots=True)
class Service:
    """A supervised process.

    `command` is its argument list (no shell). `is_ready` tells whether a server can be used; our own processes, which
    wait for the servers by themselves, have none. `stop_signal` asks for a quick but clean stop.
    """

    name: str
    command: list[str]
    is_ready: Callable[[], bool] | None = None
    stop_signal: str = "TERM"


def prepare_servers(settings: Settings) -> None:
    """Fetch, format and configure what the servers need; nothing is started."""
    kafka.prepare(settings)
    postgres.prepare(settings)
    thrift_server.prepare(settings)


def require_free_ports(settings: Settings) -> None:
    """Raise StackError when a server's port is taken, naming the setting that moves it."""
    require_free(*kafka.address(settings), "KAFKA_BOOTSTRAP_SERVERS")
    require_free(settings.postgres_host, settings.postgres_port, "POSTGRES_PORT")
    require_free(settings.spark_thrift_host, settings.spark_thrift_port, "SPARK_THRIFT_PORT")


def servers(settings: Settings) -> list[Service]:
    """Broker, PostgreSQL and, for the target that needs it, the Thrift Server, in starting order."""
    services = [
        Service("kafka", kafka.command(settings), lambda: kafka.is_ready(settings)),
        Service("postgres", postgres.command(settings), lambda: postgres.is_ready(settings), stop_signal="INT"),
    ]
    if settings.dbt_target is Target.SPARK:
        thrift = thrift_server.command(settings)
        services.append(Service("thrift-server", thrift, lambda: thrift_server.is_ready(settings)))
    return services


def pipeline(settings: Settings) -> list[Service]:
    """Our own processes: poll, stream, build with publish."""
    return [
        Service("poller", coinloom("poll")),
        Service("stream", coinloom("stream")),
        Service("build", coinloom("build", "--publish", "--every", str(settings.build_interval_seconds))),
    ]


def simulator(settings: Settings, hours: float, speed: float) -> Service:
    """The stand-in for CoinGecko: `hours` of market, `speed` times faster than real time, ending at now."""
    options = {
        "port": settings.simulator_port,
        "seed": settings.simulator_seed,
        "coins": settings.simulator_coins,
        "hours": hours,
        "speed": speed,
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return Service("simulator", coinloom("simulate", *arguments))


def coinloom(*arguments: str) -> list[str]:
    """The `coinloom` command of this environment."""
    beside_python = Path(sys.executable).parent / "coinloom"
    return [str(beside_python) if beside_python.exists() else shutil.which("coinloom") or "coinloom", *arguments]
