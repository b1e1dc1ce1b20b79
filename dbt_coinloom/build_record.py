"""What becomes of a dbt command that builds, as dbt's own events tell it: one row of `operations.builds` at its end.

The row goes through the connection that holds the build lock, so it costs one insert. Where it cannot be written, the
command ends as it would have ended.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg
from dbt_common.events.base_types import EventMsg
from psycopg.types.json import Jsonb

from coinloom.clock import Clock, utc_now

SLOWEST_AT_MOST = 10
LONGEST_FAILURE = 500
PATIENCE = "set statement_timeout = '5s'"  # somebody may hold the table
INSERT = """
    insert into operations.builds (
        began_at, ended_at, command, target, outcome, failed_node, failure,
        models_passed, models_failed, models_skipped, models_warned,
        tests_passed, tests_failed, tests_skipped, tests_warned,
        seconds_in_models, seconds_in_tests, slowest_nodes
    ) values (
        %(began_at)s, %(ended_at)s, %(command)s, %(target)s, %(outcome)s, %(failed_node)s, %(failure)s,
        %(models_passed)s, %(models_failed)s, %(models_skipped)s, %(models_warned)s,
        %(tests_passed)s, %(tests_failed)s, %(tests_skipped)s, %(tests_warned)s,
        %(seconds_in_models)s, %(seconds_in_tests)s, %(slowest_nodes)s
    )
"""

COUNTS = [f"{kind}_{how}" for kind in ("models", "tests") for how in ("passed", "failed", "skipped", "warned")]
# What dbt calls them; all else, such as `error`, `fail` and `runtime error`, has failed.
OUTCOME_OF = {"success": "passed", "pass": "passed", "no-op": "passed", "warn": "warned", "skipped": "skipped"}
TESTS = {"test", "unit_test"}


@dataclass(frozen=True, slots=True)
class _Node:
    name: str
    kind: str  # models or tests
    outcome: str
    seconds: float = 0.0
    message: str = ""


class BuildRecord:
    """Begins when it is made, for a command that has the lock. dbt calls `hear` from any of its threads."""

    def __init__(self, command: str, target: str, now: Clock = utc_now) -> None:
        self._command = command
        self._target = target
        self._now = now
        self._began_at = now()
        self._nodes: dict[str, _Node] = {}
        self._error = ""

    def hear(self, event: EventMsg) -> None:
        match event.info.name:
            case "NodeFinished":
                result = event.data.run_result
                outcome = OUTCOME_OF.get(result.status, "failed")
                self._note(event.data.node_info, outcome, result.execution_time, result.message)
            case "SkippingDetails":
                self._note(event.data.node_info, "skipped")
            case "MainEncounteredError":
                self._error = self._error or event.data.exc

    def row(self, *, passed: bool) -> dict[str, Any]:
        """The columns of the table, for a command that ends now."""
        nodes = list(self._nodes.values())
        failed = next((node for node in nodes if node.outcome == "failed"), None)
        failure = "" if passed else (failed.message if failed else self._error) or "dbt does not say why"
        counts = Counter(f"{node.kind}_{node.outcome}" for node in nodes)
        slowest = sorted(nodes, key=lambda node: -node.seconds)[:SLOWEST_AT_MOST]
        return {
            "began_at": self._began_at,
            "ended_at": self._now(),
            "command": self._command,
            "target": self._target,
            "outcome": "passed" if passed else "failed",
            "failed_node": failed.name if failed else None,
            "failure": _first_line(failure),
            **{count: counts[count] for count in COUNTS},
            "seconds_in_models": sum(node.seconds for node in nodes if node.kind == "models"),
            "seconds_in_tests": sum(node.seconds for node in nodes if node.kind == "tests"),
            "slowest_nodes": Jsonb(
                [{"node": node.name, "seconds": round(node.seconds, 3)} for node in slowest if node.seconds]
            ),
        }

    def _note(self, node: Any, outcome: str, seconds: float = 0.0, message: str = "") -> None:
        kind = "tests" if node.resource_type in TESTS else "models"
        self._nodes[node.unique_id] = _Node(node.node_name, kind, outcome, seconds, message)


def write(connection: psycopg.Connection, row: dict[str, Any]) -> None:
    """Raises psycopg.Error, soon."""
    connection.execute(PATIENCE)
    connection.execute(INSERT, row)


def _first_line(text: str) -> str | None:
    return text.strip().splitlines()[0][:LONGEST_FAILURE] if text.strip() else None
