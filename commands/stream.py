"""Starts the streaming job through spark-submit, as a user would."""

from coinloom.processes import executable
from coinloom.settings import REPOSITORY, Settings

JOB = REPOSITORY / "spark_streaming" / "job.py"
SPARK_DEFAULTS = REPOSITORY / "spark_streaming" / "spark-defaults.conf"


def stream_command(settings: Settings, *, available_now: bool, skip_lost: bool = False) -> list[str]:
    """The argument list of the streaming job."""
    return [
        executable("spark-submit"),
        *("--properties-file", str(SPARK_DEFAULTS)),
        *("--master", settings.spark_master),
        *("--driver-memory", settings.stream_driver_memory),
        *(["--conf", f"spark.cores.max={settings.spark_cores_max}"] if settings.spark_cores_max else []),
        str(JOB),
        *(["--available-now"] if available_now else []),
        *(["--skip-lost"] if skip_lost else []),
    ]
