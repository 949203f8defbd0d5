"""What is told of a database that cannot be used. No other errors."""


class MigrationError(Exception):
    """A role prefix or a database cannot be used; the text names it."""
