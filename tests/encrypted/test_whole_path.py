"""The whole path with everything encrypted and under passwords, on both targets, and none of them left anywhere.

Every password is of the awkward kind, and has a word of its own in it, by which it is found however it is quoted.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from coinloom.processes import environment, executable
from coinloom.settings import REPOSITORY, Settings, Sink, Target
from commands.stream import SPARK_DEFAULTS, stream_command
from stack import services, thrift_server
from stack.isolation import isolated_settings
from stores.database import as_reader, connect
from stores.migrate import migrate
from tests.certificates import Authority, write_pkcs12
from tests.commands import run_command
from tests.encrypted.broker import running_broker
from tests.encrypted.database import running_database
from tests.watching import again_and_again

SECONDS = 900
pytestmark = [pytest.mark.long, pytest.mark.timeout(4 * SECONDS)]  # servers of its own
WORDS = {
    name: f"word{number}of{number}7secrets" for number, name in enumerate(("kafka", "owner", "reader", "thrift", "key"))
}
# Kafka's broker is told the passwords of its users in this file.
HOLDS_A_PASSWORD = "server.properties"


def awkward(name: str) -> str:
    return f'it\'s "{WORDS[name]}\\b" \\\\ $1 ${{x}} %s; #'


def secret(name: str) -> SecretStr:
    return SecretStr(awkward(name))


@dataclass
class Run:
    """What was started, and all that it printed."""

    settings: Settings
    printed: list[str] = field(default_factory=list)

    def coinloom(self, *arguments: str) -> None:
        self.command(executable("coinloom"), *arguments)

    def command(self, *command: str) -> None:
        done = subprocess.run(
            command, env=environment(self.settings), cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        self.printed.append(done.stdout + done.stderr)
        assert done.returncode == 0, self.printed[-1][-6000:]

    @contextmanager
    def beside(self, command: list[str], name: str) -> Iterator[subprocess.Popen[bytes]]:
        """It runs until the block ends, and writes to a log of this name."""
        log = self.settings.coinloom_home / "logs" / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(command, env=environment(self.settings), stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


@contextmanager
def watched_command_lines() -> Iterator[set[str]]:
    """Those of all processes of this machine while the block runs."""
    seen: set[str] = set()

    def look() -> None:
        seen.update(" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"]))

    with again_and_again(look, pause_seconds=0.1):
        yield seen


@pytest.fixture(scope="module")
def command_lines() -> Iterator[set[str]]:
    with watched_command_lines() as seen:
        yield seen


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, command_lines: set[str]) -> Iterator[Settings]:
    """Of clients of a broker and a PostgreSQL that ask for TLS and passwords; the Thrift Server would, too."""
    home = tmp_path_factory.mktemp("encrypted")
    authority = Authority.new(home / "authority")
    ours = isolated_settings(
        home,
        simulator_coins=20,
        coingecko_top_n=20,
        landing_sinks=list(Sink),
        bi_reader_password=secret("reader"),
        spark_thrift_user="ada",
        spark_thrift_password=secret("thrift"),
        spark_thrift_ssl=True,
        spark_thrift_ssl_cafile=authority.signer,
        spark_thrift_keystore=write_pkcs12(authority.certificate(), home / "thrift.p12", awkward("key")),
        spark_thrift_keystore_password=secret("key"),
    )
    with (
        running_database(ours, authority, awkward("owner")) as ours,
        running_broker(ours, authority, awkward("kafka")) as broker,
    ):
        yield broker.reached(ours, "SASL_SSL")


@pytest.fixture(scope="module")
def landed(settings: Settings) -> Run:
    """An hour of polls in both sinks, with what Spark's pages would show written down."""
    run = Run(settings)
    migrate(settings)
    simulator = services.simulator(settings, hours=1, speed=60)
    with run.beside(simulator.command, "simulator"):
        run.coinloom("poll", "--max-polls", "40", "--interval-seconds", "0.5")
    events = settings.coinloom_home / "events"
    events.mkdir()
    shown = settings.coinloom_home / "spark-defaults.conf"
    written = ["spark.eventLog.enabled true", "spark.eventLog.compress false", f"spark.eventLog.dir {events}"]
    shown.write_text("\n".join([SPARK_DEFAULTS.read_text(), *written, ""]))
    command = stream_command(settings, available_now=True)
    run.command(*(str(shown) if part == str(SPARK_DEFAULTS) else part for part in command))
    return run


