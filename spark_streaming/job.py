"""The streaming job: `spark-submit --properties-file spark_streaming/spark-defaults.conf spark_streaming/job.py`.

One query per sink, each with its own checkpoint. Settings come from the environment (coinloom/settings.py).
"""

import argparse

from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

from coinloom.logs import configure_logging
from coinloom.settings import Settings
from ingestion.producer import ensure_topic
from spark_streaming.landing import Landing
from spark_streaming.side_by_side import each_for_ever, each_once


def main() -> None:
    arguments = _arguments()
    configure_logging()
    settings = Settings()
    spark = SparkSession.builder.appName("coinloom-stream").getOrCreate()
    spark.sparkContext.setLogLevel("WARN")
    stream(spark, settings, available_now=arguments.available_now, skip_lost=arguments.skip_lost)


def stream(spark: SparkSession, settings: Settings, *, available_now: bool, skip_lost: bool = False) -> None:
    """Land the topic in every sink: with `available_now` what it holds at this moment, else until the end."""
    ensure_topic(settings)
    landings = [
        Landing(spark, settings, sink, available_now=available_now, skip_lost=skip_lost) for sink in settings.sinks
    ]
    if available_now:
        each_once(landings)
    else:
        each_for_ever(landings, is_worth_it=lambda: is_up(spark))


def is_up(spark: SparkSession) -> bool:
    """Whether a query can be started; if not, only a new process can."""
    try:
        return not spark.sparkContext._jsc.sc().isStopped()
    except (Py4JError, OSError):
        return False


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--available-now", action="store_true", help="land what the topic holds now, then end")
    parser.add_argument("--skip-lost", action="store_true", help="go on although messages are gone that never landed")
    return parser.parse_args()


if __name__ == "__main__":
    main()
