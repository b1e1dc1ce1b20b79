"""crypto_dag with a task for each model: to see which one takes how long, and which one failed.

Optional. It is there if astronomer-cosmos is installed where Airflow is, with that of `make airflow` by
`make add PACKAGES='astronomer-cosmos>=1.15,<1.16'`, and dbt has written `dbt_project/target/manifest.json`: `dbt parse`
does, and so does each build of crypto_dag.

`dbt_producer_watcher` runs `dbt build --selector build`, as crypto_dag does: one command, so one build lock, and one
build that is finished when all models and tests have passed. A test that fails fails this task, and is named in its
log. The tasks of the models only watch it (cosmos's ExecutionMode.WATCHER). Nothing is retried, because cosmos would
run a model alone.

Each task costs Airflow seconds, so the DAG begins paused and has no schedule: start it by hand. To have it instead of
crypto_dag, pause that one and set MODELS_DAG_SCHEDULE. Both together do no harm: builds wait for one another. It
needs a scheduler: `airflow dags test` runs one task at a time, and a watching one would wait for ever.
"""

import os
from datetime import datetime
from shutil import which

from airflow.sdk import dag
from coinloom_commands import ARTIFACTS, DBT_PROJECT
from coinloom_settings import LONGEST_BUILD, LONGEST_DAG_RUN, setting
from coinloom_tasks import publish, source_freshness

# Asking dbt for it, as cosmos can, takes longer than Airflow waits for a DAG.
MANIFEST = ARTIFACTS / "manifest.json"

os.environ.setdefault("DO_NOT_TRACK", "1")  # cosmos reports how it is used, unless told not to
try:
    import cosmos
except ImportError:
    cosmos = None


@dag(
    dag_display_name="Coinloom: build model by model",
    schedule=setting("MODELS_DAG_SCHEDULE", "") or None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    is_paused_upon_creation=True,
    max_active_runs=1,
    dagrun_timeout=LONGEST_DAG_RUN,
    default_args={"retries": 0, "execution_timeout": LONGEST_BUILD},
    tags=["coinloom"],
    doc_md=__doc__,
)
def models_dag() -> None:
    models = cosmos.DbtTaskGroup(
        group_id="models",
        project_config=cosmos.ProjectConfig(DBT_PROJECT, install_dbt_deps=False, manifest_path=MANIFEST),
        profile_config=cosmos.ProfileConfig(
            profile_name="coinloom",
            target_name=setting("DBT_TARGET", "spark"),
            profiles_yml_filepath=DBT_PROJECT / "profiles.yml",
        ),
        execution_config=cosmos.ExecutionConfig(
            execution_mode=cosmos.ExecutionMode.WATCHER,
            invocation_mode=cosmos.InvocationMode.SUBPROCESS,
            dbt_executable_path=which("dbt") or "dbt",
        ),
        render_config=cosmos.RenderConfig(
            load_method=cosmos.LoadMode.DBT_MANIFEST,
            selector="build",
            # No tasks for tests, which would wait for those that a build leaves out. They are run all the same: cosmos
            # asks for models alone then, and here for tests, too.
            test_behavior=cosmos.TestBehavior.NONE,
            emit_datasets=False,
        ),
        operator_args={"dbt_cmd_flags": ["--resource-type", "test"]},
    )
    source_freshness() >> models >> publish()


if cosmos is not None and MANIFEST.is_file():
    models_dag()
