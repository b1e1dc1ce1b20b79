"""What to do about a disk that takes nothing more: the end of each writer's message.

The words are those of the operating system, and some of Hadoop's, which does not say why it could not make a folder.
They come through Python, Java and PostgreSQL alike, so they are looked for in a message, however many others have
wrapped it.
"""

ADVICE = {
    "No space left on device": "The disk of {place} is full: make room there.",
    "Disk quota exceeded": "The quota of {place} is used up: make room there, or raise it.",
    "Read-only file system": "The file system of {place} is read-only, as one with errors becomes by itself: look into "
    "the system's log, then mount it for writing again.",
    "Mkdirs failed to create": "{place} is read-only, or a folder of it is not ours to write in: look into the "
    "system's log, and at the folder's owner.",
}


def storage_advice(message: str, place: str) -> str:
    """What to do if this error comes from the disk of `place`, such as LAKE_ROOT (/data/lake); empty if it does not."""
    return next((advice.format(place=place) for words, advice in ADVICE.items() if words in message), "")
