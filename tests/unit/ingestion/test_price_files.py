"""The file loader: what goes in, what is left out and why, and files that are none."""

import gzip
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from ingestion.exceptions import PriceFileError
from ingestion.price_files.loader import Load, LoadSummary, load_price_file
from ingestion.price_files.reader import RejectedLine, Share
from ingestion.sender import Sender
from tests.unit.ingestion.recording_producer import RecordingProducer

LOAD = Load(uuid4(), fetched_at=datetime(2026, 11, 22, 10, 0, tzinfo=UTC))
HEADER = "last_updated_at,coin_id,symbol,price,volume_24h\n"
GOOD = "2021-05-12T18:00:59Z,bitcoin,btc,51234.5,100.25\n"


@pytest.fixture
def producer() -> RecordingProducer:
    return RecordingProducer()


@pytest.fixture
def load(tmp_path: Path, producer: RecordingProducer) -> Callable[..., LoadSummary]:
    def load(content: str | bytes, name: str = "prices.csv", **arguments: object) -> LoadSummary:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return load_price_file(path, Sender(producer, "prices"), load=LOAD, **arguments)

    return load


def values(producer: RecordingProducer) -> list[dict[str, object]]:
    return [json.loads(message.body) for message in producer.sent]


def test_a_good_line_becomes_a_backfill_message(load: Callable[..., LoadSummary], producer: RecordingProducer) -> None:
    summary = load(HEADER + GOOD + GOOD.replace("bitcoin", "ether"))
    assert (summary.rows_sent, summary.rejected_lines) == (2, 0)
    assert values(producer)[0] == {
        "coin_id": "bitcoin",
        "symbol": "btc",
        "name": None,
        "vs_currency": "usd",
        "price": 51234.5,
        "market_cap": None,
        "market_cap_rank": None,
        "volume_24h": 100.25,
        "high_24h": None,
        "low_24h": None,
        "price_change_24h_pct": None,
        "last_updated_at": "2021-05-12T18:00:59.000Z",
        "fetched_at": "2026-11-22T10:00:00.000Z",
    }
    assert producer.sent[1].key == b"ether"
    assert {message.headers["source"] for message in producer.sent} == {b"backfill"}
    assert len({message.headers["poll-id"] for message in producer.sent}) == 1


def test_every_column_in_any_order_and_null_words(
    load: Callable[..., LoadSummary], producer: RecordingProducer
) -> None:
    header = "price,name,coin_id,market_cap_rank,vs_currency,high_24h,low_24h,market_cap,symbol,last_updated_at\n"
    full = '1e-11,"Doge, the ""coin""",doge,1.0,EUR,nan,null,1.0e15,🐕,2021-05-12T18:00:59.123456+02:00\r\n'
    sparse = "2,,x,,,,,,,2021-05-12"
    assert load("\ufeff" + header + full + sparse).rows_sent == 2
    first, second = values(producer)
    assert first["name"] == 'Doge, the "coin"'
    assert (first["price"], first["market_cap"], first["market_cap_rank"]) == (1e-11, 1e15, 1)
    assert (first["high_24h"], first["low_24h"], first["vs_currency"], first["symbol"]) == (None, None, "eur", "🐕")
    assert first["last_updated_at"] == "2021-05-12T16:00:59.123Z"
    assert (second["symbol"], second["name"], second["vs_currency"]) == (None, None, "usd")
    assert second["last_updated_at"] == "2021-05-12T00:00:00.000Z"


def test_a_time_without_a_zone_is_utc(load: Callable[..., LoadSummary], producer: RecordingProducer) -> None:
    load(HEADER + GOOD.replace("Z", "").replace("T", " "))
    assert values(producer)[0]["last_updated_at"] == "2021-05-12T18:00:59.000Z"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2021-05-12T18:00:59Z,,btc,1,1", "coin_id is missing"),
        ("2021-05-12T18:00:59Z,bitcoin,btc,,1", "price is missing"),
        ("2021-05-12T18:00:59Z,bitcoin,btc,nan,1", "price is missing"),
        ("2021-05-12T18:00:59Z,bitcoin,btc,0,1", "price is not above zero: '0'"),
        ("2021-05-12T18:00:59Z,bitcoin,btc,-1,1", "price is not above zero: '-1'"),
        ("2021-05-12T18:00:59Z,bitcoin,btc,inf,1", "price is not a finite number: 'inf'"),
        ("2021-05-12T18:00:59Z,bitcoin,btc,1e999,1", "price is not a finite number: '1e999'"),
        ("2021-05-12T18:00:59Z,bitcoin,btc,1_000,1", "price is not a finite number: '1_000'"),
        ("2021-05-12T18:00:59Z,bitcoin,btc,$5,1", "price is not a number: '$5'"),
        ("2021-05-12T18:00:59Z,bitcoin,btc,1,many", "volume_24h is not a number: 'many'"),
        (",bitcoin,btc,1,1", "last_updated_at is not an ISO 8601 time: ''"),
        ("12/05/2021,bitcoin,btc,1,1", "last_updated_at is not an ISO 8601 time: '12/05/2021'"),
        ("1612012311200,bitcoin,btc,1,1", "last_updated_at is not an ISO 8601 time: '1612012311200'"),
        ("2026-11-22T10:00:01Z,bitcoin,btc,1,1", "last_updated_at is in the future: '2026-11-22T10:00:01Z'"),
        ("2021-05-12T18:00:59Z,bitcoin,btc,1", "4 columns, the header has 5"),
        ("2021-05-12T18:00:59Z,bitcoin,btc,1,1,1", "6 columns, the header has 5"),
        ('2021-05-12T18:00:59Z,bitcoin,"btc,1,1', "not CSV (unexpected end of data)"),
        ("2021-05-12T18:00:59Z,bit\0coin,btc,1,1", "a NUL character in it"),
    ],
)
def test_a_bad_line_is_named_and_costs_no_other(load: Callable[..., LoadSummary], line: str, reason: str) -> None:
    summary = load(HEADER + GOOD + "\n" + line + "\n" + GOOD)
    assert (summary.rows_sent, summary.rejected_lines) == (2, 1)
    assert summary.first_rejections == (RejectedLine(line=4, reason=reason),)


