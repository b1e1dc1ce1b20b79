"""What our applications on Spark are told of a cluster and of a lake on S3; keys are not among it."""

from hashlib import sha256
from pathlib import Path

import pytest

from coinloom.processes import environment
from coinloom.settings import Settings
from stack.jars import S3
from stack.spark import spark_options
from stack.spark_classes import LOCAL_FILES, compile_spark_classes

CLUSTER = "spark://10.0.0.5:7077"


@pytest.fixture(scope="module")
def jars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As if they had been fetched."""
    jars = tmp_path_factory.mktemp("jars")
    folder = jars / f"s3-jars-{sha256(S3.read_bytes()).hexdigest()[:8]}"
    folder.mkdir()
    for name in (".complete", "one.jar", "two.jar"):
        (folder / name).touch()
    return jars


def told(settings: Settings, *class_path: str) -> dict[str, str]:
    options = spark_options(settings, *class_path)
    assert set(options[::2]) <= {"--conf"}
    return dict(option.split("=", 1) for option in options[1::2])  # type: ignore[misc]


def test_local_spark_with_a_local_lake_is_told_only_of_our_classes(jars: Path) -> None:
    assert told(Settings(jars_folder=jars), "/other/*") == {
        "spark.hadoop.fs.file.impl": LOCAL_FILES,
        "spark.driver.extraClassPath": f"/other/*:{compile_spark_classes(jars)}",
    }


def test_a_cluster_is_told_how_large_executors_are(jars: Path) -> None:
    settings = Settings(
        jars_folder=jars, spark_master=CLUSTER, spark_cores_max=4, spark_executor_cores=2, spark_executor_memory="3g"
    )
    assert told(settings) == {
        "spark.cores.max": "4",
        "spark.executor.cores": "2",
        "spark.executor.memory": "3g",
        "spark.driver.extraClassPath": str(compile_spark_classes(jars)),
    }


def test_a_lake_on_s3_needs_jars_and_an_address_and_no_key(jars: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, f"the-{name}")
    settings = Settings(lake_root="s3a://bucket/lake", lake_s3_path_style=True, jars_folder=jars)
    [folder] = jars.glob("s3-jars-*")
    assert told(settings, "/other/*") == {
        "spark.hadoop.fs.file.impl": LOCAL_FILES,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.endpoint": "the-AWS_ENDPOINT_URL",
        "spark.hadoop.fs.s3a.endpoint.region": "the-AWS_REGION",
        "spark.driver.extraClassPath": f"/other/*:{compile_spark_classes(jars)}:{folder}/*",
    }


def test_executors_on_a_cluster_get_the_jars_from_the_driver(jars: Path) -> None:
    found = told(Settings(lake_root="s3a://bucket/lake", jars_folder=jars, spark_master=CLUSTER))
    assert [Path(jar).name for jar in found["spark.jars"].split(",")] == ["one.jar", "two.jar"]


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, "127.0.0.1"),
        ({"spark_local_ip": "10.0.0.7"}, "10.0.0.7"),
        ({"spark_master": CLUSTER}, None),
        ({"spark_master": CLUSTER, "spark_local_ip": "10.0.0.7"}, "10.0.0.7"),
    ],
)
def test_a_driver_listens_on_the_loopback_unless_executors_are_elsewhere(
    settings: dict[str, str], address: str | None
) -> None:
    assert environment(Settings(**settings)).get("SPARK_LOCAL_IP") == address  # type: ignore[arg-type]
