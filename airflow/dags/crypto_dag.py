"""The warehouse on a schedule: is landing fresh, build the models with their tests, publish the marts, is all healthy.

The tasks are the commands that a person would type. They take their settings (DBT_TARGET, POSTGRES_*, SPARK_THRIFT_*)
from Airflow's environment. CRYPTO_DAG_SCHEDULE is a cron expression; the default is every five minutes.

A task that fails names the model or the test in its error. A mart of which rows have changed is an event of its asset,
`coinloom://marts/crypto_table` and so on, which can start a DAG of yours.
"""

from datetime import datetime, timedelta

from airflow.sdk import dag
from coinloom_commands import DBT_PROJECT, CommandOperator
from coinloom_settings import LONGEST_BUILD, LONGEST_DAG_RUN, LONGEST_LOOK, setting
from coinloom_tasks import publish, source_freshness

# All models, and the tests that look at what the build has rebuilt: selectors.yml.
DBT_BUILD = "dbt build --selector build"
BUILD = """
`dbt build` of what has landed since the last build, with the tests that look at it. It waits for another build to end,
for `BUILD_LOCK_WAIT_SECONDS`. It is cut off if wait and build together take longer than `BUILD_LOCK_WAIT_SECONDS`,
`BUILD_TIMEOUT_SECONDS` and a minute: raise `BUILD_TIMEOUT_SECONDS` where the first build has much to do. If a model or
a test fails, the build is not finished, nothing of it is published, and the next one does what is left.
"""
# Fails when something is broken; what is only stale is said in the log.
CHECK = "coinloom check || [ $? -eq 1 ]"
CHECKED = """
`coinloom check`: is each stage, from the polls to the marts and the disk, healthy? Its line is in the log.
"""


@dag(
    dag_display_name="Coinloom: build and publish",
    schedule=setting("CRYPTO_DAG_SCHEDULE", "*/5 * * * *"),
    start_date=datetime(2026, 1, 1),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    dagrun_timeout=LONGEST_DAG_RUN,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30), "execution_timeout": LONGEST_LOOK},
    tags=["coinloom"],
    doc_md=__doc__,
)
def crypto_dag() -> None:
    build = CommandOperator(
        task_id="dbt_build",
        task_display_name="Build and test the models",
        bash_command=DBT_BUILD,
        cwd=str(DBT_PROJECT),
        execution_timeout=LONGEST_BUILD,
        doc_md=BUILD,
    )
    check = CommandOperator(task_id="check", task_display_name="Is it healthy?", bash_command=CHECK, doc_md=CHECKED)
    source_freshness() >> build >> publish() >> check


crypto_dag()
