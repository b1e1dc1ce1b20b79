"""What Coinloom on AWS costs a month: `python -m deploy.aws.costs` prints the tables of docs/aws.md.

Prices, measured sizes, and the machines for each number of coins are in `costs.yaml`, to be replaced by your own.
"""

from pathlib import Path

import yaml
from pydantic import BaseModel

ASSUMPTIONS = Path(__file__).with_name("costs.yaml")
MONTHS = (1, 12)
HOURS = 730  # of a month, as AWS counts
MINUTES = HOURS * 60
SECONDS = HOURS * 3600
GB = 1e9
BROKERS = 3
REPLACED_MINUTES = 30  # a build writes the hour that it is in anew: half of it, on average


class Case(BaseModel):
    """How much is polled, and the machines that it takes. `build_seconds` is how long a build takes.

    The last three are seconds from one look at the lake to the next: by who builds, as long as nothing has landed, by
    the monitor, and by the stream's health check.
    """

    coins: int
    host: str
    broker: str
    database: str
    build_seconds: float
    poll_interval_seconds: float = 30
    currencies: int = 1
    topic_days: float = 7
    look_seconds: float = 1
    monitor_interval_seconds: float = 15
    check_interval_seconds: float = 60

    @property
    def prices(self) -> int:
        """What one poll brings."""
        return self.coins * self.currencies

    @property
    def polls(self) -> float:
        """In a month."""
        return SECONDS / self.poll_interval_seconds

    @property
    def builds(self) -> float:
        """In a month: one after each poll, or one after another where they take longer than that."""
        return SECONDS / max(self.poll_interval_seconds, self.build_seconds)

    @property
    def looks(self) -> float:
        """Whether something has landed, in a month: while nothing is built, but one before each build at least."""
        return max(self.builds, (SECONDS - self.builds * self.build_seconds) / self.look_seconds)

    @property
    def monitor_looks(self) -> float:
        """In a month."""
        return SECONDS / self.monitor_interval_seconds

    @property
    def checks(self) -> float:
        """In a month."""
        return SECONDS / self.check_interval_seconds


class Sizes(BaseModel):
    """Bytes and requests. A bar is a minute of a price: a row of each table of minutes."""

    topic_bytes_per_message: float
    landing_bytes_per_message: float
    lake_bytes_per_bar: float
    postgres_bytes_per_bar: float
    answer_bytes_per_message: float
    puts_per_batch: float
    gets_per_batch: float
    puts_per_build: float
    gets_per_build: float
    puts_per_look: float
    puts_per_monitor_look: float
    gets_per_monitor_look: float
    puts_per_check: float
    gets_per_check: float


class Prices(BaseModel):
    """US dollars: `hour` of each machine, a GB for a month, 1,000 requests; `others` is a month of small things."""

    hour: dict[str, float]
    host_volumes: float
    broker_gb: float
    database_gb: float
    lake_gb: float
    thousand_puts: float
    thousand_gets: float
    nat_gb: float
    others: float


class Assumptions(BaseModel):
    """All of costs.yaml."""

    region: str
    as_of: str
    prices: Prices
    sizes: Sizes
    smallest_disk_gb: dict[str, float]
    cases: list[Case]


def read_assumptions(path: Path = ASSUMPTIONS) -> Assumptions:
    """Raises OSError, or pydantic's ValidationError, which names what is missing."""
    return Assumptions.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def gigabytes(case: Case, sizes: Sizes, month: int) -> dict[str, float]:
    """What is stored at the end of a month since the start, when nothing but the topic has been removed."""
    messages, bars = case.polls * case.prices, MINUTES * case.prices
    builds_a_day = case.builds / HOURS * 24
    return {
        "topic": case.topic_days * 24 / HOURS * messages * sizes.topic_bytes_per_message / GB,
        "lake": month * (messages * sizes.landing_bytes_per_message + bars * sizes.lake_bytes_per_bar) / GB,
        "replaced": builds_a_day * REPLACED_MINUTES * case.prices * sizes.lake_bytes_per_bar / GB,
        "postgres": month * bars * sizes.postgres_bytes_per_bar / GB,
    }


def costs(case: Case, assumed: Assumptions, month: int) -> dict[str, float]:
    """US dollars by item, in a month since the start."""
    prices, sizes, smallest = assumed.prices, assumed.sizes, assumed.smallest_disk_gb
    stored = gigabytes(case, sizes, month)
    broker_gb, database_gb = max(stored["topic"], smallest["broker"]), max(stored["postgres"], smallest["database"])
    puts = case.polls * sizes.puts_per_batch + case.builds * sizes.puts_per_build
    gets = case.polls * sizes.gets_per_batch + case.builds * sizes.gets_per_build
    looking_puts = (
        case.looks * sizes.puts_per_look
        + case.monitor_looks * sizes.puts_per_monitor_look
        + case.checks * sizes.puts_per_check
    )
    looking_gets = case.monitor_looks * sizes.gets_per_monitor_look + case.checks * sizes.gets_per_check
    answered = case.polls * case.prices * sizes.answer_bytes_per_message / GB
    return {
        "host": HOURS * prices.hour[case.host] + prices.host_volumes,
        "Kafka": BROKERS * (HOURS * prices.hour[case.broker] + broker_gb * prices.broker_gb),
        "PostgreSQL": HOURS * prices.hour[case.database] + database_gb * prices.database_gb,
        "lake, storage": (stored["lake"] + stored["replaced"]) * prices.lake_gb,
        "lake, requests": (puts * prices.thousand_puts + gets * prices.thousand_gets) / 1000,
        "lake, looks": (looking_puts * prices.thousand_puts + looking_gets * prices.thousand_gets) / 1000,
        "way out (NAT)": HOURS * prices.hour["nat"] + answered * prices.nat_gb,
        "key, secrets, logs, alarms": prices.others,
    }


def tables(assumed: Assumptions) -> str:
    """Two Markdown tables, with a column for each case and month: what is stored, and what all of it costs."""
    columns = {f"{case.coins:,} coins, month {month}": (case, month) for case in assumed.cases for month in MONTHS}
    stored = {head: gigabytes(case, assumed.sizes, month) for head, (case, month) in columns.items()}
    paid = {head: costs(case, assumed, month) for head, (case, month) in columns.items()}
    paid = {head: {**items, "**all**": sum(items.values())} for head, items in paid.items()}
    return f"{_table('GB', stored)}\n\n{_table('US dollars', paid)}"


def _table(unit: str, columns: dict[str, dict[str, float]]) -> str:
    first, *_ = columns.values()
    rows = [[item, *(f"{column[item]:,.0f}" for column in columns.values())] for item in first]
    lines = [[unit, *columns], ["---", *["---:"] * len(columns)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    print(tables(read_assumptions()))
