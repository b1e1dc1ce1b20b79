"""A thousand hostile messages through a real broker and stream into both sinks; with --long, ten thousand.

What must become of each is said by `verdict`, in plain Python. Where a field is there twice, JSON leaves open which one
counts: such a message may land or be rejected, but in both sinks alike.
"""

from collections import Counter

import pytest

from coinloom.settings import Settings, Sink
from commands.counts import count_messages
from ingestion.messages import Message
from quarantine.reasons import Reason
from stores.database import connect
from tests.commands import run_command
from tests.integration.hostile_messages import KINDS, hostile_messages
from tests.integration.streams import Place, by_place, in_files, in_postgres, send
from tests.integration.verdict import verdict
from tests.integration.warm_stream import WarmStream
from tests.stacks import elsewhere

pytestmark = pytest.mark.timeout(1200)

SEED = 20261122
LEFT_OPEN = "doubled field"
REASONS = {
    "unknown_schema_version",
    "not_json",
    "not_an_object",
    "missing_coin_id",
    "missing_vs_currency",
    "missing_price",
    "invalid_price",
    "unreadable_timestamp",
    "event_time_in_the_future",
}


class Fuzzed:
    """What was sent, by its place on the topic, and what each sink holds."""

    def __init__(self, settings: Settings, sent: dict[Place, tuple[str, Message]]) -> None:
        self.settings = settings
        self.sent = sent
        readers = {Sink.PARQUET: in_files, Sink.POSTGRES: in_postgres}
        self.landed = {sink: by_place(read(settings, "landing")) for sink, read in readers.items()}
        self.rejected = {sink: by_place(read(settings, "quarantine")) for sink, read in readers.items()}

    def outcome(self, place: Place) -> str | None:
        row = self.rejected[Sink.POSTGRES].get(place)
        return row["reason"] if row else None


@pytest.fixture(scope="module", params=[40, pytest.param(420, marks=pytest.mark.long)])
def of_each_kind(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def fuzzed(
    stack: Settings, warm_stream: WarmStream, of_each_kind: int, tmp_path_factory: pytest.TempPathFactory
) -> Fuzzed:
    per_batch = len(KINDS) * of_each_kind // 3
    settings = elsewhere(
        stack, f"fuzz-{of_each_kind}", tmp_path_factory.mktemp("fuzz"), stream_max_offsets_per_trigger=per_batch
    )
    kinds, messages = zip(*hostile_messages(SEED, of_each_kind), strict=True)
    places = list(send(settings, messages))
    warm_stream.land(settings)
    assert "landing failed" not in warm_stream.log.read_text()
    return Fuzzed(settings, dict(zip(places, zip(kinds, messages, strict=True), strict=True)))


def test_there_were_enough_of_every_kind(fuzzed: Fuzzed, of_each_kind: int) -> None:
    assert len(fuzzed.sent) == len(KINDS) * of_each_kind == count_messages(fuzzed.settings) >= 1_000
    assert {reason.value for reason in Reason} == REASONS
    found = {row["reason"] for row in fuzzed.rejected[Sink.PARQUET].values()}
    assert found == REASONS, "no message of the fuzz has the reasons that are missing here"


@pytest.mark.parametrize("sink", Sink)
def test_every_offset_is_in_exactly_one_place(fuzzed: Fuzzed, sink: Sink) -> None:
    landed, rejected = fuzzed.landed[sink], fuzzed.rejected[sink]
    assert not landed.keys() & rejected.keys()
    assert landed.keys() | rejected.keys() == fuzzed.sent.keys()


def test_both_sinks_hold_the_same_rows(fuzzed: Fuzzed) -> None:
    for rows in (fuzzed.landed, fuzzed.rejected):
        assert rows[Sink.PARQUET] == rows[Sink.POSTGRES]


def test_every_good_row_lands_with_its_price(fuzzed: Fuzzed, of_each_kind: int) -> None:
    good = {place: message for place, (kind, message) in fuzzed.sent.items() if kind == "good"}
    assert len(good) == of_each_kind
    for place, message in good.items():
        row = fuzzed.landed[Sink.PARQUET][place]
        assert f'"coin_id": "{row["coin_id"]}"'.encode() in (message.value or b"")
        assert f'"price": {row["price"]!r}'.encode() in (message.value or b"")


def test_every_message_ends_where_the_contract_says(fuzzed: Fuzzed) -> None:
    differences = [
        f"{kind}: {fuzzed.outcome(place)}, expected {verdict(message)}: {str(message)[:400]}"
        for place, (kind, message) in fuzzed.sent.items()
        if kind != LEFT_OPEN and fuzzed.outcome(place) != verdict(message)
    ]
    assert not differences, "\n".join([f"{len(differences)} differ", *differences[:30]])


def test_what_is_rejected_is_kept_as_it_was_received(fuzzed: Fuzzed) -> None:
    for place, row in fuzzed.rejected[Sink.POSTGRES].items():
        _, message = fuzzed.sent[place]
        assert (row["raw_key"], row["raw_value"]) == (message.key, message.value)


def test_report(fuzzed: Fuzzed) -> None:
    counts = Counter((kind, fuzzed.outcome(place) or "landed") for place, (kind, _) in fuzzed.sent.items())
    for kind in KINDS:
        outcomes = {outcome: number for (of, outcome), number in sorted(counts.items()) if of == kind}
        print(f"{kind:26}", ", ".join(f"{outcome} {number}" for outcome, number in outcomes.items()))


def test_the_marts_can_be_built_from_what_landed(fuzzed: Fuzzed, of_each_kind: int) -> None:
    run_command(fuzzed.settings, "coinloom", "build", "--publish", "--target", "postgres")
    with connect(fuzzed.settings) as connection:
        coins = connection.execute("select count(distinct coin_id) from marts.crypto_table").fetchone()
    assert coins is not None
    assert coins[0] >= of_each_kind
