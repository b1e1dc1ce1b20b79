class StackError(Exception):
    """Something that the embedded stack needs is missing or does not work; the message says what to do."""
