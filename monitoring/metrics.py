"""The newest look as metrics, made at each scrape. What could not be reached has none, rather than an old number."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from coinloom.clock import Clock, seconds_since
from coinloom.settings import Settings, Stage
from health.report import Report
from health.stages import Landing
from health.verdicts import landing_in, newest
from monitoring.families import Values, by_name, counter, gauge, moments
from monitoring.look import Look
from monitoring.webhook import Delivery


class PipelineMetrics(Collector):
    """`newest_look` gives the look that is shown, None if there is none that is new enough."""

    def __init__(self, newest_look: Callable[[], Look | None], stages: Iterable[str], now: Clock) -> None:
        self._newest_look = newest_look
        self._stages = tuple(stages)
        self._now = now

    def describe(self) -> list[Metric]:
        """Nothing: so that nobody looks while this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        look = self._newest_look()
        reachable = _reachable(look.report) if look else dict.fromkeys(self._stages, False)
        yield from gauge("stage_reachable", "1 if the stage answered the last look", by_name(reachable), "stage")
        if look:
            for metrics in (_stages, _polls, _landings, _builds, _marts, _disk):
                yield from metrics(look, self._now())
            yield from gauge("monitor_last_look_timestamp_seconds", "When that was", {(): look.at.timestamp()})
            yield from gauge("monitor_look_duration_seconds", "How long that took", {(): look.seconds})


