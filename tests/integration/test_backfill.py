"""`coinloom backfill` from a simulator to a real broker, once and again."""

from datetime import UTC, datetime, timedelta

from coinloom.settings import Settings
from commands.counts import count_messages
from tests.commands import run_command


def test_history_goes_in_once_and_what_is_missing_is_named(stack: Settings) -> None:
    own_topic = stack.model_copy(update={"kafka_topic": "backfill-test"})
    since, until = (f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}" for days in (5, 3))
    command = "coinloom", "backfill", "--from", since, "--to", until
    output = run_command(own_topic, *command, "--ids", "bitcoin,ethereum")
    assert "144 rows sent to the topic backfill-test, 2 of 2 parts." in output
    assert count_messages(own_topic) == 144
    output = run_command(own_topic, *command, "--ids", "bitcoin,ethereum")
    assert "Nothing to ask for" in output
    output = run_command(own_topic, *command, "--ids", "avalanche,bitcoin", expect=1)
    assert "CoinGecko does not know avalanche" in output
    assert count_messages(own_topic) == 144


def test_an_option_that_makes_no_sense_is_a_clear_error(stack: Settings) -> None:
    output = run_command(stack, "coinloom", "backfill", "--from", "lately", "--ids", "bitcoin", expect=2)
    assert "--from is not a date or a time: 'lately'" in output
    assert "Traceback" not in output
