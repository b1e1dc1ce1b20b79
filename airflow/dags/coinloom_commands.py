"""Coinloom's commands as tasks of Airflow: one that fails says why in its error, and publish says which marts changed.

It needs the commands on the PATH, and nothing of Coinloom in Airflow's own Python.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from airflow.exceptions import AirflowException
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowTaskTimeout
from coinloom_settings import setting

DBT_PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
# What dbt writes of the project and of each command.
ARTIFACTS = DBT_PROJECT / setting("DBT_TARGET_PATH", "target")
# dbt adds variables of this prefix to what it writes of a command: a build beside ours writes into the same files.
PREFIX, OUR_COMMAND = "DBT_ENV_CUSTOM_ENV_", "COINLOOM_COMMAND"
# For a DAG of yours: `schedule=Asset("coinloom://marts/crypto_table")`.
MARTS = {
    model.stem: Asset(f"coinloom://marts/{model.stem}") for model in (DBT_PROJECT / "models" / "marts").glob("*.sql")
}
PUBLISHED = re.compile(
    r"published marts\.(\w+): \d+ rows compared, (\d+) upserted, (\d+) deleted in [\d.]+ s, last changed (\S+)"
)
COLOURS = re.compile(r"\x1b\[[\d;]*m")
CLOCK = re.compile(r"^\d\d:\d\d:\d\d  ")
LAST_LINES = 5
LONGEST_REASON = 600


class CommandOperator(BashOperator):
    """A command. Its task fails with its last lines, after what dbt has written of the nodes that failed in it.

    One that takes longer than `execution_timeout` fails with Airflow's error, and the same is in its log.
    """

    def __init__(self, *, bash_command: str, **kwargs: Any) -> None:
        super().__init__(bash_command=bash_command, skip_on_exit_code=None, **kwargs)

    def execute(self, context: Any) -> Any:
        command = self.bash_command
        with TemporaryDirectory(prefix="coinloom-") as folder:
            said = Path(folder, "output.txt")
            ours = f"export {PREFIX}{OUR_COMMAND}={folder}"
            self.bash_command = f"set -o pipefail\n{ours}\n{{ {command}\n}} 2>&1 | tee {said}"
            try:
                super().execute(context)
            except AirflowException as error:
                raise AirflowException(f"'{command}' failed. {why_it_failed(_text(said), folder) or error}") from None
            except AirflowTaskTimeout:  # Airflow ends the command when it hears of this
                why = why_it_failed(_text(said), folder)
                self.log.error("'%s' did not end within %s and is cut off. %s", command, self.execution_timeout, why)
                raise
            return self.conclude(_text(said), context)

    def conclude(self, said: str, context: Any) -> Any:
        """What the task makes of the output of a command that succeeded."""


class PublishOperator(CommandOperator):
    """Publishes; of the marts, its outlets, those have an event that have changed since their last one.

    So none is lost: a publish that fails half-way or is killed has changed marts all the same, and the next one finds
    nothing left to change in them.
    """

    def __init__(self, **kwargs: Any) -> None:
        marts = list(MARTS.values())
        super().__init__(bash_command="coinloom publish", inlets=marts, outlets=marts, **kwargs)

    def conclude(self, said: str, context: Any) -> dict[str, int]:
        """By mart, how many rows it changed."""
        changed: dict[str, int] = {}
        self.outlets = []  # Airflow makes an event of every outlet that the task has at its end
        for mart, upserted, deleted, changed_at in PUBLISHED.findall(said):
            rows, asset = int(upserted) + int(deleted), MARTS[mart]
            if rows:
                changed[mart] = rows
            if changed_at not in {"never", _last_told(context["inlet_events"][asset])}:
                self.outlets.append(asset)
                context["outlet_events"][asset].extra = {"changed_rows": rows, "changed_at": changed_at}
        return changed


def _last_told(events: Any) -> str | None:
    """When a mart had changed by its last event."""
    newest = events.ascending(False).limit(1) if hasattr(events, "limit") else events[-1:]  # a list in Airflow 3.0
    return (newest[0].extra or {}).get("changed_at") if newest else None


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""


def why_it_failed(said: str, command: str) -> str:
    """Each line once."""
    plain = [CLOCK.sub("", COLOURS.sub("", line)).rstrip() for line in said.splitlines()]
    lines = [line for line in plain if line]
    found = [line for line in lines if " found a row with " in line]
    return "\n".join(dict.fromkeys([*_failed_nodes(command), *found, *lines[-LAST_LINES:]]))


def _failed_nodes(command: str) -> Iterator[str]:
    for file in (ARTIFACTS / "run_results.json", ARTIFACTS / "sources.json"):
        for result in _results(file, command):
            if result["status"] in {"error", "fail", "runtime error"}:
                yield f"{_name(result['unique_id'])}: {_reason(result)[:LONGEST_REASON]}"


def _results(file: Path, command: str) -> Sequence[dict[str, Any]]:
    """What dbt has written of this command; none, if it is of another one or only half written."""
    try:
        written = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return written["results"] if written["metadata"]["env"].get(OUR_COMMAND) == command else []


def _name(unique_id: str) -> str:
    """`model crypto_table` of `model.coinloom.crypto_table`; a test ends in a hash."""
    kind, _, *name = unique_id.split(".")
    return f"{kind} {name[0]}" if kind != "source" else f"source {'.'.join(name)}"


def _reason(result: dict[str, Any]) -> str:
    if age := result.get("max_loaded_at_time_ago_in_s"):
        return f"its newest row is {age:.0f} s old"
    return " ".join(str(result.get("message") or result.get("error") or result["status"]).split())
