"""What is said of a PostgreSQL that does not let the dashboard in, or does not answer in time."""

import logging

import pytest

from coinloom.settings import PostgresTls, Settings
from dashboard.database import Database, TookTooLong
from stores.database import DatabaseUnavailable
from tests.unit.stores.servers import failing_postgres, postgres_error, refusing_postgres


def database(port: int) -> Database:
    return Database(Settings(_env_file=None, postgres_port=port, postgres_sslmode=PostgresTls.DISABLE))


def test_who_is_refused_is_told_why_and_nothing_else_is_printed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    refused = postgres_error("28P01", 'password authentication failed for user "bi_reader"')
    with refusing_postgres(refused) as port:
        reading = database(port)
        with pytest.raises(DatabaseUnavailable) as raised:
            reading.read("select 1")
        reading.close()
    assert 'password authentication failed for user "bi_reader". Check BI_READER_PASSWORD.' in str(raised.value)
    assert not [record for record in caplog.records if record.name == "psycopg.pool"]


def test_a_statement_that_took_too_long_is_no_database_that_is_away() -> None:
    canceled = postgres_error("57014", "canceling statement due to statement timeout")
    with failing_postgres(canceled) as port:
        reading = database(port)
        with pytest.raises(TookTooLong, match=r"longer than 10 s, .*: canceling statement due to statement timeout"):
            reading.read("select 1")
        reading.close()
