"""Spark's Thrift Server: the SQL endpoint over the lake that dbt's target `spark` talks to."""

from pathlib import Path
from urllib.parse import urlparse

from pyhive.exc import Error

from coinloom.processes import executable
from coinloom.settings import Settings
from stack.errors import StackError
from stack.jars import fetch_thrift_server_jars
from stack.ports import is_listening
from stack.spark import spark_options
from stack.spark_classes import THRIFT_SERVER_LOGIN
from stores.thrift import ThriftServerUnavailable, open_cursor

MAIN_CLASS = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"

JAVA_OPTIONS = (
    "-XX:+UseParallelGC",  # a build is a batch: what stops for longer but takes less CPU time is better
    "-XX:ReservedCodeCacheSize=512m",  # of Java's 240 MB the half for profiled code was full after ten builds
    "-XX:-DontCompileHugeMethods",  # what Spark generates for many columns would be interpreted for ever
    "-Dderby.language.statementCacheSize=2000",  # the metastore compiled 250 statements again in each build
)


def prepare(settings: Settings) -> None:
    if not urlparse(settings.lake).scheme:
        Path(settings.lake).mkdir(parents=True, exist_ok=True)
    for secret in (settings.spark_thrift_password, settings.spark_thrift_keystore_password):
        if secret and not secret.get_secret_value().isascii():
            raise StackError("The passwords among SPARK_THRIFT_* have to be ASCII: Java takes no others.")


def command(settings: Settings) -> list[str]:
    metastore = settings.coinloom_home / "metastore"
    configuration = {
        "spark.coinloom.lake_root": settings.lake,
        "spark.sql.warehouse.dir": f"{settings.lake}/warehouse",
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={metastore};create=true",
        "spark.driver.memory": settings.spark_driver_memory,
        "spark.driver.defaultJavaOptions": " ".join(JAVA_OPTIONS),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        # So many that even 100 coins spread evenly; small ones are read together (adaptive execution).
        "spark.sql.shuffle.partitions": "16",
        # By default these are 64 MB of rows: three tasks for two cores, of which one waits for the third.
        "spark.sql.adaptive.advisoryPartitionSizeInBytes": "16m",
        # Most columns are doubles that hardly repeat: a dictionary is given up again, at half the cost of writing.
        "spark.hadoop.parquet.enable.dictionary": "false",
        # Files of more than 32 hours are listed by a job, by default of a task per hour.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "8",
        # Before it is compacted an hour is some hundred small files. By default Spark reads 32 of them in a task.
        "spark.sql.files.openCostInBytes": "1m",
        # A kill while a table is created leaves files behind; the next build overwrites them instead of giving up.
        "spark.sql.legacy.allowNonEmptyLocationInCTAS": "true",
        # A build makes the same few hundred pieces of code again; the default keeps 100.
        "spark.sql.codegen.cache.maxEntries": "2000",
        # Models are chains of `with` queries over views that are such chains. By default Spark keeps them apart, and
        # renames all columns below at each link: crypto_table was planned in 6 s. Put in place as they are read: 1.4 s.
        "spark.sql.legacy.ctePrecedencePolicy": "LEGACY",
        # Spark writes down each plan, for a page that is off, and at length.
        "spark.sql.ui.explainMode": "simple",
        "spark.sql.debug.maxToStringFields": "1",
        # dbt keeps its sessions while others replace a table's files: a remembered list of them would be out of date.
        "spark.sql.filesourceTableRelationCacheSize": "0",
        # Spark begins a thread for each exchange until there are a thousand; each opens its own way into the metastore,
        # a tenth of what a small build costs. A few are used again.
        "spark.sql.shuffleExchange.maxThreadThreshold": "8",
        "spark.sql.broadcastExchange.maxThreadThreshold": "8",
        "spark.sql.resultQueryStage.maxThreadThreshold": "8",
        # The least memory that a sort, a window or a join takes. By default it goes by the heap and the cores, as if
        # each had a large part of the data; that was gigabytes of garbage per build.
        "spark.buffer.pageSize": "2m",
        "spark.ui.enabled": "false",
        "spark.log.level": "WARN",  # INFO is 10 MB in ten builds
    }
    # Each thread pays for its own way into the metastore: a few that stay are warm sooner than one per statement, and
    # with doAs (all files belong to one user anyway) a thread would change users, and its way, in every statement.
    server = {
        "hive.server2.thrift.bind.host": settings.spark_thrift_host,
        "hive.server2.thrift.port": str(settings.spark_thrift_port),
        "hive.server2.enable.doAs": "false",
        "hive.server2.async.exec.threads": "16",
        "hive.server2.async.exec.keepalive.time": "1d",
        "hive.server2.thrift.worker.keepalive.time": "1d",
        **_locks(settings),
    }
    return [
        executable("spark-submit"),
        *("--class", MAIN_CLASS, "--name", "coinloom-thrift-server", "--master", settings.spark_master),
        *spark_options(settings, f"{fetch_thrift_server_jars(settings.jars)}/*"),
        *(flag for name, value in configuration.items() for flag in ("--conf", f"{name}={value}")),
        "spark-internal",
        *(flag for name, value in server.items() for flag in ("--hiveconf", f"{name}={value}")),
    ]


def _locks(settings: Settings) -> dict[str, str]:
    """Hive's settings of passwords and TLS. They stand in the command line: what is secret, Java reads elsewhere."""
    locks: dict[str, str] = {}
    if settings.spark_thrift_password:
        locks |= {
            "hive.server2.authentication": "CUSTOM",
            "hive.server2.custom.authentication.class": THRIFT_SERVER_LOGIN,
        }
    if settings.spark_thrift_keystore:
        locks |= {
            "hive.server2.use.SSL": "true",
            "hive.server2.keystore.path": str(settings.spark_thrift_keystore),
            "hive.server2.keystore.password": "${env.SPARK_THRIFT_KEYSTORE_PASSWORD}",
        }
    return locks


def is_ready(settings: Settings) -> bool:
    if not is_listening(settings.spark_thrift_host, settings.spark_thrift_port):
        return False
    try:
        with open_cursor(settings) as cursor:
            cursor.execute("select 1")
    except (ThriftServerUnavailable, Error):
        return False
    return True
