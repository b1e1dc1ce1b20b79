"""dbt finds passwords and TLS in the same settings as everything else, as they are."""

import os
import re
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
from dbt.config.runtime import load_profile
from dbt.flags import set_from_args
from dbt_common.context import set_invocation_context

from coinloom.settings import REPOSITORY, Settings

PASSWORD = "12\"3\\ it's {{ 1 }} ${x} %s; #é"


def credentials(target: str, **variables: str) -> Any:
    set_invocation_context({"PATH": os.environ["PATH"], **variables})
    set_from_args(Namespace(PROFILES_DIR=str(REPOSITORY / "profiles")), {})
    return load_profile(str(REPOSITORY / "dbt_project"), {}, None, target).credentials


def test_both_places_where_dbt_looks_say_the_same() -> None:
    there, here = (REPOSITORY / folder / "profiles.yml" for folder in ("profiles", "dbt_project"))
    assert there.read_bytes() == here.read_bytes()


@pytest.mark.parametrize("nothing", [{}, {"SPARK_THRIFT_PASSWORD": "", "SPARK_THRIFT_SSL": "", "POSTGRES_SSLMODE": ""}])
def test_without_settings_there_are_none(nothing: dict[str, str]) -> None:
    spark, postgres = credentials("spark", **nothing), credentials("postgres", **nothing)
    assert (spark.user, spark.auth, spark.password, spark.use_ssl) == ("dbt", "NONE", None, False)
    assert (postgres.sslmode, postgres.sslrootcert) == ("prefer", None)


@pytest.mark.parametrize("yes", ["true", "True", "1"])
def test_spark_with_a_password_and_tls(yes: str) -> None:
    spark = credentials("dev", SPARK_THRIFT_USER="ada", SPARK_THRIFT_PASSWORD=PASSWORD, SPARK_THRIFT_SSL=yes)
    assert (spark.user, spark.auth, spark.password, spark.use_ssl) == ("ada", "CUSTOM", PASSWORD, True)


@pytest.mark.parametrize("signer", ["/etc/signer.pem", "system"])
def test_postgres_with_a_password_and_tls(signer: str) -> None:
    tls = {"POSTGRES_SSLMODE": "verify-full", "POSTGRES_SSLROOTCERT": signer}
    postgres = credentials("dev_postgres", POSTGRES_PASSWORD=PASSWORD, **tls)
    assert (postgres.password, postgres.sslmode, postgres.sslrootcert) == (PASSWORD, "verify-full", signer)


@pytest.mark.parametrize("written", ["certificates/signer.pem", "/etc/signer.pem"])
def test_the_signer_of_postgres_is_the_file_that_our_settings_take(written: str) -> None:
    ours = Settings(_env_file=None, postgres_sslmode="verify-full", postgres_sslrootcert=written)
    assert seen_by_dbt(credentials("postgres", POSTGRES_SSLROOTCERT=written).sslrootcert) == ours.postgres_sslrootcert


@pytest.mark.parametrize("written", ["", "data/home", "/data/home"])
def test_a_session_of_its_own_is_in_the_home_that_our_settings_take(written: str) -> None:
    ours = Settings(_env_file=None, **{"coinloom_home": written} if written else {})
    parameters = credentials("spark_session", COINLOOM_HOME=written).server_side_parameters
    metastore = re.fullmatch(
        "jdbc:derby:;databaseName=(.*);create=true", parameters["spark.hadoop.javax.jdo.option.ConnectionURL"]
    )
    assert metastore
    places = [parameters["spark.coinloom.lake_root"], parameters["spark.sql.warehouse.dir"], metastore[1]]
    expected = [ours.coinloom_home / "session" / name for name in ("lake", "warehouse", "metastore")]
    assert list(map(seen_by_dbt, places)) == expected


def seen_by_dbt(path: str) -> Path:
    """It is at work in the folder of its project."""
    return (REPOSITORY / "dbt_project" / path).resolve()
