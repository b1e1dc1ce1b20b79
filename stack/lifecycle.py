"""Starting and stopping the embedded stack in the right order."""

from coinloom.progress import Steps
from coinloom.settings import Settings
from ingestion.producer import ensure_topic
from stack import services
from stack.services import Service
from stack.supervisor import Supervisor
from stores.migrate import migrate


def start(settings: Settings, others: list[Service], steps: Steps) -> None:
    """Start the servers, wait for them, bring schema and topic up to date, then start the others.

    Starting what already runs changes nothing.

    Raises:
        StackError: a port is taken, a part is missing, or a server does not come up; says what to do.
    """
    supervisor = Supervisor(settings)
    with steps.step("Prepare the servers"):
        if not supervisor.is_running():
            supervisor.sweep()
            services.require_free_ports(settings)
        servers = [services.server(settings, name) for name in services.servers(settings)]
        supervisor.start([*servers, *others])
    for server in servers:
        supervisor.start_process(server.name)
    for server in servers:
        with steps.step(f"Start {server.name}"):
            supervisor.wait_ready(server)
    with steps.step("Migrate the database and create the topic"):
        migrate(settings)
        ensure_topic(settings)
    for service in others:
        supervisor.start_process(service.name)


def stop(settings: Settings) -> None:
    """Stop everything that runs for this COINLOOM_HOME; return when no process is left."""
    Supervisor(settings).stop()
