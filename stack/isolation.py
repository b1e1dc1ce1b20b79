"""Settings of a stack with an owner, that shares nothing with the one that `coinloom up` runs, but for the jars."""

import secrets
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from coinloom.settings import CoinGeckoPlan, Settings, read_settings
from stack.owner import end_with_this_process
from stack.ports import free_port

# Passwords of, and TLS with, servers that are not these.
LOCKS = (
    *("kafka_security_protocol", "kafka_sasl_mechanism", "kafka_sasl_username", "kafka_sasl_password"),
    *("kafka_ssl_cafile", "postgres_sslmode", "postgres_sslrootcert", "spark_thrift_user", "spark_thrift_password"),
    *("spark_thrift_ssl", "spark_thrift_ssl_cafile", "spark_thrift_keystore", "spark_thrift_keystore_password"),
)


def isolated_settings(home: Path, **overrides: Any) -> Settings:
    """Data below `home`, free ports on 127.0.0.1, new passwords, local Spark, the simulator for CoinGecko, no alerts.

    All that this process starts from now on ends with it: see stack.owner.
    """
    end_with_this_process()
    simulator_port = free_port()
    ours: dict[str, Any] = {
        "coinloom_home": home,
        "jars_folder": read_settings().jars,
        "lake_root": str(home / "lake"),
        "coingecko_plan": CoinGeckoPlan.KEYLESS,
        "coingecko_ids": [],
        "coingecko_base_url": f"http://127.0.0.1:{simulator_port}/api/v3",
        "kafka_bootstrap_servers": f"127.0.0.1:{free_port()}",
        "postgres_host": "127.0.0.1",
        "postgres_port": free_port(),
        "postgres_password": SecretStr(secrets.token_urlsafe(24)),
        "bi_reader_password": SecretStr(secrets.token_urlsafe(24)),
        "spark_master": "local[2]",
        "spark_local_ip": "127.0.0.1",
        "spark_thrift_host": "127.0.0.1",
        "spark_thrift_port": free_port(),
        "simulator_port": simulator_port,
        "dashboard_port": free_port(),
        "monitor_port": free_port(),
        "alert_after_seconds": 1e9,  # whom .env names is not told of stacks like this
    }
    settings = read_settings(**(ours | overrides))
    return settings.model_copy(update={name: _default(name) for name in LOCKS if name not in overrides})


def _default(name: str) -> Any:
    return Settings.model_fields[name].get_default()
