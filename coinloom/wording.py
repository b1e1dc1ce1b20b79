"""How messages to people put what may be too long to be said in full."""

from collections.abc import Sequence


def first_names(names: Sequence[str], at_most: int) -> str:
    """`bitcoin, ether and 5 more`."""
    hidden = len(names) - at_most
    return ", ".join(names[:at_most]) + (f" and {hidden:,} more" if hidden > 0 else "")


def were_left_out(what: str, number: int, shown: int) -> str:
    """`7 lines were left out (2 of them not shown).`"""
    hidden = number - shown
    return f"{number:,} {what} were left out" + (f" ({hidden:,} of them not shown)." if hidden > 0 else ".")
