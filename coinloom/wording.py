"""How messages to people put ages, and what may be too long to be said in full."""

from collections.abc import Iterator, Sequence


def first_names(names: Sequence[str], at_most: int) -> str:
    """`bitcoin, ether and 5 more`."""
    hidden = len(names) - at_most
    return ", ".join(names[:at_most]) + (f" and {hidden:,} more" if hidden > 0 else "")


def were_left_out(what: str, number: int, shown: int) -> str:
    """`7 lines were left out (2 of them not shown).`"""
    hidden = number - shown
    return f"{number:,} {what} were left out" + (f" ({hidden:,} of them not shown)." if hidden > 0 else ".")


def age(seconds: float) -> str:
    """45 s, 3 min 20 s, 5 h 10 min, 3 d 4 h."""
    return " ".join(list(_parts(max(0, round(seconds))))[:2]) or "0 s"


def _parts(seconds: int) -> Iterator[str]:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            yield f"{count} {unit}"


def printable(text: str) -> str:
    """What comes from outside, for a terminal: in place of what would steer it, and of line ends, stands a ·."""
    return "".join(character if character.isprintable() else "·" for character in text)
