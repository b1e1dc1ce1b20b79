"""`python -m benchmarks.sustained_generator COINS SECONDS RECORD`: every coin has a new price each second.

Prices are whole numbers, so that any sum of them is exact. After each second a line of the file RECORD says what has
been sent so far; the last one is written when Kafka has confirmed everything. Then it waits to be stopped: whoever
supervises it would start it again.
"""

import signal
import sys
import time
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.fast_producer import FastProducer
from coinloom.clock import iso_milliseconds
from coinloom.settings import read_settings
from ingestion.messages import PriceUpdate, Source, encode, message_headers

LARGEST_STEP = 3


class NotConfirmed(Exception):
    """Kafka has not taken every message."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What has been sent until `at`, a Unix time: how many messages, and the sum of their prices."""

    at: float
    messages: int
    sum_of_prices: int


def read_record(file: Path) -> list[Sent]:
    """In order of time. A line that is being written is left out."""
    lines = file.read_text().split("\n")[:-1] if file.exists() else []
    return [msgspec.json.decode(line, type=Sent) for line in lines]


def main(coins: int, seconds: int, file: Path) -> None:
    producer = FastProducer(read_settings())
    random, prices = np.random.default_rng(7), np.full(coins, 1_000)
    messages = sum_of_prices = 0
    started = time.time()
    with file.open("w") as record:
        for second in range(seconds):
            time.sleep(max(0.0, started + second - time.time()))
            prices = np.maximum(prices + random.integers(-LARGEST_STEP, LARGEST_STEP, coins, endpoint=True), 1)
            _send(producer, prices.tolist(), started + second)
            messages, sum_of_prices = messages + coins, sum_of_prices + int(prices.sum())
            if second == seconds - 1 and producer.flush(60):
                raise NotConfirmed
            record.write(msgspec.json.encode(asdict(Sent(time.time(), messages, sum_of_prices))).decode() + "\n")
            record.flush()
    signal.pause()


def _send(producer: FastProducer, prices: list[int], at: float) -> None:
    """One message of each coin, as the poller would have sent it, with this Unix time as the time of the update."""
    instant = iso_milliseconds(datetime.fromtimestamp(at, UTC))
    headers = message_headers(uuid.uuid4(), Source.LIVE)
    for number, price in enumerate(prices, start=1):
        coin = f"coin-{number:05}"
        names = (coin, coin[-5:], coin.title(), "usd")
        numbers = (price, price * 1e6, number, price * 1e4, price + LARGEST_STEP, price, 0)
        producer.send(encode(PriceUpdate(*names, *numbers, instant, instant), headers))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
