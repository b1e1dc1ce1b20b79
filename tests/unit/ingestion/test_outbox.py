"""What waits on disk for Kafka: kept, sent in order, found again after a kill."""

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from kafka.errors import KafkaTimeoutError, MessageSizeTooLargeError, TopicAuthorizationFailedError

from ingestion.exceptions import DeliveryFailed, NotAcknowledged, OutboxUnusable
from ingestion.messages import Message
from ingestion.polling.outbox import Outbox, open_outbox
from ingestion.polling.recovery import forget_delivered
from ingestion.polling.relay import Relay
from tests.unit.ingestion.recording_producer import RecordingProducer, Sent, acknowledge

HEADERS = [("schema-version", b"1.0"), ("poll-id", b"p")]


def message(number: int) -> Message:
    return Message(f"coin-{number}".encode(), f'{{"n":{number}}}'.encode(), HEADERS)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with open_outbox(tmp_path / "poller.sqlite") as opened:
        yield opened


def waiting(outbox: Outbox) -> list[Message]:
    return [kept.message for kept in outbox.after(0, 1000)]


def relay(outbox: Outbox, producer: RecordingProducer, **options: int) -> Relay:
    seconds = iter(range(1_000_000))
    return Relay(outbox, producer, "prices", monotonic=lambda: next(seconds), **options)


def test_what_is_kept_is_there_after_the_process_has_gone(tmp_path: Path) -> None:
    with open_outbox(tmp_path / "poller.sqlite") as outbox:
        outbox.keep([message(1), message(2)])
    with open_outbox(tmp_path / "poller.sqlite") as outbox:
        assert waiting(outbox) == [message(1), message(2)]


def test_a_second_poller_is_told_whose_file_it_is(
    outbox: Outbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.polling.outbox.LOCK_SECONDS", 0.1)
    outbox.keep([message(1)])
    with (
        pytest.raises(OutboxUnusable, match=r"another poller .* COINLOOM_HOME"),
        open_outbox(tmp_path / "poller.sqlite"),
    ):
        pass


def test_a_file_that_is_none_of_ours_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "poller.sqlite").write_text("not a database, and long enough to be taken for the header of one" * 9)
    with (
        pytest.raises(OutboxUnusable, match=r"poller\.sqlite .*COINLOOM_HOME"),
        open_outbox(tmp_path / "poller.sqlite"),
    ):
        pass


def test_a_full_disk_is_an_error_and_what_was_kept_stays(outbox: Outbox) -> None:
    outbox.keep([message(1)])
    pages = outbox.connection.execute("pragma page_count").fetchone()[0]
    outbox.connection.execute(f"pragma max_page_count = {pages}")
    with pytest.raises(OutboxUnusable, match="full"):
        outbox.keep(message(number) for number in range(2, 10_000))
    assert waiting(outbox) == [message(1)]


def test_everything_is_sent_in_order_a_few_at_a_time(outbox: Outbox) -> None:
    outbox.keep([message(number) for number in range(25)])
    producer = RecordingProducer()
    relay(outbox, producer, max_under_way=10).deliver(1000)
    assert [sent.key for sent in producer.sent] == [message(number).key for number in range(25)]
    assert len(outbox) == 0


def test_only_what_is_confirmed_leaves_the_outbox_and_nothing_is_sent_twice(outbox: Outbox) -> None:
    def confirm_the_first_two(sent: list[Sent]) -> None:
        acknowledge(sent[:2])
        raise KafkaTimeoutError

    outbox.keep([message(1), message(2), message(3)])
    producer = RecordingProducer(confirm_the_first_two)
    sending = relay(outbox, producer)
    with pytest.raises(NotAcknowledged, match=r"1 messages .* wait on disk; .*KAFKA_BOOTSTRAP_SERVERS"):
        sending.deliver(5)
    assert waiting(outbox) == [message(3)]
    producer.on_flush = acknowledge
    sending.deliver(5)
    assert (len(outbox), len(producer.sent)) == (0, 3)


def test_a_message_that_is_too_large_costs_only_itself(outbox: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    def refuse_the_second(sent: list[Sent]) -> None:
        sent[1].exception = MessageSizeTooLargeError("too large")
        acknowledge(sent)

    outbox.keep([message(1), message(2), message(3)])
    relay(outbox, RecordingProducer(refuse_the_second)).deliver(5)
    assert len(outbox) == 0
    assert "b'coin-2' is left out: Kafka takes none so large" in caplog.text


def test_what_kafka_refuses_for_another_reason_stays_with_all_after_it(outbox: Outbox) -> None:
    def refuse_the_second(sent: list[Sent]) -> None:
        sent[1].exception = TopicAuthorizationFailedError()
        acknowledge(sent)

    outbox.keep([message(1), message(2), message(3)])
    with pytest.raises(DeliveryFailed, match=r"TopicAuthorizationFailed.*KAFKA_BOOTSTRAP_SERVERS"):
        relay(outbox, RecordingProducer(refuse_the_second)).deliver(5)
    assert waiting(outbox) == [message(2), message(3)]


def test_after_a_confirmation_that_could_not_be_noted_nothing_more_is_sent(outbox: Outbox) -> None:
    """A restart looks for no more than the first 10."""
    outbox.keep([message(number) for number in range(25)])
    refusal = "select raise(fail, 'database or disk is full')"
    outbox.connection.execute(f"create trigger full before delete on messages begin {refusal}; end")
    producer = RecordingProducer()
    sending = relay(outbox, producer, max_under_way=10)
    for _ in range(2):
        with pytest.raises(OutboxUnusable, match="disk is full"):
            sending.deliver(1000)
    assert [sent.key for sent in producer.sent] == [message(number).key for number in range(10)]
    assert len(outbox) == 25


class Topic:
    """What is on the topic, in one partition; remembers from where it was read."""

    name = "prices"

    def __init__(self, *messages: Message) -> None:
        self.stored = messages
        self.read_from: Mapping[int, int] = {}

    def ends(self) -> dict[int, int]:
        return {0: len(self.stored)}

    def messages(self, since: Mapping[int, int], until: Mapping[int, int]) -> tuple[Message, ...]:
        self.read_from = since
        return self.stored[since.get(0, 0) : until[0]]


def test_what_reached_the_topic_before_a_kill_is_not_sent_again(outbox: Outbox) -> None:
    outbox.confirm(0, "prices", {0: 1})
    outbox.keep([message(2), message(3), message(4)])
    topic = Topic(message(1), message(3), message(2))
    assert forget_delivered(outbox, topic) == 2
    assert waiting(outbox) == [message(4)]
    assert topic.read_from == {0: 1}
    assert outbox.offsets("prices") == {0: 3}


def test_offsets_of_the_confirmed_are_noted_by_partition(outbox: Outbox) -> None:
    def confirm(sent: list[Sent]) -> None:
        for offset, one in enumerate(sent):
            one.value = SimpleNamespace(partition=offset % 2, offset=100 + offset)
        acknowledge(sent)

    outbox.keep([message(1), message(2), message(3)])
    relay(outbox, RecordingProducer(confirm)).deliver(5)
    assert outbox.offsets("prices") == {0: 103, 1: 102}
    assert outbox.offsets("another topic") == {}


def test_a_transaction_that_is_killed_leaves_nothing_half(tmp_path: Path) -> None:
    path = tmp_path / "poller.sqlite"
    with open_outbox(path) as outbox:
        outbox.keep([message(1)])
        outbox.connection.execute("begin")
        outbox.connection.execute("delete from messages")
    assert sqlite3.connect(path).execute("select count(*) from messages").fetchone() == (1,)
