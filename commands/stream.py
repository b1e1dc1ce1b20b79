"""Starts the streaming job through spark-submit, as a user would."""

from coinloom.processes import executable
from coinloom.settings import REPOSITORY, Settings
from stack.jars import spark_packages
from stack.spark import spark_options
from stores.kafka import uses_iam

JOB = REPOSITORY / "spark_streaming" / "job.py"
SPARK_DEFAULTS = REPOSITORY / "spark_streaming" / "spark-defaults.conf"
# What Kafka's client in Java has not built in. Spark has a newer netty than AWS, which uses its own for nothing here.
MSK_IAM = "software.amazon.msk:aws-msk-iam-auth:2.3.2"
NETTY = "io.netty:*"


def stream_command(settings: Settings, *, available_now: bool, skip_lost: bool = False) -> list[str]:
    """The argument list of the streaming job. Raises StackError when jars for S3 cannot be fetched."""
    return [
        executable("spark-submit"),
        *("--properties-file", str(SPARK_DEFAULTS)),
        *("--master", settings.spark_master),
        *("--driver-memory", settings.stream_driver_memory),
        *(_iam_packages() if uses_iam(settings) else []),
        *spark_options(settings),
        str(JOB),
        *(["--available-now"] if available_now else []),
        *(["--skip-lost"] if skip_lost else []),
    ]


def _iam_packages() -> list[str]:
    """In the place of those of spark-defaults.conf."""
    return ["--packages", ",".join([*spark_packages(), MSK_IAM]), "--exclude-packages", NETTY]
