"""A price file line by line: every line after the header is a price update or a rejection with its line number."""

import gzip
import io
import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ingestion.exceptions import PriceFileError
from ingestion.messages import PriceUpdate
from ingestion.price_files.parser import BadLine, LineParser, split

GZIP_MAGIC = b"\x1f\x8b"
LONGEST_LINE_BYTES = 65_536

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A line that did not go in; the header is line 1."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Share:
    """One of `of` parts of a file's lines. All lines of a coin are in the same part, so their order is kept."""

    number: int = 0
    of: int = 1

    def takes(self, coin_id: str) -> bool:
        return self.of == 1 or zlib.crc32(coin_id.encode()) % self.of == self.number


WHOLE = Share()


class PriceFile:
    """An open price file, plain or gzipped; memory use does not depend on its size.

    All that concerns the file as a whole, and not a line of it, raises PriceFileError with the path in it.
    """

    def __init__(self, path: Path, raw: io.BufferedReader) -> None:
        self._path = path
        self._raw = raw
        self.bytes_total = path.stat().st_size
        self._line = 0

    @property
    def bytes_read(self) -> int:
        """How far the reading is, in bytes of the file as it is on disk."""
        return self._raw.tell()

    def rows(self, fetched_at: datetime, share: Share = WHOLE) -> Iterator[PriceUpdate | RejectedLine]:
        """What the share takes of everything after the header, in order; blank lines do not count."""
        try:
            yield from self._rows(self._lines(_decompressed(self._path, self._raw)), fetched_at, share)
        except UnicodeDecodeError as error:
            raise self._error(f"is not UTF-8 text ({error.reason}); save it as UTF-8") from None
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self._error(f"is cut off or damaged ({error}); copy it again") from None

    def _rows(self, lines: Iterator[str], fetched_at: datetime, share: Share) -> Iterator[PriceUpdate | RejectedLine]:
        parser = self._parser(next(lines, ""), fetched_at)
        for line in lines:
            if line.isspace() or not (share is WHOLE or share.takes(parser.coin_of(line))):
                continue
            try:
                yield parser.parse(line)
            except BadLine as reason:
                yield RejectedLine(self._line, str(reason))

    def _parser(self, header: str, fetched_at: datetime) -> LineParser:
        if not header.strip():
            raise self._error("is empty; its first line must name the columns")
        try:
            parser = LineParser(split(header), fetched_at)
        except (BadLine, PriceFileError) as error:
            raise self._error(f"cannot be loaded: {error}") from None
        if parser.unknown_columns:
            log.warning("%s: left out the columns %s", self._path, ", ".join(parser.unknown_columns))
        return parser

    def _lines(self, stream: io.BufferedReader) -> Iterator[str]:
        while line := stream.readline(LONGEST_LINE_BYTES):
            self._line += 1
            if len(line) == LONGEST_LINE_BYTES:
                raise self._error(f"has a line of {LONGEST_LINE_BYTES} bytes or more; is it a CSV file?")
            yield line.decode("utf-8" if self._line > 1 else "utf-8-sig")

    def _error(self, what: str) -> PriceFileError:
        before = f"; the lines before line {self._line} are loaded, again does no harm" if self._line > 1 else ""
        return PriceFileError(f"{self._path} {what}{before}")


@contextmanager
def open_price_file(path: Path) -> Iterator[PriceFile]:
    """Opens the file for one reading. Raises PriceFileError if there is no such file."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise PriceFileError(f"{path} cannot be opened: {error.strerror}") from None
    with raw:
        yield PriceFile(path, raw)


def _decompressed(path: Path, raw: io.BufferedReader) -> io.BufferedReader:
    """Goes by the content, so a gzip file may have any name; a `.gz` that is none is a mistake worth telling."""
    magic = raw.read(len(GZIP_MAGIC))
    raw.seek(0)
    if magic == GZIP_MAGIC:
        return io.BufferedReader(gzip.GzipFile(fileobj=raw))
    if path.suffix == ".gz" and magic:
        raise PriceFileError(f"{path} is not a gzip file, whatever its name says; rename it, or compress it")
    return raw
