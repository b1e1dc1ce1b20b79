"""Names for the coins behind the well-known ones: ids, symbols and names with the traps that the real list has."""

from dataclasses import dataclass

import numpy as np

_BEGINNINGS = """
    Aero Alto Arca Aster Axio Bali Bora Brix Cala Ceno Cirro Covo Dara Delo Dyno Echo Elara Ezo Faro Fenix Gala Giga
    Halo Hexa Indi Iris Jade Juno Kilo Koda Lumo Lyra Mako Meta Mira Nexo Nimbo Nova Octo Onyx Orbi Pala Pico Quanta
    Rivo Rune Saga Sora Stella Tano Tera Ultra Vela Vero Wave Xeno Yara Zeno Zeta
"""
_ENDINGS = "base bit cash cat chain coin dao dex fi flux gate grid inu labs lend link mint net pad pay swap verse"
_KINDS = ("", "", "", " Finance", " Network", " Protocol", " Token")


@dataclass(frozen=True)
class Identity:
    """What a coin is called. Only `id` is unique."""

    id: str
    symbol: str
    name: str


# Each stands for something met in the real list: emoji, other scripts, 50 characters, upper case, quotes and commas.
_UNUSUAL = (
    Identity("moon-rocket", "🚀", "Moon Rocket 🚀"),
    Identity("the-longest-ticker", "supercalifragilisticexpialidociousmoonlambodogecat", "The Longest Ticker"),
    Identity("renminbi-life", "币安人生", "币安人生"),
    Identity("cafe-con-leche", "CAFÉ", "Café con Leche"),
    Identity("say-it-loud", '$"LOUD"', 'Say "It", Loud'),
    Identity("family-of-four", "👨‍👩‍👧‍👦", "Family of Four"),
    Identity("bridged-wrapped-bitcoin", "btc", "Bridged Wrapped Bitcoin"),
    Identity("pepe-classic", "pepe", "Pepe Classic"),
    Identity("sol-wormhole", "sol", "SOL (Wormhole)"),
)
_TWIN_EVERY = 9


def invent(count: int, taken: set[str], rng: np.random.Generator) -> list[Identity]:
    """`count` identities with ids outside `taken`: the unusual ones first, then regular ones from `rng`.

    About every ninth regular coin has the symbol of the coin before it, under an id of its own.
    """
    identities = list(_UNUSUAL[:count])
    ids = taken | {identity.id for identity in identities}
    while len(identities) < count:
        identity = _regular(ids, rng)
        if len(identities) % _TWIN_EVERY == 0:
            identity = Identity(identity.id, identities[-1].symbol, identity.name)
        ids.add(identity.id)
        identities.append(identity)
    return identities


def _regular(ids: set[str], rng: np.random.Generator) -> Identity:
    beginning, ending = str(rng.choice(_BEGINNINGS.split())), str(rng.choice(_ENDINGS.split()))
    name = beginning + ending + str(rng.choice(_KINDS))
    symbol = (beginning[: rng.integers(2, 4)] + ending[: rng.integers(1, 3)]).lower()
    return Identity(_free(name.lower().replace(" ", "-"), ids), symbol, name)


def _free(wish: str, ids: set[str]) -> str:
    """`wish`, or `wish-2`, `wish-3` and so on: the real API numbers its namesakes the same way."""
    number, candidate = 1, wish
    while candidate in ids:
        number += 1
        candidate = f"{wish}-{number}"
    return candidate
