"""A standalone Spark cluster on this machine: a master and workers, each a process, that can be killed."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from coinloom.processes import executable
from coinloom.settings import Settings
from stack.owner import end_with_this_process
from stack.ports import free_port, is_listening

CORES, MEMORY = 2, "2g"  # of each worker
EXECUTOR = {"spark_executor_cores": 1, "spark_executor_memory": "512m", "spark_cores_max": 2}
START_SECONDS = 300  # a machine that does much else
APPLICATION = re.compile(r"--app-id (\S+)")


@dataclass(slots=True)
class Cluster:
    """Its workers by their names."""

    home: Path
    port: int
    master: subprocess.Popen[bytes]
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"spark://127.0.0.1:{self.port}"

    def start_worker(self, name: str) -> None:
        arguments = ["--host", "127.0.0.1", "--cores", str(CORES), "--memory", MEMORY, "--webui-port", str(free_port())]
        self.workers[name] = _started(
            self.home / f"{name}.log", "worker.Worker", *arguments, "--work-dir", str(self.home / name), self.url
        )

    def kill_worker(self, name: str) -> None:
        """And what it has started notices: its executors end by themselves."""
        self.workers[name].kill()
        self.workers[name].wait(30)

    def executors(self) -> dict[str, list[psutil.Process]]:
        """By application, in the order in which they came."""
        found: dict[str, list[psutil.Process]] = {}
        for worker in self.workers.values():
            children = psutil.Process(worker.pid).children() if worker.poll() is None else []
            for child in children:
                if application := APPLICATION.search(_command_line(child)):
                    found.setdefault(application[1], []).append(child)
        return dict(sorted(found.items()))

    def stop(self) -> None:
        for process in (*self.workers.values(), self.master):
            process.terminate()
        for process in (*self.workers.values(), self.master):
            process.wait(60)


@contextmanager
def cluster(home: Path, workers: tuple[str, ...] = ("first", "second")) -> Iterator[Cluster]:
    """Until the block ends. Its processes do not know the keys of a store: they come with the work."""
    end_with_this_process()
    home.mkdir(parents=True)
    port = free_port()
    arguments = ["--host", "127.0.0.1", "--port", str(port), "--webui-port", str(free_port())]
    running = Cluster(home, port, _started(home / "master.log", "master.Master", *arguments))
    try:
        deadline = time.monotonic() + START_SECONDS
        while not is_listening("127.0.0.1", port):
            assert time.monotonic() < deadline, (home / "master.log").read_text()[-3000:]
            time.sleep(0.1)
        for name in workers:
            running.start_worker(name)
        yield running
    finally:
        running.stop()


def on_the_cluster(settings: Settings, url: str) -> Settings:
    """The same with stream and Thrift Server there, their drivers on the loopback."""
    return settings.model_copy(update={"spark_master": url, "spark_local_ip": "127.0.0.1", **EXECUTOR})


def _started(log: Path, name: str, *arguments: str) -> subprocess.Popen[bytes]:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    variables |= {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m", "SPARK_NO_DAEMONIZE": "1"}
    command = [executable("spark-class"), f"org.apache.spark.deploy.{name}", *arguments]
    with log.open("ab") as output:
        return subprocess.Popen(command, env=variables, stdout=output, stderr=output)


def _command_line(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""
