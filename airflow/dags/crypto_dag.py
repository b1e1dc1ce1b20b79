"""The warehouse on a schedule: is landing fresh, build the models with their tests, publish the marts, is all healthy.

The tasks are the commands that a person would type. They take their settings (DBT_TARGET, POSTGRES_*, SPARK_THRIFT_*)
from Airflow's environment. CRYPTO_DAG_SCHEDULE is a cron expression; the default is every five minutes.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import dag

# All models, and the tests that look at what the build has rebuilt: selectors.yml.
DBT_BUILD = "dbt build --selector build"
# Freshness runs no hook of the project, so the hours that landed since the last build are made known first.
DBT_FRESHNESS = "dbt run-operation register_landing_tables && dbt source freshness"
# Fails when something is broken; what is only stale is said in the log.
CHECK = "coinloom check || [ $? -eq 1 ]"
DBT_PROJECT = str(Path(__file__).resolve().parents[2] / "dbt_project")


@dag(
    schedule=os.environ.get("CRYPTO_DAG_SCHEDULE", "*/5 * * * *"),
    start_date=datetime(2026, 1, 1),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=20),
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30), "execution_timeout": timedelta(minutes=10)},
    tags=["coinloom"],
    doc_md=__doc__,
)
def crypto_dag() -> None:
    freshness = BashOperator(task_id="source_freshness", bash_command=DBT_FRESHNESS, cwd=DBT_PROJECT)
    build = BashOperator(task_id="dbt_build", bash_command=DBT_BUILD, cwd=DBT_PROJECT)
    publish = BashOperator(task_id="publish", bash_command="coinloom publish")
    check = BashOperator(task_id="check", bash_command=CHECK)
    freshness >> build >> publish >> check


crypto_dag()