@pytest.fixture(scope="module")
def thrift(landed: Run) -> Iterator[Settings]:
    """With the Thrift Server up, as `coinloom server` starts it."""
    settings = landed.settings
    with landed.beside([executable("coinloom"), "server", "thrift-server"], "thrift-server") as server:
        deadline = time.monotonic() + SECONDS
        while not thrift_server.is_ready(settings):
            assert server.poll() is None, "the Thrift Server has ended"
            assert time.monotonic() < deadline, f"the Thrift Server did not come up within {SECONDS} s"
            time.sleep(1)
        yield settings


def test_the_role_is_no_superuser(settings: Settings) -> None:
    with connect(settings) as connection:
        assert connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() == (False,)
        assert connection.execute("select ssl from pg_stat_ssl where pid = pg_backend_pid()").fetchone() == (True,)


def test_what_was_polled_is_in_landing(landed: Run) -> None:
    with connect(landed.settings) as connection:
        (rows,) = connection.execute("select count(*) from landing.crypto_prices").fetchone() or (0,)
    assert rows > 500
    assert list(Path(landed.settings.lake, "landing").rglob("*.parquet"))


def test_postgres_builds_and_publishes(landed: Run) -> None:
    landed.coinloom("build", "--publish", "--target", Target.POSTGRES)
    assert published(landed.settings) > 100
    landed.coinloom("status", "--target", Target.POSTGRES)


def test_spark_builds_and_publishes(landed: Run, thrift: Settings) -> None:
    landed.coinloom("build", "--publish", "--target", Target.SPARK)
    assert published(thrift) > 100


def published(settings: Settings) -> int:
    """Bars that a BI tool sees."""
    with connect(as_reader(settings)) as connection:
        (rows,) = connection.execute("select count(*) from marts.crypto_table").fetchone() or (0,)
    return int(rows)


def test_a_command_says_what_is_wrong(landed: Run, thrift: Settings, tmp_path: Path) -> None:
    """That the others do is tested where it is cheap; here is what dbt makes of it, and what Spark's job does."""
    wrong = secret("reader")
    for name, said in (
        ("kafka_sasl_password", "set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"),
        ("postgres_password", "Check POSTGRES_USER and POSTGRES_PASSWORD"),
        ("spark_thrift_password", "set SPARK_THRIFT_USER and SPARK_THRIFT_PASSWORD"),
    ):
        command = ["poll", "--once"] if name.startswith("kafka") else ["build", "--target", "spark"]
        printed = run_command(thrift.model_copy(update={name: wrong}), "coinloom", *command, expect=1)
        assert said in " ".join(printed.split())
        landed.printed.append(printed)
    signer = Authority.new(tmp_path).signer
    another = thrift.model_copy(update={"spark_thrift_ssl_cafile": signer})
    printed = run_command(another, "coinloom", "build", "--target", "spark", expect=1)
    assert "set SPARK_THRIFT_SSL_CAFILE" in " ".join(printed.split())


def test_no_password_is_anywhere(landed: Run, command_lines: set[str]) -> None:
    """After the others: in no file below COINLOOM_HOME, on no screen and in no list of processes."""
    home = landed.settings.coinloom_home
    files = [file for file in home.rglob("*") if file.is_file() and file.name != HOLDS_A_PASSWORD]
    suffixes = {file.suffix for file in files}
    assert {".log", ".sqlite", ".parquet", ".json", ".msgpack"} <= suffixes  # it looked
    assert any(b"SQLExecutionStart" in file.read_bytes() for file in files if file.name.startswith("events_"))
    assert any("spark-submit" in line or "SparkSubmit" in line for line in command_lines)
    assert any("keystore.password" in line for line in command_lines)
    for word in WORDS.values():
        assert [file for file in files if word.encode() in file.read_bytes()] == []
        assert [text for text in landed.printed if word in text] == []
        assert [line for line in command_lines if word in line] == []
    assert WORDS["kafka"] in (home / "kafka" / HOLDS_A_PASSWORD).read_text()  # this is how it would be found
    assert os.environ.get("KAFKA_SASL_PASSWORD") is None
