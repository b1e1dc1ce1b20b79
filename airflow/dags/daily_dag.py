"""Once a day: every data test, over the whole history, and the small files of the lake's past hours put together.

A build of crypto_dag tests only the hours that it rebuilt. The tests wait for the maintenance, which replaces files
that they read, but run however it ended.
"""

from datetime import datetime, timedelta
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import dag

DBT_TEST = "dbt test --selector daily --vars 'test_whole_history: true'"
DBT_PROJECT = str(Path(__file__).resolve().parents[2] / "dbt_project")


@dag(
    schedule="20 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=5), "execution_timeout": timedelta(hours=2)},
    tags=["coinloom"],
    doc_md=__doc__,
)
def daily_dag() -> None:
    maintain = BashOperator(task_id="maintain", bash_command="coinloom maintain")
    test = BashOperator(task_id="test_whole_history", bash_command=DBT_TEST, cwd=DBT_PROJECT, trigger_rule="all_done")
    maintain >> test


daily_dag()
