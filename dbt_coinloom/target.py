"""The target that a dbt command is about, before dbt has looked at it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbt.config.runtime import load_profile, load_project

from coinloom.errors import WrongSetting
from serving.build_lock import PRODUCTION, lock_of

# Compiles and lints in a catalog of its own, without any server.
TARGET_WITHOUT_SERVER = "spark_session"
PRODUCTION_TARGETS = "production_targets"  # a var of the project


@dataclass(frozen=True, slots=True)
class CommandTarget:
    """Its name, and what its schemas begin with: nothing in production, whose schemas have the plain names."""

    name: str
    schema_prefix: str

    @property
    def lock(self) -> int:
        """The build lock of its tables."""
        return lock_of(self.schema_prefix) if self.schema_prefix else PRODUCTION


def target_of(flags: Any) -> CommandTarget:
    """That of the command with these flags.

    Raises:
        WrongSetting: --vars names targets as production. The next command, without, would have another lock.
    """
    if PRODUCTION_TARGETS in flags.VARS:
        raise WrongSetting(f"{PRODUCTION_TARGETS} are those of dbt_project.yml. Leave them out of --vars.")
    project_folder, target = flags.PROJECT_DIR, flags.TARGET
    if flags.WHICH == "retry":
        target = _target_of_last_run(flags)
    profile = load_profile(project_folder, flags.VARS, flags.PROFILE, target)
    project = load_project(project_folder, version_check=False, profile=profile)
    production = project.vars.to_dict().get(PRODUCTION_TARGETS, [profile.target_name])  # type: ignore[no-untyped-call]
    prefix = "" if profile.target_name in production else str(profile.credentials.schema)
    return CommandTarget(profile.target_name, prefix)


def _target_of_last_run(flags: Any) -> str | None:
    """A retry is of the target that the failed command was of, whatever the default is."""
    results = Path(flags.PROJECT_DIR, flags.STATE or flags.TARGET_PATH or "target", "run_results.json")
    if not results.is_file():  # dbt will say so
        return None
    arguments = json.loads(results.read_text(encoding="utf-8"))["args"]
    return arguments.get("target") or None
