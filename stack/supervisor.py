"""Background processes under supervisord: started, restarted when they crash, logged to files, stopped together.

supervisord takes our secrets from its environment and hands them on; its configuration file holds none.
"""

import configparser
import hashlib
import os
import shlex
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.xmlrpc import Faults, SupervisorTransport

from coinloom.processes import environment
from coinloom.settings import LOG_FILES_BEFORE, Settings
from coinloom.wording import printable
from stack import postgres
from stack.errors import StackError
from stack.marked import end, marked
from stack.services import Service

# Set for everything that a supervisor starts, so that `down` finds what a killed supervisor left behind.
MARK = "COINLOOM_SUPERVISED_BY"
STOP_WAIT_SECONDS = 30
# What supervisord has forked ignores signals until it runs its own program.
HEARS_AFTER_SECONDS = 0.1
LINES_SHOWN = 5  # of the log of what did not come up
STOPPED_MEANWHILE = "The stack was stopped meanwhile. 'coinloom up' starts it again."


@dataclass(frozen=True, slots=True)
class ProcessState:
    """`state` is supervisord's word (RUNNING, BACKOFF, FATAL, ...), `pid` is None while it does not run."""

    name: str
    state: str
    description: str
    pid: int | None


class Supervisor:
    """The supervisord of one COINLOOM_HOME."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._home = settings.coinloom_home.resolve()
        self._config = self._home / "supervisord.ini"
        # A socket's path may have 107 characters at most, and the home may lie deep.
        digest = hashlib.sha256(str(self._home).encode()).hexdigest()[:12]
        self._socket = Path(tempfile.gettempdir()) / f"coinloom-{os.getuid()}-{digest}.sock"

    @property
    def logs(self) -> Path:
        return self._home / "logs"

    def is_running(self) -> bool:
        try:
            self._rpc.getState()
        except (OSError, Fault):
            return False
        return True

    def start(self, services: list[Service]) -> None:
        """Start supervisord with these services, none of them running yet.

        Raises:
            StackError: it already runs with other services, or does not come up.
        """
        config = self._render(services)
        if self.is_running():
            if self._config.read_text() != config:
                raise _runs_with("other options")
            return
        self.logs.mkdir(parents=True, exist_ok=True)
        self._config.write_text(config)
        supervisord = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._config)]
        ours = environment(self._settings) | {MARK: str(self._home)}
        done = subprocess.run(supervisord, env=ours, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StackError(f"supervisord did not start: {done.stderr.strip() or done.stdout.strip()}")

    def require_same_settings(self) -> None:
        """Of one that runs. What it starts has the settings that it was started with, whatever has changed since.

        Raises:
            StackError: ours are others, also where an option has set one, as `--target` does; names them.
        """
        try:
            theirs = psutil.Process(self._ask("getPID")).environ()
        except psutil.NoSuchProcess:
            raise StackError(STOPPED_MEANWHILE) from None
        ours = environment(self._settings)
        others = [name for name in self._settings.as_environment() if theirs.get(name) != ours.get(name)]
        if others:
            raise _runs_with(f"other options or settings ({', '.join(others)})")

    def start_process(self, name: str) -> None:
        """Start a service that is not running; one that waits for its next try after a crash, at once.

        Raises:
            StackError: the stack was stopped meanwhile.
        """
        if self._process(name).state not in {"RUNNING", "STARTING"}:
            self.stop_process(name)  # what waits for its next try counts as started
            # The fault: it has ended already. It is tried again, as after any crash.
            self._ask("startProcess", str(name), False, fine=Faults.SPAWN_ERROR)

    def stop_process(self, name: str) -> None:
        """Ask a service to end, and return when it has; also one that is just being started again after a crash.

        Raises:
            StackError: the stack was stopped meanwhile.
        """
        while (process := self._process(name)).state not in {"STOPPED", "FATAL"}:
            if process.state != "RUNNING" or not _lives(process.pid):
                time.sleep(HEARS_AFTER_SECONDS)
            self._ask("stopProcess", str(name), fine=Faults.NOT_RUNNING)

    def wait_ready(self, service: Service, timeout_seconds: float = 120) -> None:
        """Wait until a server can be used.

        Raises:
            StackError: it gave up or took too long, with the end of its log; or the stack was stopped meanwhile.
        """
        deadline = time.monotonic() + timeout_seconds
        while not (service.is_ready and service.is_ready()):
            if self._process(service.name).state == "FATAL" or time.monotonic() > deadline:
                log = self.logs / f"{service.name}.log"
                raise StackError(f"{service.name} did not come up; see {log}, which ends so:\n{_last_lines(log)}")
            time.sleep(0.2)

    def states(self) -> list[ProcessState]:
        try:
            infos = self._rpc.getAllProcessInfo()
        except (OSError, Fault):
            infos = []
        return [_process_state(info) for info in infos]

    def stop(self) -> None:
        """Stop every process and supervisord itself; return when none is left."""
        with suppress(StackError, psutil.NoSuchProcess):  # if it does not run, or somebody else has just stopped it
            supervisord = psutil.Process(self._ask("getPID"))
            self._ask("shutdown")
            psutil.wait_procs([supervisord], timeout=STOP_WAIT_SECONDS * 4)
        self.sweep()

    def sweep(self) -> None:
        """Stop what an earlier supervisor of this home left behind."""
        ours = {process for process, home in marked(MARK) if home == str(self._home)}
        end([*ours.union(postgres.processes(self._settings))], STOP_WAIT_SECONDS)
        self._socket.unlink(missing_ok=True)

    @property
    def _rpc(self) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        return ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def _ask(self, question: str, *details: Any, fine: int | None = None) -> Any:
        """Its answer, or None if that is the fault that is `fine`. Raises StackError if it is gone, or going."""
        try:
            return getattr(self._rpc, question)(*details)
        except OSError:
            raise StackError(STOPPED_MEANWHILE) from None
        except Fault as fault:
            if fault.faultCode == fine:
                return None
            if fault.faultCode != Faults.SHUTDOWN_STATE:
                raise
            raise StackError(STOPPED_MEANWHILE) from None

    def _process(self, name: str) -> ProcessState:
        return _process_state(self._ask("getProcessInfo", str(name)))  # XML-RPC takes no enum for a text

    def _render(self, services: list[Service]) -> str:
        home = str(self._home).replace("%", "%%")
        config = configparser.RawConfigParser()
        config["unix_http_server"] = {"file": str(self._socket), "chmod": "0700"}
        config["supervisord"] = {
            "logfile": f"{home}/logs/supervisord.log",
            "logfile_maxbytes": str(self._settings.log_file_bytes),
            "logfile_backups": str(LOG_FILES_BEFORE),
            "pidfile": f"{home}/supervisord.pid",
            "childlogdir": f"{home}/logs",
            "directory": home,
        }
        if os.geteuid() == 0:
            config["supervisord"]["user"] = "root"
        config["rpcinterface:supervisor"] = {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        }
        for priority, service in enumerate(services):
            config[f"program:{service.name}"] = self._program(service, priority)
        with tempfile.TemporaryFile("w+") as rendered:
            config.write(rendered)
            rendered.seek(0)
            return rendered.read()

    def _program(self, service: Service, priority: int) -> dict[str, Any]:
        return {
            "command": shlex.join(service.command).replace("%", "%%"),
            "priority": priority,
            "autostart": "false",
            "autorestart": "true",
            "startsecs": 2,
            # A restart waits one second longer each time; give up only when it has failed for over an hour.
            "startretries": 100,
            "stopsignal": service.stop_signal,
            "stopasgroup": "true",
            "killasgroup": "true",
            "stopwaitsecs": STOP_WAIT_SECONDS,
            "redirect_stderr": "true",
            "stdout_logfile": f"{self._home}/logs/{service.name}.log".replace("%", "%%"),
            "stdout_logfile_maxbytes": self._settings.log_file_bytes,
            "stdout_logfile_backups": LOG_FILES_BEFORE,
        }


def _process_state(info: Any) -> ProcessState:
    return ProcessState(info["name"], info["statename"], info["description"], info["pid"] or None)


def _lives(pid: int | None) -> bool:
    """Before supervisord has noticed that it does not, and starts it again."""
    with suppress(psutil.NoSuchProcess):
        return pid is not None and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def _runs_with(what: str) -> StackError:
    return StackError(f"The stack already runs with {what}. Run 'coinloom down' first.")


def _last_lines(log: Path) -> str:
    """Of a file that may not be there."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LINES_SHOWN:]
    except FileNotFoundError:
        return ""
    return "\n".join(printable(line) for line in lines)
