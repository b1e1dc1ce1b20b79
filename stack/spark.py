"""What our applications on Spark, the stream and the Thrift Server, are told of the cluster and of a lake on S3.

Keys are not among it, as arguments show in the list of processes: Spark takes them from AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY, with AWS_SESSION_TOKEN if there is one, or asks the machine for its role.
"""

import os
from collections.abc import Iterator
from urllib.parse import urlparse

from coinloom.settings import Settings
from stack.jars import fetch_s3_jars
from stack.spark_classes import LOCAL_FILES, compile_spark_classes

# Executors are told, too: they do not have the environment of their driver.
OF_THE_ENVIRONMENT = {
    "AWS_ENDPOINT_URL": "spark.hadoop.fs.s3a.endpoint",
    "AWS_REGION": "spark.hadoop.fs.s3a.endpoint.region",
}


def spark_options(settings: Settings, *class_path: str) -> list[str]:
    """Options of spark-submit; `class_path` is what the driver needs besides.

    Raises StackError when the jars for S3 cannot be fetched, or our classes not be compiled.
    """
    class_path = (*class_path, str(compile_spark_classes(settings.jars)))
    found: dict[str, str] = {}
    on_a_cluster = not settings.spark_master.startswith("local")
    if on_a_cluster:
        found |= {
            "spark.executor.cores": str(settings.spark_executor_cores),
            "spark.executor.memory": settings.spark_executor_memory,
        }
    else:  # whose executors are the driver, which has our classes
        found["spark.hadoop.fs.file.impl"] = LOCAL_FILES
    if settings.spark_cores_max:
        found["spark.cores.max"] = str(settings.spark_cores_max)
    if urlparse(settings.lake).scheme == "s3a":
        jars = fetch_s3_jars(settings.jars)
        class_path = (*class_path, f"{jars}/*")
        found |= dict(_way_to_s3(settings))
        if on_a_cluster:  # whose executors fetch them from the driver
            found["spark.jars"] = ",".join(str(jar) for jar in sorted(jars.glob("*.jar")))
    found["spark.driver.extraClassPath"] = ":".join(class_path)
    return [part for name, value in found.items() for part in ("--conf", f"{name}={value}")]


def _way_to_s3(settings: Settings) -> Iterator[tuple[str, str]]:
    yield "spark.hadoop.fs.s3a.path.style.access", str(settings.lake_s3_path_style).lower()
    for variable, name in OF_THE_ENVIRONMENT.items():
        if value := os.environ.get(variable):
            yield name, value
