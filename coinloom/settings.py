"""Every setting of Coinloom, with a local default.

Each field is read from the environment variable of the same name in upper case (`kafka_topic` from `KAFKA_TOPIC`),
then from the file `.env` beside README.md, then from the default below. Secrets have no default.
"""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlparse

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from coinloom.errors import WrongSetting

REPOSITORY = Path(__file__).resolve().parents[1]

LOG_FILES_BEFORE = 5  # dbt has so many, whatever one would like

CommaSeparated = Annotated[list[str], NoDecode]


def _absolute(path: Path) -> Path:
    try:
        return REPOSITORY / path.expanduser()
    except RuntimeError as error:  # there is no such user
        raise ValueError(error) from None


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
"""The same for each process, wherever that happens to be: relative to REPOSITORY, as .env lies there, or to ~."""

OF_THIS_MACHINE = Path("system")  # no path, but libpq's word for whom this machine trusts


class Sink(StrEnum):
    """Where the stream lands valid rows."""

    PARQUET = "parquet"
    POSTGRES = "postgres"


class Target(StrEnum):
    """The dbt targets that a pipeline runs on; `spark_session` is for compiling and linting without a server."""

    SPARK = "spark"
    POSTGRES = "postgres"


class ServerName(StrEnum):
    """The servers of the embedded stack, in starting order."""

    KAFKA = "kafka"
    POSTGRES = "postgres"
    THRIFT_SERVER = "thrift-server"


class Stage(StrEnum):
    """What health looks at, in the order in which a price passes it; landing is as many stages as there are sinks."""

    POLLS = "polls"
    TOPIC = "topic"
    LANDING = "landing"
    MARTS = "marts"
    DISK = "disk"


class CoinGeckoPlan(StrEnum):
    """Decides the API host and the name of the key's header."""

    KEYLESS = "keyless"
    DEMO = "demo"
    PRO = "pro"


class KafkaProtocol(StrEnum):
    """How Kafka is spoken to. Passwords without TLS are left out: anybody on the way could read them."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_SSL = "SASL_SSL"


class KafkaMechanism(StrEnum):
    """How a client says to Kafka who it is."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"
    AWS_MSK_IAM = "AWS_MSK_IAM"


class PostgresTls(StrEnum):
    """As libpq means it: only the last two look at the certificate, and only the last at its name."""

    DISABLE = "disable"
    PREFER = "prefer"
    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"


class WebhookFormat(StrEnum):
    """What the receiver of alerts understands."""

    JSON = "json"
    SLACK = "slack"


