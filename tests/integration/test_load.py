"""`coinloom load` on a real broker: the good lines go in, the bad ones are reported."""

import gzip
import subprocess
import time
from pathlib import Path

import psutil

from coinloom.processes import environment, executable
from coinloom.settings import REPOSITORY, Settings
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


def test_a_load_that_is_killed_leaves_no_process_that_goes_on(stack: Settings, tmp_path: Path) -> None:
    own_topic = stack.model_copy(update={"kafka_topic": "killed-load-test"})
    file = tmp_path / "prices.csv"
    times = range(1_600_000_000, 1_600_000_000 + 60 * 20_000, 60)
    lines = (f"coin-{coin},{instant},1.5,1" for instant in times for coin in range(20))
    file.write_text("coin_id,last_updated_at,price,volume_24h\n" + "\n".join(lines))
    command = [executable("coinloom"), "load", str(file)]
    with subprocess.Popen(command, env=environment(own_topic), cwd=REPOSITORY, stdout=subprocess.DEVNULL) as load:
        ours = psutil.Process(load.pid)
        while len(workers := ours.children(recursive=True)) < 3:  # two that load, and what watches over their memory
            assert load.poll() is None, "it was over before it could be killed"
            time.sleep(0.02)
        time.sleep(1)  # until they load
        assert load.poll() is None, "it was over before it could be killed"
        load.kill()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert alive == []
