"""One run: the stack without its poller, a generator in its place, and whether everything arrived, once."""

import os
import sys
import time
from bisect import bisect_left
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from benchmarks.freshness_watching import Build, builds_in
from benchmarks.servers import temporary_home
from benchmarks.services_usage import ServiceUsage, Usage
from benchmarks.sustained_generator import Sent, read_record
from coinloom.errors import CoinloomError
from coinloom.progress import Steps
from coinloom.settings import Settings, Target
from stack import lifecycle, services
from stack.services import Service
from stack.supervisor import Supervisor
from stores.database import connect
from stores.landing import landed_offsets

LOOK_SECONDS = 5.0
LONGEST_CATCH_UP_SECONDS = 900.0
GENERATOR = "generator"
LANDED = """
    select count(*), count(distinct (kafka_partition, kafka_offset)), count(distinct (coin_id, last_updated_at)),
        cast(sum(price) as bigint)
    from {landing}
"""
IN_MARTS = "select coalesce(sum(update_count), 0)::bigint from marts.crypto_table"


class NotAllArrived(CoinloomError):
    """What was sent is not in landing or not in the marts, once each."""


@dataclass(frozen=True, slots=True)
class Load:
    """Every coin has a new price each second, for so many seconds."""

    target: Target
    coins: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Look:
    """At a Unix time: messages that were sent and not landed, since when the first of them waited, bytes on disk."""

    at: float
    waiting: int
    waiting_seconds: float
    disk_bytes: int


@dataclass(frozen=True, slots=True)
class Sustained:
    """`until_landed`, `until_in_marts`: seconds from the last message until landing and the marts had everything."""

    load: Load
    seconds: float
    looks: list[Look]
    builds: list[Build]
    until_landed: float
    until_in_marts: float
    usage: dict[str, ServiceUsage]


def sustain(load: Load, steps: Steps) -> Sustained:
    """Raises:
    NotAllArrived: something was lost or doubled, or landing or the marts had not everything after 15 minutes more
        than the messages should take.
    """
    with temporary_home(f"sustained-{load.target}", dbt_target=load.target) as settings:
        record = settings.coinloom_home / "sent.jsonl"
        lifecycle.start(settings, [_generator(load, record), *_pipeline(settings)], steps)
        watch, deadline = _Watch(settings, record), time.time() + load.seconds + LONGEST_CATCH_UP_SECONDS
        with steps.step(f"{load.target}: {load.coins:,} messages a second for {load.seconds:,} s") as say:
            while len(watch.sent) < load.seconds:
                say(watch.look())
                _require_before(deadline, watch)
                time.sleep(LOOK_SECONDS)
            looks, usage = list(watch.looks), watch.usage.taken()
        first, last = watch.sent[0], watch.sent[-1]
        with steps.step(f"{load.target}: land and build the rest") as say:
            while watch.looks[-1].waiting:
                say(watch.look())
                _require_before(deadline, watch)
                time.sleep(0.5)
            until_landed = watch.looks[-1].at - last.at
            _wait_for_marts(settings, last)
            until_in_marts = time.time() - last.at
            _require_landed(settings, last)
        builds = builds_in(settings.coinloom_home / "logs" / "build.log")
        return Sustained(load, last.at - first.at, looks, builds, until_landed, until_in_marts, usage)


def _generator(load: Load, record: Path) -> Service:
    module = "benchmarks.sustained_generator"
    return Service(GENERATOR, [sys.executable, "-P", "-m", module, str(load.coins), str(load.seconds), str(record)])


def _pipeline(settings: Settings) -> list[Service]:
    return [service for service in services.pipeline(settings, with_build=True) if service.name != "poller"]


@dataclass(slots=True)
class _Watch:
    """Looks at the stack again and again."""

    settings: Settings
    record: Path
    sent: list[Sent] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    usage: Usage = field(init=False)

    def __post_init__(self) -> None:
        self.usage = Usage(Supervisor(self.settings))

    def look(self) -> str:
        """Returns it in words."""
        self.usage.look()
        self.sent, landed, now = read_record(self.record), self._landed(), time.time()
        total = self.sent[-1].messages if self.sent else 0
        waiting_since = bisect_left(self.sent, landed + 1, key=lambda sent: sent.messages)
        waiting_seconds = now - self.sent[waiting_since].at if landed < total else 0.0
        self.looks.append(Look(now, max(total - landed, 0), waiting_seconds, _size(self.settings.coinloom_home)))
        return f"{total:,} sent, {landed:,} landed"

    def _landed(self) -> int:
        [sink] = self.settings.sinks
        return sum(landed_offsets(self.settings, sink).values())


def _size(folder: Path) -> int:
    """Bytes of its files. One that goes away meanwhile counts nothing."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(root, name).lstat().st_size
    return total


def _require_before(deadline: float, watch: _Watch) -> None:
    if time.time() > deadline:
        sent, waiting = len(watch.sent), watch.looks[-1].waiting
        raise NotAllArrived(f"After {sent:,} seconds of messages, {waiting:,} messages are not landed: too slow.")


def _require_landed(settings: Settings, sent: Sent) -> None:
    if settings.dbt_target is Target.POSTGRES:
        with connect(settings) as connection:
            [found] = connection.execute(LANDED.format(landing="landing.crypto_prices")).fetchall()
    else:
        files = f"'{settings.lake}/landing/crypto_prices/*/*.parquet'"
        [found] = duckdb.sql(LANDED.format(landing=files)).fetchall()
    expected = (sent.messages, sent.messages, sent.messages, sent.sum_of_prices)
    if found != expected:
        raise NotAllArrived(f"Landing has {found}: rows, places in the topic, updates, sum of prices; not {expected}.")


def _wait_for_marts(settings: Settings, sent: Sent) -> None:
    built = 0
    while time.time() < sent.at + LONGEST_CATCH_UP_SECONDS:
        with connect(settings) as connection:
            [(built,)] = connection.execute(IN_MARTS).fetchall()
        if built >= sent.messages:
            break
        time.sleep(0.5)
    if built != sent.messages:
        raise NotAllArrived(f"marts.crypto_table is made of {built:,} updates; {sent.messages:,} were sent.")
