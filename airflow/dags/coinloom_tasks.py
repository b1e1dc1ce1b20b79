"""The tasks that more than one of our DAGs has."""

from airflow.providers.standard.operators.bash import BashOperator
from coinloom_commands import DBT_PROJECT, CommandOperator, PublishOperator
from coinloom_settings import LONGEST_BUILD, LONGEST_LOOK

FRESHNESS = """
Fails when the newest price in landing is too old: `freshness` in `models/staging/landing/sources.yml`. Then look at the
poller and the stream: `coinloom status`.
"""
PUBLISH = """
Carries the rows that changed from schema `warehouse` to schema `marts`, where BI tools read them. Returns how many they
were in each mart that it changed. Each mart that has changed since its last event has one, also if another publish did
that, such as one that failed half-way. It has as long as a build.
"""


def source_freshness() -> BashOperator:
    return CommandOperator(
        task_id="source_freshness",
        task_display_name="Is landing fresh?",
        bash_command="dbt source freshness",
        cwd=str(DBT_PROJECT),
        execution_timeout=LONGEST_LOOK,
        doc_md=FRESHNESS,
    )


def publish() -> BashOperator:
    return PublishOperator(
        task_id="publish", task_display_name="Publish the marts", execution_timeout=LONGEST_BUILD, doc_md=PUBLISH
    )
