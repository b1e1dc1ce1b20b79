"""How the streaming job is started."""

from typing import Any

from coinloom.settings import Settings
from commands.stream import stream_command
from stack.jars import spark_packages


def command(**values: Any) -> list[str]:
    return stream_command(Settings(_env_file=None, **values), available_now=True)


def test_no_password_is_in_the_command() -> None:
    sasl = {"kafka_security_protocol": "SASL_SSL", "kafka_sasl_username": "ada", "kafka_sasl_password": "open-sesame"}
    assert command(**sasl, postgres_password="open-sesame") == command()
    assert "open-sesame" not in " ".join(command(**sasl))


def test_with_iam_it_fetches_what_kafkas_client_lacks_beside_the_connector() -> None:
    iam = command(kafka_security_protocol="SASL_SSL", kafka_sasl_mechanism="AWS_MSK_IAM")
    packages = iam[iam.index("--packages") + 1].split(",")
    assert set(spark_packages()) < set(packages)
    assert any(package.startswith("software.amazon.msk:aws-msk-iam-auth:") for package in packages)
