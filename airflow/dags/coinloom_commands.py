"""Coinloom's commands as tasks of Airflow: one that fails says why in its error, and publish says which marts changed.

It needs the commands on the PATH, and nothing of Coinloom in Airflow's own Python.
"""

import json
import re
import time
from collections.abc import Iterator
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
# For a DAG of yours: `schedule=Asset("coinloom://marts/crypto_table")`.
MARTS = {
    model.stem: Asset(f"coinloom://marts/{model.stem}") for model in (DBT_PROJECT / "models" / "marts").glob("*.sql")
}
PUBLISHED = re.compile(r"published marts\.(\w+): \d+ rows compared, (\d+) upserted, (\d+) deleted")
COLOURS = re.compile(r"\x1b\[[\d;]*m")
LAST_LINES = 5
LONGEST_REASON = 600


class CommandOperator(BashOperator):
    """A command. Its task fails with what dbt has written of the nodes that failed, or else with its last lines.

    One that takes longer than `execution_timeout` fails with Airflow's error, and the same is in its log.
    """

    def __init__(self, *, bash_command: str, **kwargs: Any) -> None:
        super().__init__(bash_command=bash_command, skip_on_exit_code=None, **kwargs)

    def execute(self, context: Any) -> Any:
        command, started = self.bash_command, time.time()
        with TemporaryDirectory(prefix="coinloom-") as folder:
            said = Path(folder, "output.txt")
            self.bash_command = f"set -o pipefail\n{{ {command}\n}} 2>&1 | tee {said}"
            try:
                super().execute(context)
            except AirflowException as error:
                raise AirflowException(f"'{command}' failed. {why_it_failed(_text(said), started) or error}") from None
            except AirflowTaskTimeout:  # Airflow ends the command when it hears of this
                why = why_it_failed(_text(said), started)
                self.log.error("'%s' did not end within %s and is cut off. %s", command, self.execution_timeout, why)
                raise
            return self.conclude(_text(said), context)

    def conclude(self, said: str, context: Any) -> Any:
        """What the task makes of the output of a command that succeeded."""


class PublishOperator(CommandOperator):
    """Publishes; of the marts, its outlets, those have an event of which it changed rows."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(bash_command="coinloom publish", outlets=list(MARTS.values()), **kwargs)

    def conclude(self, said: str, context: Any) -> dict[str, int]:
        """By mart, how many rows it changed."""
        rows = {mart: int(upserted) + int(deleted) for mart, upserted, deleted in PUBLISHED.findall(said)}
        changed = {mart: number for mart, number in rows.items() if number}
        # Airflow makes an event of every outlet that the task has at its end.
        self.outlets = [MARTS[mart] for mart in changed]
        for mart, number in changed.items():
            context["outlet_events"][MARTS[mart]].extra = {"changed_rows": number}
        return changed


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""


def why_it_failed(said: str, since: float) -> str:
    lines = [COLOURS.sub("", line).rstrip() for line in said.splitlines() if line.strip()]
    found = [line.split("  ", 1)[-1] for line in lines if " found a row with " in line]
    return "\n".join([*_failed_nodes(since), *found] or lines[-LAST_LINES:])


def _failed_nodes(since: float) -> Iterator[str]:
    """From what a dbt command has written since then."""
    for file in (ARTIFACTS / "run_results.json", ARTIFACTS / "sources.json"):
        if file.is_file() and file.stat().st_mtime >= since:
            for result in json.loads(file.read_text(encoding="utf-8"))["results"]:
                if result["status"] in {"error", "fail", "runtime error"}:
                    yield f"{_name(result['unique_id'])}: {_reason(result)[:LONGEST_REASON]}"


def _name(unique_id: str) -> str:
    """`model crypto_table` of `model.coinloom.crypto_table`; a test ends in a hash."""
    kind, _, *name = unique_id.split(".")
    return f"{kind} {name[0]}" if kind != "source" else f"source {'.'.join(name)}"


def _reason(result: dict[str, Any]) -> str:
    if age := result.get("max_loaded_at_time_ago_in_s"):
        return f"its newest row is {age:.0f} s old"
    return " ".join(str(result.get("message") or result.get("error") or result["status"]).split())