class AlertMetrics(Collector):
    """Messages to the receiver of alerts."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def collect(self) -> Iterator[Metric]:
        yield from counter("alerts_sent", "Messages that the receiver has taken", {(): self._delivery.sent})
        yield from gauge("alerts_waiting", "Messages that it has not", {(): self._delivery.waiting})


def stages_of(settings: Settings) -> list[str]:
    """All of which it is said whether they can be reached."""
    return [Stage.POLLS, Stage.TOPIC, *map(landing_in, settings.sinks), "quarantine", "builds", Stage.MARTS, Stage.DISK]


def _reachable(report: Report) -> dict[str, bool]:
    errors = {
        Stage.POLLS: report.polls.error,
        Stage.TOPIC: report.messages.error,
        **{landing_in(sink): reading.error for sink, reading in report.landings.items()},
        "quarantine": report.quarantine.error,
        "builds": report.builds.error,
        Stage.MARTS: report.freshness.error,
        Stage.DISK: report.disk.error,
    }
    return {stage: not error for stage, error in errors.items()}


def _stages(look: Look, _: datetime) -> Iterator[Metric]:
    states: Values = {(verdict.stage,): verdict.state for verdict in look.verdicts}
    yield from gauge("stage_state", "0 healthy, 1 stale, 2 broken", states, "stage")
    report, latest = look.report, newest(look.report)
    events = {landing_in(sink): latest.get(landing_in(sink)) for sink in report.landings}
    events[Stage.MARTS] = look.newest_bar.value
    yield from gauge(
        "newest_event_timestamp_seconds", "The newest event time that the stage holds", moments(events), "stage"
    )
    successes = {
        Stage.POLLS: latest.get(Stage.POLLS),
        **{landing_in(sink): _landed_at(reading.value) for sink, reading in report.landings.items()},
        "builds": look.last_passed.value,
        Stage.MARTS: latest.get(Stage.MARTS),
    }
    yield from gauge(
        "last_success_timestamp_seconds",
        "The last answered poll, row that landed, build that passed, and change of a mart",
        moments(successes),
        "stage",
    )


def _polls(look: Look, _: datetime) -> Iterator[Metric]:
    report, counts = look.report, look.counts.value
    if counts:
        yield from counter("polls", "Polls of CoinGecko since the monitor started", {(): counts.polls})
        yield from counter("poll_errors", "Those that brought no answer", {(): counts.failed_polls})
    for poll in (report.polls.value or [])[:1]:
        yield from gauge("poll_duration_seconds", "What the last poll took", {(): poll.seconds})
        yield from gauge("poll_coins_asked", "Coins that the last poll asked for", {(): poll.coins_asked})
        yield from gauge("poll_coins_answered", "Coins that it has in all currencies", {(): poll.coins_answered})
        yield from gauge("outbox_messages", "Messages that wait on disk for Kafka", {(): poll.messages_waiting})
    yield from gauge("outbox_bytes", "What the poller's file takes on disk", {(): look.outbox})
    absent = Counter((coin.state,) for coin in report.absent.value or [])
    yield from gauge("absent_coins", "Coins and currencies that CoinGecko does not answer for", absent, "state")
    if left := report.credits.value:
        yield from gauge("coingecko_credits_left", "Of this month's credits", {(): left.left})
        yield from gauge("coingecko_credits_per_month", "All of this month's credits", {(): left.per_month})


def _landings(look: Look, now: datetime) -> Iterator[Metric]:
    report, messages = look.report, look.report.messages.value
    yield from counter("topic_messages", "Messages that the topic has had", {(): messages})
    if messages is not None:  # without the topic nobody knows how far behind it a sink is
        landings = {(str(sink),): reading.value for sink, reading in report.landings.items() if reading.value}
        landed = {sink: messages - landing.lag for sink, landing in landings.items()}
        yield from counter("landed_messages", "Messages that a sink has committed, rejected ones too", landed, "sink")
        lag = {sink: landing.lag for sink, landing in landings.items()}
        yield from gauge("landing_lag_messages", "Messages on the topic that a sink does not have", lag, "sink")
        yield from gauge("landing_lag_seconds", "How long the oldest of these has waited", _lag(look, now), "sink")
    rejected = {(str(count.sink), count.reason): count.messages for count in report.quarantine.value or []}
    yield from gauge("quarantine_messages", "Messages in quarantine", rejected, "sink", "reason")


def _lag(look: Look, now: datetime) -> Values:
    """0 for a sink that has all, nothing for one of which it is not known."""
    return {
        (str(sink),): max(0.0, seconds_since(reading.value, now)) if reading.value else 0.0
        for sink, reading in look.waiting.items()
        if not reading.error
    }


def _landed_at(landing: Landing | None) -> datetime | None:
    return landing.newest.landed_at if landing and landing.newest else None


def _builds(look: Look, _: datetime) -> Iterator[Metric]:
    if counts := look.counts.value:
        outcomes: Values = {("passed",): counts.passed_builds, ("failed",): counts.failed_builds}
        yield from counter("builds", "dbt commands that built since the monitor started", outcomes, "outcome")
    for build in (look.report.builds.value or [])[:1]:
        yield from gauge("build_duration_seconds", "What the last build took", {(): build.seconds})
        yield from gauge(
            "build_models_seconds", "Sum over its models; more than it took", {(): build.seconds_in_models}
        )
        yield from gauge("build_tests_seconds", "Sum over its tests", {(): build.seconds_in_tests})
        nodes: Values = {
            ("model", "passed"): build.models_passed,
            ("model", "failed"): build.models_failed,
            ("model", "skipped"): build.models_skipped,
            ("test", "passed"): build.tests_passed,
            ("test", "failed"): build.tests_failed,
            ("test", "skipped"): build.tests_skipped,
            ("test", "warned"): build.tests_warned,
        }
        yield from gauge("build_nodes", "Models and tests of the last build", nodes, "kind", "outcome")


def _marts(look: Look, _: datetime) -> Iterator[Metric]:
    rows = by_name(look.mart_rows.value or {})
    yield from gauge("mart_rows", "About how many rows a mart has, as PostgreSQL estimates", rows, "mart")


def _disk(look: Look, _: datetime) -> Iterator[Metric]:
    if disk := look.report.disk.value:
        yield from gauge("disk_free_bytes", "Room on the file system of COINLOOM_HOME", {(): disk.free})
        yield from gauge("disk_size_bytes", "Its size", {(): disk.total})
    yield from gauge("database_size_bytes", "Size of the database in PostgreSQL", {(): look.report.database.value})
