"""Starting and stopping the embedded stack in the right order."""

from collections.abc import Iterator
from contextlib import contextmanager

from coinloom.progress import Steps
from coinloom.settings import ServerName, Settings
from ingestion.producer import ensure_topic
from stack import services
from stack.services import Service
from stack.supervisor import Supervisor
from stores.migrate import migrate


def start(settings: Settings, others: list[Service], steps: Steps) -> None:
    """Start the servers, bring schema and topic up to date, and start the others, each as soon as it has what it needs.

    Starting what already runs changes nothing. Returns when every server can be used.

    Raises:
        StackError: a port is taken, a part is missing, a server does not come up, or all runs already with other
            options or settings; says what to do.
    """
    supervisor = Supervisor(settings)
    with steps.step("Prepare the servers"):
        if supervisor.is_running():
            supervisor.require_same_settings()  # before the files of a server that runs are written anew
        else:
            supervisor.sweep()
            services.require_free_ports(settings, others)
        servers = [services.server(settings, name) for name in services.servers(settings)]
        supervisor.start([*servers, *others])
    _start(servers, supervisor)
    only_to_build = {ServerName.THRIFT_SERVER.value}  # it takes longest
    _wait([server for server in servers if server.name not in only_to_build], supervisor, steps)
    with steps.step("Migrate the database and create the topic"):
        migrate(settings)
        ensure_topic(settings)
    _start([service for service in others if service.starts_early], supervisor)
    _wait([server for server in servers if server.name in only_to_build], supervisor, steps)
    _start([service for service in others if not service.starts_early], supervisor)


def _start(started: list[Service], supervisor: Supervisor) -> None:
    for service in started:
        supervisor.start_process(service.name)


def _wait(servers: list[Service], supervisor: Supervisor, steps: Steps) -> None:
    for server in servers:
        with steps.step(f"Start {server.name}"):
            supervisor.wait_ready(server)


@contextmanager
def running_servers(settings: Settings, *names: ServerName) -> Iterator[Supervisor]:
    """Some servers alone, in a home of their own, as nothing has migrated or filled them; none is left at the end.

    Raises StackError, as `start`.
    """
    supervisor = Supervisor(settings)
    servers = [services.server(settings, name) for name in names]
    supervisor.start(servers)
    try:
        _start(servers, supervisor)
        for server in servers:
            supervisor.wait_ready(server)
        yield supervisor
    finally:
        supervisor.stop()


def stop(settings: Settings) -> None:
    """Stop everything that runs for this COINLOOM_HOME; return when no process is left."""
    Supervisor(settings).stop()