# Set in the environment of a process that we start: it has all settings, and an empty one is meant to be empty.
ALL_ARE_SET = "COINLOOM_SETTINGS_ARE_SET"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=REPOSITORY / ".env", extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    coinloom_home: AbsolutePath = Field(
        REPOSITORY / ".coinloom", description="state of the embedded stack: data, logs, jars, sockets"
    )
    jars_folder: AbsolutePath | None = Field(
        None, description="jars of the embedded servers; empty: COINLOOM_HOME/jars"
    )
    lake_root: str = Field("", description="landing, quarantine, checkpoints and warehouse; empty: COINLOOM_HOME/lake")
    lake_s3_path_style: bool = Field(
        False, description="for s3a://bucket/lake: http://host/bucket/..., as most stores but AWS's want it"
    )

    coingecko_plan: CoinGeckoPlan = CoinGeckoPlan.KEYLESS
    coingecko_base_url: str = Field("", description="empty: the host of COINGECKO_PLAN")
    coingecko_api_key: SecretStr | None = None
    coingecko_ids: CommaSeparated = Field(default=[], description="coin ids, comma separated; empty: the top N")
    coingecko_top_n: int = Field(250, ge=1, description="how many coins by market cap when no ids are given")
    coingecko_vs_currencies: CommaSeparated = Field(default=["usd"], description="quote currencies, comma separated")
    coingecko_calls_per_minute: int | None = Field(None, ge=0, description="empty: those of the plan; 0: no limit")
    coingecko_credits_per_month: int | None = Field(
        None, ge=0, description="polls are spread so that they last; empty: the plan's, where it has them; 0: no limit"
    )
    poll_interval_seconds: float = Field(30, gt=0)

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    kafka_security_protocol: KafkaProtocol = KafkaProtocol.PLAINTEXT
    kafka_sasl_mechanism: KafkaMechanism = Field(KafkaMechanism.SCRAM_SHA_512, description="with SASL_SSL")
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ssl_cafile: AbsolutePath | None = Field(
        None, description="PEM, who signs certificates; empty: whom this machine trusts"
    )
    kafka_topic: str = "crypto-prices"
    kafka_topic_partitions: int = Field(3, ge=1)
    kafka_retention_days: float = Field(
        7, gt=0, description="how long the topic keeps messages: a sink that is away for longer loses some"
    )

    spark_master: str = "local[2]"
    spark_driver_memory: str = "2g"
    spark_cores_max: int | None = Field(None, description="cores that each of our applications may take of a cluster")
    # Spark itself reads the names of the next three, and takes an empty number of cores for a mistake.
    spark_executor_cores: int = Field(1, ge=1, description="cores of each executor on a cluster")
    spark_executor_memory: str = Field("1g", min_length=2, description="heap of each executor on a cluster")
    spark_local_ip: str = Field(
        "", description="where drivers listen for executors; empty: 127.0.0.1 for a local master, else what Spark finds"
    )
    spark_thrift_host: str = "127.0.0.1"
    spark_thrift_port: int = 10000
    spark_thrift_user: str = "dbt"
    spark_thrift_password: SecretStr | None = Field(None, description="what it asks its users for; empty: nothing")
    spark_thrift_ssl: bool = Field(False, description="whether it is spoken to with TLS")
    spark_thrift_ssl_cafile: AbsolutePath | None = Field(None, description="as KAFKA_SSL_CAFILE")
    spark_thrift_keystore: AbsolutePath | None = Field(
        None, description="for the server alone: its certificate and key, PKCS 12; with it, TLS is all that it speaks"
    )
    spark_thrift_keystore_password: SecretStr | None = None
    stream_driver_memory: str = "1g"
    stream_trigger_seconds: float = Field(
        1, gt=0, description="from the start of a batch to the next, at least; none starts while nothing is new"
    )
    stream_max_offsets_per_trigger: int = Field(500_000, ge=1, description="caps a catch-up batch, in messages")
    landing_sinks: Annotated[list[Sink], NoDecode] = Field(
        default=[], description="parquet, postgres or both, comma separated; empty: the one that DBT_TARGET reads"
    )

    postgres_host: str = "127.0.0.1"
    postgres_port: int = 5432
    postgres_db: str = "coinloom"
    postgres_user: str = "coinloom"
    postgres_password: SecretStr | None = None
    postgres_sslmode: PostgresTls = PostgresTls.PREFER
    postgres_sslrootcert: Path | None = Field(
        None, description="PEM, who signs its certificate; `system`: whom this machine trusts"
    )
    bi_reader_password: SecretStr | None = None
    bi_reader_timeout_seconds: float = Field(
        60, ge=0, description="a query that takes longer, or an idle open transaction, is ended; 0: none is"
    )
    bi_reader_connections: int = Field(
        20, ge=1, description="sessions of BI tools and dashboards, all together; the embedded server has 50"
    )

    dbt_target: Target = Target.SPARK
    dbt_threads: int = Field(4, ge=1)
    build_interval_seconds: float = Field(1, gt=0, description="from the start of a build to the next, at least")
    build_longest_pause_seconds: float = Field(
        600, gt=0, description="from the start of a build to the next, at most, when nothing lands"
    )
    build_timeout_seconds: float = Field(3600, gt=0, description="a build of the loop that takes longer is ended")
    build_lock_wait_seconds: float = Field(
        600, ge=0, description="how long a build or publish waits for another one to end; 0: it fails at once"
    )
    landing_retention_days: float | None = Field(
        None,
        gt=0,
        description="what has landed, and was built, is removed after so long; empty: never. Older bars stay, and can "
        "neither be made anew nor changed by a backfill; at least KAFKA_RETENTION_DAYS + 2",
    )
    quarantine_retention_days: float | None = Field(
        None, gt=0, description="what was rejected is removed after so long; empty: never"
    )
    polls_retention_days: float | None = Field(
        None, gt=0, description="reports of polls and of coins are removed after so long; empty: never"
    )
    builds_retention_days: float = Field(
        90, ge=0, description="records of builds, some thousand a day, are removed after so long; 0: never"
    )
    logs_megabytes: float = Field(
        40, ge=0.1, description="of each process that runs in the background, and of dbt; what is older is removed"
    )
    maintain_interval_seconds: float = Field(
        86_400, gt=0, description="from one `coinloom maintain` to the next, where it runs in the background"
    )

    dashboard_host: str = Field("127.0.0.1", description="where the dashboard listens")
    dashboard_port: int = 8050
    dashboard_allowed_hosts: CommaSeparated = Field(
        default=[], description="names, besides this machine's own, by which browsers may call it; comma separated"
    )

    warning_after_seconds: float = Field(120, gt=0, description="a stage that holds nothing newer is stale: amber")
    critical_after_seconds: float = Field(
        300, gt=0, description="and broken, red; raise both where polls are rarer, as on CoinGecko's demo plan"
    )
    polls_warning_after_seconds: float | None = Field(
        None, gt=0, description="for polls alone, as the next five for other stages; empty: as for all stages"
    )
    polls_critical_after_seconds: float | None = Field(None, gt=0)
    landing_warning_after_seconds: float | None = Field(None, gt=0)
    landing_critical_after_seconds: float | None = Field(None, gt=0)
    marts_warning_after_seconds: float | None = Field(None, gt=0, description="raise both where builds are rarer")
    marts_critical_after_seconds: float | None = Field(None, gt=0)
    critical_after_failed_polls: int = Field(
        3, ge=1, le=10, description="polling is broken when so many polls in a row have failed"
    )
    warning_after_messages: int = Field(10_000, ge=0, description="a sink that is further behind the topic is stale")
    critical_after_messages: int = Field(
        500_000, ge=0, description="and broken; it is what STREAM_MAX_OFFSETS_PER_TRIGGER lands at once"
    )
    warning_below_free_gb: float = Field(5, ge=0, description="with less room on the disk of COINLOOM_HOME it is stale")
    critical_below_free_gb: float = Field(1, ge=0, description="and broken")

    monitor_host: str = Field("127.0.0.1", description="where Prometheus finds the metrics")
    monitor_port: int = 18050  # 9100 to 9999 belong to others' exporters
    monitor_interval_seconds: float = Field(
        15, gt=0, description="from one look at the pipeline to the next, for metrics and alerts"
    )
    alert_webhook_url: SecretStr | None = Field(None, description="is told when a stage changes its state; empty: none")
    alert_webhook_format: WebhookFormat = WebhookFormat.JSON
    alert_after_seconds: float = Field(
        60, ge=0, description="a stage is in a new state for so long before anybody is told"
    )

    simulator_port: int = Field(8900, ge=0, le=65_535)
    simulator_seed: int = Field(7, ge=0)
    simulator_coins: int = Field(250, ge=1)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, and .env for what that leaves empty."""
        files = () if ALL_ARE_SET in os.environ else (dotenv_settings,)
        return (init_settings, env_settings, *files)

    @field_validator(
        "coingecko_ids", "coingecko_vs_currencies", "dashboard_allowed_hosts", "landing_sinks", mode="before"
    )
    @classmethod
    def _split_commas(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("postgres_sslrootcert")
    @classmethod
    def _is_one_file(cls, file: Path | None) -> Path | None:
        return file if file is None or file == OF_THIS_MACHINE else _absolute(file)

    @field_validator("lake_root")
    @classmethod
    def _is_one_place(cls, place: str) -> str:
        return place if not place or urlparse(place).scheme else str(_absolute(Path(place)))

    @model_validator(mode="after")
    def _refuse_half_a_lock(self) -> Self:
        """What was meant to be encrypted or to have a password, and would not."""
        asks_for_password = self.kafka_sasl_mechanism is not KafkaMechanism.AWS_MSK_IAM
        has_password = bool(self.kafka_sasl_username and self.kafka_sasl_password)
        if self.kafka_security_protocol is KafkaProtocol.SASL_SSL and asks_for_password and not has_password:
            raise ValueError("KAFKA_SECURITY_PROTOCOL=SASL_SSL needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD")
        if self.kafka_security_protocol is not KafkaProtocol.SASL_SSL and self.kafka_sasl_password:
            raise ValueError("KAFKA_SASL_PASSWORD needs KAFKA_SECURITY_PROTOCOL=SASL_SSL: nobody would ask for it")
        if self.kafka_security_protocol is KafkaProtocol.PLAINTEXT and self.kafka_ssl_cafile:
            raise ValueError("KAFKA_SSL_CAFILE needs KAFKA_SECURITY_PROTOCOL=SASL_SSL or SSL: nothing is encrypted")
        if self.postgres_sslrootcert and not self.postgres_sslmode.startswith("verify-"):
            raise ValueError("POSTGRES_SSLROOTCERT needs POSTGRES_SSLMODE=verify-full: no certificate is looked at")
        if self.spark_thrift_ssl_cafile and not self.spark_thrift_ssl:
            raise ValueError("SPARK_THRIFT_SSL_CAFILE needs SPARK_THRIFT_SSL=true: nothing is encrypted")
        return self

    @model_validator(mode="after")
    def _landing_outlives_the_topic(self) -> Self:
        """What is still on the topic when a sink comes back has to find its hours open, a day late and by any clock."""
        least = self.kafka_retention_days + 2
        if self.landing_retention_days is not None and self.landing_retention_days < least:
            raise ValueError(f"LANDING_RETENTION_DAYS has to be KAFKA_RETENTION_DAYS + 2 at least, {least:g}")
        return self

    @property
    def sinks(self) -> list[Sink]:
        """Where the stream lands, with the default applied."""
        return self.landing_sinks or [Sink.POSTGRES if self.dbt_target is Target.POSTGRES else Sink.PARQUET]

    @property
    def calls_file(self) -> Path:
        """Where the calls to CoinGecko are kept that its limits count."""
        return self.coinloom_home / "coingecko-calls.sqlite"

    @property
    def outbox_file(self) -> Path:
        """Where the poller keeps what Kafka has not confirmed."""
        return self.coinloom_home / "poller.sqlite"

    @property
    def backfill_file(self) -> Path:
        """Where it is kept what backfills have done."""
        return self.coinloom_home / "backfill.sqlite"

    @property
    def replays_file(self) -> Path:
        """Where it is kept which quarantined messages were sent again."""
        return self.coinloom_home / "quarantine-replays.sqlite"

    @property
    def alerts_file(self) -> Path:
        """Where it is kept what the receiver of alerts was told."""
        return self.coinloom_home / "alerts.sqlite"

    @property
    def log_file_bytes(self) -> int:
        """How large a log gets before the next file begins; with LOG_FILES_BEFORE earlier ones it is kept whole."""
        return round(self.logs_megabytes * 1_000_000 / (LOG_FILES_BEFORE + 1))

    @property
    def jars(self) -> Path:
        """Folder of the embedded servers' jars, with the default applied."""
        return self.jars_folder or self.coinloom_home / "jars"

    @property
    def lake(self) -> str:
        """Root of the lake as a path or URI without a trailing slash."""
        return (self.lake_root or str(self.coinloom_home / "lake")).rstrip("/")

    def as_environment(self) -> dict[str, str]:
        """These settings as environment variables for a child process, which then reads no .env.

        Holds secrets: never log or write it.
        """
        values = {ALL_ARE_SET: "1"}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                value = value.get_secret_value()
            if isinstance(value, list):
                value = ",".join(str(item) for item in value)
            values[name.upper()] = "" if value is None else str(value)
        values["LAKE_ROOT"] = self.lake
        return values


def in_clear(secret: SecretStr | None) -> str | None:
    """For a library that sends it; None if it is not set."""
    return secret.get_secret_value() if secret else None


def read_settings(**overrides: Any) -> Settings:
    """The settings with these overrides; a None overrides nothing.

    Raises:
        WrongSetting: naming the setting, without its value, which may be secret.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        raise WrongSetting("; ".join(map(_problem, error.errors()))) from None


def _problem(issue: Any) -> str:
    name = ".".join(map(str, issue["loc"])).upper()
    return f"{name}: {issue['msg']}" if name else issue["msg"].removeprefix("Value error, ")
