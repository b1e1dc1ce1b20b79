"""The streaming job in a Spark that stays warm: one process that runs it again, with other settings each time."""

import os
import shlex
import traceback
from multiprocessing.connection import Connection
from pathlib import Path

from coinloom.processes import environment
from coinloom.settings import Settings
from commands.stream import stream_command
from tests.forks import FORKS


class WarmStream:
    """Lands what a topic holds now in the sinks of its settings, as `coinloom stream --available-now` does."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.log = log
        self._ours, theirs = FORKS.Pipe()
        self._process = FORKS.Process(target=_serve, args=(theirs, environment(settings), log), daemon=True)
        self._process.start()
        theirs.close()

    def land(self, settings: Settings) -> None:
        self._ours.send(settings.as_environment())
        failure = self._ours.recv()
        assert failure is None, failure

    def stop(self) -> None:
        self._ours.close()
        self._process.join()


def _serve(orders: Connection, variables: dict[str, str], log: Path) -> None:
    """Runs the job for each order, until there is nobody to give one."""
    os.environ.clear()
    os.environ.update(variables)
    to_log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(to_log, 1)
    os.dup2(to_log, 2)
    # Only what is forked needs them: a JVM with the options of the command.
    from pyspark.sql import SparkSession  # noqa: PLC0415

    from spark_streaming.job import stream  # noqa: PLC0415

    _, *options, _, _ = stream_command(Settings(), available_now=True)
    os.environ["PYSPARK_SUBMIT_ARGS"] = shlex.join([*options, "pyspark-shell"])
    spark = SparkSession.builder.appName("coinloom-warm-stream").getOrCreate()
    spark.sparkContext.setLogLevel("WARN")
    while True:
        try:
            os.environ.update(orders.recv())
        except EOFError:
            break
        try:
            stream(spark, Settings(), available_now=True)
            orders.send(None)
        except Exception:  # whatever it is, the test that gave the order fails with it
            orders.send(traceback.format_exc())
    spark.stop()
