"""Sending quarantined messages again: as they were, each once, and remembered only when Kafka has confirmed it."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kafka.errors import KafkaTimeoutError

from ingestion.exceptions import DeliveryFailed
from ingestion.producer import RememberingPartitioner
from ingestion.sender import Sender
from quarantine.contents import QuarantinedMessage
from quarantine.replay import MAX_BYTES, ReplayLog, ReplaysNotKept, ReplaySummary, replay
from tests.unit.ingestion.recording_producer import RecordingProducer, Sent, acknowledge

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BAD = QuarantinedMessage("prices", 2, 17, NOON, b"\xffkey", b"\x00{", "1.0", "live", "a-poll")
BATCHES = [[replace(BAD, offset=10 * batch + number) for number in range(10)] for batch in range(3)]


@pytest.fixture
def log(tmp_path: Path) -> ReplayLog:
    return ReplayLog(tmp_path / "new" / "replays.sqlite")


def run(producer: RecordingProducer, log: ReplayLog, batches: list[list[QuarantinedMessage]]) -> ReplaySummary:
    return replay(batches, Sender(producer, "prices"), log)


def test_a_message_goes_out_as_it_came_in_and_names_its_place(log: ReplayLog) -> None:
    producer = RecordingProducer()
    assert run(producer, log, [[BAD]]) == ReplaySummary(sent=1)
    (sent,) = producer.sent
    assert (sent.key, sent.body) == (b"\xffkey", b"\x00{")
    assert sent.headers == {
        "schema-version": b"1.0",
        "poll-id": b"a-poll",
        "source": b"live",
        "replayed-from": b"prices/2/17",
    }


def test_what_a_message_did_not_have_it_does_not_get(log: ReplayLog) -> None:
    producer = RecordingProducer()
    bare = replace(BAD, raw_key=None, schema_version=None, source=None, poll_id=None)
    empty = replace(BAD, offset=18, raw_value=None, raw_key=b"")
    run(producer, log, [[bare, empty]])
    assert [(sent.key, sent.body) for sent in producer.sent] == [(None, b"\x00{"), (b"", None)]
    assert producer.sent[0].headers == {"replayed-from": b"prices/2/17"}


def test_a_second_replay_sends_only_what_is_new(log: ReplayLog) -> None:
    assert run(RecordingProducer(), log, BATCHES) == ReplaySummary(sent=30)
    producer = RecordingProducer()
    later = replace(BAD, offset=30)
    assert run(producer, log, [*BATCHES, [later, later]]) == ReplaySummary(sent=1, sent_before=31)
    assert [sent.headers["replayed-from"] for sent in producer.sent] == [b"prices/2/30"]


def test_the_same_offset_of_a_topic_that_was_made_anew_is_another_message(log: ReplayLog) -> None:
    run(RecordingProducer(), log, [[BAD]])
    assert run(RecordingProducer(), log, [[replace(BAD, produced_at=NOON.replace(hour=13))]]).sent == 1


def test_what_kafka_did_not_confirm_is_sent_at_the_next_replay(log: ReplayLog) -> None:
    def refuse_the_second_batch(sent: list[Sent]) -> None:
        for number, message in enumerate(sent):
            message.is_done = True
            message.exception = KafkaTimeoutError() if number >= 10 else None

    with pytest.raises(DeliveryFailed, match="10 messages did not reach"):
        run(RecordingProducer(refuse_the_second_batch), log, BATCHES)
    producer = RecordingProducer(acknowledge)
    assert run(producer, log, BATCHES) == ReplaySummary(sent=20, sent_before=10)
    assert len({sent.headers["replayed-from"] for sent in producer.sent}) == 20


def test_what_no_producer_can_send_is_counted_and_costs_no_other(log: ReplayLog) -> None:
    nothing = replace(BAD, offset=1, raw_key=None, raw_value=None)
    too_large = replace(BAD, offset=2, raw_value=b"x" * MAX_BYTES)
    assert run(RecordingProducer(), log, [[nothing, too_large, BAD]]) == ReplaySummary(sent=1, left_out=2)


def test_two_replays_at_once_are_a_clear_error(tmp_path: Path) -> None:
    log = ReplayLog(tmp_path / "replays.sqlite", lock_seconds=0.1)
    run(RecordingProducer(), log, [[BAD]])
    with sqlite3.connect(tmp_path / "replays.sqlite") as other:
        other.execute("begin immediate")
        with pytest.raises(ReplaysNotKept, match="wait for another replay to end"):
            run(RecordingProducer(), log, BATCHES)


class ThreePartitionsOneUp:
    """What the partitioner asks kafka-python's metadata for."""

    def topics(self) -> set[str]:
        return {"prices"}

    def partitions_for_topic(self, _topic: str) -> set[int]:
        return {0, 1, 2}

    def available_partitions_for_topic(self, _topic: str) -> set[int]:
        return {1}


def test_a_message_without_a_key_goes_to_any_partition_that_is_up() -> None:
    assert RememberingPartitioner().partition("prices", None, None, b"value", b"value", ThreePartitionsOneUp()) == 1
