"""The one family of errors a user sees: what was wrong, where, what was possible, what to do."""


class CobalaminError(Exception):
    """A message for a person. The command line prints it and ends with exit code 2."""
