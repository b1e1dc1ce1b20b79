"""What comes in an HTTP answer of CoinGecko: a body of the shape that we asked for, or one of our errors."""

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from requests import Response
from urllib3.exceptions import HTTPError

from ingestion.coingecko.refusals import error_of, is_about_the_key, quote, retry_after_seconds
from ingestion.exceptions import BadAnswer, Unreachable

# A page of 250 coins has a quarter of a megabyte and takes about a second; 90 days of a coin have half as much.
LARGEST_ANSWER_BYTES = 10_000_000
LONGEST_ANSWER_SECONDS = 20.0
BYTES_PER_READ = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is here as a whole."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Shape:
    """What the body of a good answer is, and what errors call it."""

    name: str
    fits: Callable[[Any], bool]


def receive(response: Response, monotonic: Callable[[], float] = time.monotonic) -> Answer:
    """Reads the body of a streamed response: a read timeout alone would wait for ever for one that drips.

    Raises Unreachable for a body that breaks off or takes too long, BadAnswer for one that is too large.
    """
    started, content = monotonic(), bytearray()
    try:
        while some := response.raw.read1(BYTES_PER_READ, decode_content=True):
            content += some
            if len(content) > LARGEST_ANSWER_BYTES:
                raise BadAnswer(f"CoinGecko's answer is larger than {LARGEST_ANSWER_BYTES:,} bytes; it was not read on")
            if monotonic() - started > LONGEST_ANSWER_SECONDS:
                what = f"only {len(content)} bytes of CoinGecko's answer came in {LONGEST_ANSWER_SECONDS:.0f} s"
                raise Unreachable(f"{what}; check the network")
    except HTTPError as error:
        raise Unreachable(f"CoinGecko's answer broke off ({type(error).__name__}); check the network") from error
    return Answer(response.status_code, response.headers, bytes(content))


def read_body(answer: Answer, shape: Shape, now: datetime, key: str | None) -> Any:
    """The JSON of one answer. `now` turns a Retry-After date into seconds; `key` is kept out of what errors quote.

    Numbers that no double can hold (NaN, 1e999) become null. Raises the subclass of CoinGeckoError that fits.
    """
    body = _json_or_none(answer.content)
    if answer.status == HTTPStatus.OK:
        if shape.fits(body):
            return body
        if not is_about_the_key(body):
            size = len(answer.content)
            raise BadAnswer(f"CoinGecko's answer of {size} bytes is not {shape.name}: {quote(answer.content, key)}")
    retry_after = retry_after_seconds(answer.headers.get("Retry-After"), now)
    raise error_of(answer.status, body, quote(answer.content, key), retry_after)


def _json_or_none(content: bytes) -> Any:
    try:
        return json.loads(content, parse_float=_finite_or_none, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def _finite_or_none(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None
