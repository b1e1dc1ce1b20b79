"""`coinloom load` on a real broker: the good lines go in, the bad ones are reported."""

import gzip
from pathlib import Path

from coinloom.settings import Settings
from commands.counts import count_messages
from tests.commands import run_command

LINES = """coin_id,last_updated_at,price,volume_24h
bitcoin,2021-05-13T23:58:00Z,49700.5,1000000
bitcoin,not a time,49700.5,1000000
,2021-05-13T23:58:00Z,1,1
bitcoin,2021-05-13T23:59:00Z,-1,1
bitcoin,2021-05-13T23:59:00Z,49800.25,1000000
"""


def test_good_lines_go_in_and_bad_ones_are_named(stack: Settings, tmp_path: Path) -> None:
    own_topic = stack.model_copy(update={"kafka_topic": "load-test"})
    file = tmp_path / "prices.csv.gz"
    file.write_bytes(gzip.compress(LINES.encode()))
    output = run_command(own_topic, "coinloom", "load", str(file))
    assert "2 rows on the topic load-test" in output
    for line in (3, 4, 5):
        assert f"line {line}:" in output
    assert "3 lines were left out" in output
    assert count_messages(own_topic) == 2


def test_a_file_without_prices_is_a_clear_error(stack: Settings, tmp_path: Path) -> None:
    file = tmp_path / "empty.csv"
    file.write_text("coin_id,symbol\nbitcoin,btc\n")
    output = run_command(stack, "coinloom", "load", str(file), expect=1)
    assert "last_updated_at" in output
    assert "Traceback" not in output
