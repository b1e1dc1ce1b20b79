"""dbt, imported once and with the project parsed once: what a build then costs is its statements.

Each build is a `dbt build` as anyone would run it, with its hooks, its lock and its artifacts. dbt changes the manifest
that it works on, so every build gets a copy, out of a pickle: 0.03 s, where msgpack takes 0.2 s and deepcopy 0.25 s.
What dbt knows of tables and views it asks for anew in each build, because others may have built meanwhile.
"""

import gc
import pickle
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path

from dbt.artifacts.schemas.results import RunStatus, TestStatus
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.base_types import EventMsg

from building.errors import BuildFailed
from building.project_files import ProjectVersion, project_version
from dbt_coinloom.build_lock import checked_with_the_lock
from dbt_coinloom.kept_sessions import end_kept_sessions

FAILED = {RunStatus.Error, TestStatus.Error, TestStatus.Fail}
# Nothing on the console but what the callback prints; the file keeps all of it, and dbt bounds its size.
QUIET = ("--log-level", "none", "--no-use-colors", "--no-use-colors-file")
# Nor manifest.json and the like: nobody reads them between two builds, and they are a seventh of a build on PostgreSQL.
WITHOUT_ARTIFACTS = "--no-write-json"

OnEvent = Callable[[EventMsg], None]


class WarmDbt:
    """The dbt project of a folder; `on_event` hears what dbt would log, from any of its threads."""

    def __init__(self, project: Path, on_event: OnEvent) -> None:
        self._project = project
        self._on_event = on_event
        self._version: ProjectVersion | None = None
        self._manifest = b""

    def build(self) -> None:
        """`dbt build`, after the project was parsed anew if a file of it has changed.

        Raises:
            BuildFailed: the next try begins with new sessions.
        """
        try:
            self._parse_what_changed()
            with checked_with_the_lock(self._require_what_was_parsed):
                self._invoke([WITHOUT_ARTIFACTS, "build", "--selector", "build"], _unpickle(self._manifest))
        except BuildFailed:
            end_kept_sessions()
            raise

    def _parse_what_changed(self) -> None:
        version = project_version(self._project)
        if version == self._version:
            return
        end_kept_sessions()  # the profile may be another one, too
        self._version = None
        parsed = self._invoke(["parse"]).result
        if not isinstance(parsed, Manifest):
            raise BuildFailed(f"dbt parse gave {type(parsed).__name__}, no manifest.")
        self._manifest = _pickle(parsed)
        self._version = version
        gc.collect()
        gc.freeze()  # what has been imported and parsed stays: later collections need not look at it

    def _require_what_was_parsed(self) -> None:
        """Another build, for which this one has waited, may have made the tables anew as the changed project says."""
        if project_version(self._project) != self._version:
            raise BuildFailed("The dbt project has changed since this build parsed it. The next try parses it anew.")

    def _invoke(self, arguments: Sequence[str], manifest: Manifest | None = None) -> dbtRunnerResult:
        done = dbtRunner(manifest, [self._on_event]).invoke([*QUIET, *arguments])
        if not done.success:
            raise BuildFailed(_why(done))
        return done


def _pickle(manifest: Manifest) -> bytes:
    """Its fields by name, without what it caches: dbt's own pickle gives some fields the values of others."""
    values = {field.name: getattr(manifest, field.name) for field in fields(manifest) if not field.name.startswith("_")}
    return pickle.dumps(values, protocol=pickle.HIGHEST_PROTOCOL)


def _unpickle(manifest: bytes) -> Manifest:
    return Manifest(**pickle.loads(manifest))  # noqa: S301 it has never left this process


def _why(done: dbtRunnerResult) -> str:
    if isinstance(done.result, RunExecutionResult):
        failed = [result for result in done.result.results if result.status in FAILED]
        names = [
            f"{result.node.name} ({(result.message or result.status).strip().splitlines()[0]})" for result in failed
        ]
        return f"dbt build: {', '.join(names)}"
    return f"dbt: {str(done.exception).strip()}"
