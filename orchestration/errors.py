"""Problems that a person can do something about: one line, no traceback, exit code 1."""


class ExpectedError(Exception):
    """Something to be told, not traced; the text says what to do or where to look."""


def expected() -> tuple[type[Exception], ...]:
    """Classes of such problems, those of the parts below included; imported when one happens."""
    from psycopg import OperationalError  # noqa: PLC0415 (the database is away or refuses)

    from resources.erp.tryton_environment import TrytonFailedError  # noqa: PLC0415
    from resources.settings import InvalidSettingError, MissingSettingError  # noqa: PLC0415
    from resources.warehouse.embedded import EmbeddedPostgresError  # noqa: PLC0415
    from resources.warehouse.ledger import LedgerRefusedError  # noqa: PLC0415
    from resources.warehouse.migrate import MigrationError  # noqa: PLC0415

    return (
        ExpectedError,
        EmbeddedPostgresError,
        LedgerRefusedError,
        MigrationError,
        InvalidSettingError,
        MissingSettingError,
        TrytonFailedError,
        OperationalError,
    )
