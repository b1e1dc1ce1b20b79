"""Once a day: every data test, over the whole history, and the small files of the lake's past hours put together.

A build of crypto_dag tests only the hours that it rebuilt. The tests wait for the maintenance, which replaces files
that they read, but run however it ended. Airflow judges a DAG run by its last task, which therefore needs both.
"""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import dag
from coinloom_commands import DBT_PROJECT, CommandOperator
from coinloom_settings import LOCK_WAIT

DBT_TEST = "dbt test --selector daily --vars 'test_whole_history: true'"
MAINTAIN = """
`coinloom maintain`: many small files of an hour of the lake become few, and what the settings say is too old is
removed. Safe to repeat, and to kill. It waits for a build to end, for `BUILD_LOCK_WAIT_SECONDS`.
"""
TEST = """
Every data test, over every hour, in turns with builds: a test waits for a build to end, for `BUILD_LOCK_WAIT_SECONDS`,
and a build for half a minute and the longest test. One that fails is named in the error, with a row that it found,
for which builds wait at the end. The marts stay as they are: look at the hour of that row, then
`dbt build --full-refresh` makes all of it anew from landing.
"""
BOTH = "Does nothing: it is what fails, and the DAG run with it, when the maintenance or the tests have failed."
LONGEST = timedelta(hours=2) + LOCK_WAIT


@dag(
    dag_display_name="Coinloom: daily tests and maintenance",
    schedule="20 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    is_paused_upon_creation=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=5), "execution_timeout": LONGEST},
    tags=["coinloom"],
    doc_md=__doc__,
)
def daily_dag() -> None:
    maintain = CommandOperator(
        task_id="maintain",
        task_display_name="Maintain the lake",
        bash_command="coinloom maintain",
        doc_md=MAINTAIN,
    )
    test = CommandOperator(
        task_id="test_whole_history",
        task_display_name="Test the whole history",
        bash_command=DBT_TEST,
        cwd=str(DBT_PROJECT),
        trigger_rule="all_done",
        doc_md=TEST,
    )
    both = EmptyOperator(task_id="maintained_and_tested", task_display_name="Maintained and tested?", doc_md=BOTH)
    maintain >> test
    [maintain, test] >> both


daily_dag()
