"""Commands, run as their users run them: wall time and peak memory."""

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.memory import Watched, peak_memory
from benchmarks.servers import bench_home
from coinloom.processes import TAIL_LINES, CommandFailed, environment, executable
from coinloom.settings import Settings
from commands.build import DBT_PROJECT

ITSELF = "itself"  # the name of the command's own process among those whose memory is measured

# Python keeps what it has compiled, as it does for most users; some machines forbid that, and dbt starts 2 s later.
BYTECODE_CACHE = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(bench_home() / "pycache")}


@dataclass(frozen=True, slots=True)
class Measured:
    """Wall time, peak bytes by name of the process, and for dbt the seconds of each node."""

    seconds: float
    peak_bytes: dict[str, int]
    node_seconds: dict[str, float] = field(default_factory=dict)


def measure(
    command: list[str], variables: Mapping[str, str], cwd: Path, log: Path, watched: Mapping[str, Watched] | None = None
) -> Measured:
    """Run a command to its end, what it prints going to `log`.

    Raises:
        CommandFailed: it did not exit with 0; carries the end of what it printed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    ours = dict(variables) | BYTECODE_CACHE
    with log.open("w", encoding="utf-8") as output:
        started = time.monotonic()
        with subprocess.Popen(command, env=ours, cwd=cwd, stdout=output, stderr=subprocess.STDOUT) as process:
            try:
                with peak_memory({ITSELF: Watched(process.pid)} | dict(watched or {})) as peaks:
                    code = process.wait()
                    seconds = time.monotonic() - started
            except BaseException:
                process.terminate()
                raise
    if code != 0:
        tail = log.read_text(encoding="utf-8").splitlines()[-TAIL_LINES:]
        raise CommandFailed("\n".join([*tail, f"'{' '.join(command)}' ended with exit code {code}."]))
    return Measured(seconds, peaks)


def measure_dbt(settings: Settings, *arguments: str, watched: Mapping[str, Watched] | None = None) -> Measured:
    """Run a dbt command on the settings' target; its artifacts go to `dbt_artifacts`.

    Raises:
        CommandFailed: dbt did not exit with 0.
    """
    ours = {"DBT_TARGET_PATH": str(dbt_artifacts(settings)), "DBT_LOG_PATH": str(settings.coinloom_home / "dbt")}
    command = [executable("dbt"), *arguments, "--target", settings.dbt_target.value]
    variables = environment(settings) | ours
    run = measure(command, variables, DBT_PROJECT, settings.coinloom_home / "logs" / "dbt.log", watched)
    return Measured(run.seconds, run.peak_bytes, _node_seconds(dbt_artifacts(settings)))


def dbt_artifacts(settings: Settings) -> Path:
    return settings.coinloom_home / "dbt" / "target"


def _node_seconds(artifacts: Path) -> dict[str, float]:
    results = json.loads((artifacts / "run_results.json").read_text())["results"]
    return {result["unique_id"]: result["execution_time"] for result in results}