def test_all_bad_lines_are_counted_and_the_first_twenty_named(load: Callable[..., LoadSummary]) -> None:
    summary = load(HEADER + "nonsense\n" * 1000 + GOOD)
    assert (summary.rows_sent, summary.rejected_lines) == (1, 1000)
    assert [rejection.line for rejection in summary.first_rejections] == list(range(2, 22))


def test_gzip_goes_by_the_content_and_progress_by_the_bytes_on_disk(
    load: Callable[..., LoadSummary], producer: RecordingProducer
) -> None:
    content = gzip.compress((HEADER + GOOD * 4500).encode())
    calls: list[tuple[int, int, int]] = []
    summary = load(content, name="prices.anything", progress=lambda *numbers: calls.append(numbers))
    assert summary.rows_sent == len(producer.sent) == 4500
    assert [rows for rows, _, _ in calls] == [2000, 4000, 4500]
    assert calls[-1] == (4500, len(content), len(content))


def test_unknown_columns_are_named_and_left_out(
    load: Callable[..., LoadSummary], producer: RecordingProducer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    load("coin_id,price,last_updated_at,mood,Price\nbitcoin,1,2021-05-12,good,2\n")
    assert "left out the columns mood, Price" in caplog.text
    assert values(producer)[0]["price"] == 1


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv.gz", b"", "is empty"),
        ("a.csv", b"\n\n", "is empty"),
        ("a.csv", b"coin_id,symbol\n", "lacks last_updated_at, price; it has: coin_id, symbol"),
        ("a.csv", b"coin_id;price;last_updated_at\n", "comma separated"),
        ("a.csv", b"coin_id,price,price,last_updated_at\n", "price more than once"),
        ("a.csv.gz", HEADER.encode(), "not a gzip file"),
        ("a.csv", HEADER.encode() + "2021-05-12,ü,ü,1,1".encode("latin-1"), "not UTF-8.*before line 2"),
        ("a.csv", HEADER.encode("utf-16"), "not UTF-8"),
        ("a.csv.gz", gzip.compress(HEADER.encode() + GOOD.encode() * 9, mtime=0)[:-9], "cut off or damaged"),
        ("a.csv", b"x" * 100_000, "65536 bytes or more"),
    ],
    ids=lambda value: "content" if isinstance(value, bytes) else None,
)
def test_a_file_that_is_none_is_a_clear_error(
    load: Callable[..., LoadSummary], name: str, content: bytes, complaint: str
) -> None:
    with pytest.raises(PriceFileError, match=complaint) as caught:
        load(content, name=name)
    assert name in str(caught.value)


@pytest.mark.parametrize(("rank", "rows"), [("7", 1), ("7.0", 1), ("", 1), ("7.5", 0), ("inf", 0)])
def test_a_rank_is_a_whole_number(load: Callable[..., LoadSummary], rank: str, rows: int) -> None:
    assert load(f"coin_id,price,last_updated_at,market_cap_rank\nbitcoin,1,2021-05-12,{rank}\n").rows_sent == rows


@pytest.mark.parametrize("name", [".", "absent.csv"])
def test_a_path_that_cannot_be_opened_is_a_clear_error(tmp_path: Path, producer: RecordingProducer, name: str) -> None:
    with pytest.raises(PriceFileError, match="cannot be opened"):
        load_price_file(tmp_path / name, Sender(producer, "prices"), load=LOAD)


def test_shares_together_are_the_whole_file_and_a_coin_is_in_one_of_them(
    load: Callable[..., LoadSummary], producer: RecordingProducer
) -> None:
    lines = [GOOD.replace("bitcoin", f"coin-{number % 40}") for number in range(200)]
    odd = ["nonsense\n", '2021-05-12,"a, b",ab,1,1\n', '2021-05-12,"unclosed,ab,1,1\n', "2021-05-12,,ab,1,1\n", "\n"]
    content = HEADER + "".join([*lines, *odd])
    coins, rejected, sent = [], 0, 0
    for number in range(3):
        summary = load(content, share=Share(number, 3))
        rejected, sent = rejected + summary.rejected_lines, sent + summary.rows_sent
        coins.append({message.key for message in producer.sent})
        producer.sent.clear()
    assert (sent, rejected) == (201, 3)
    assert all(coins)
    assert sum(map(len, coins)) == len(set.union(*coins)) == 41
