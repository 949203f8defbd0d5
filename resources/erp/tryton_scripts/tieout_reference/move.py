"""One document per external reference and company, kept by the ERP's own database.

Runs inside Tryton only. It adds a field and a constraint, and changes nothing that Tryton does.
"""

from trytond.model import Unique, fields
from trytond.pool import PoolMeta
from trytond.pyson import Eval


class Move(metaclass=PoolMeta):
    """A journal entry that may carry the reference of the system it came from."""

    __name__ = "account.move"

    external_reference = fields.Char(
        "External Reference",
        strip=False,
        states={"readonly": Eval("state") == "posted"},
        help="The key of this entry in the system that sent it: one entry per key and company.",
    )

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.external_reference.search_unaccented = False
        table = cls.__table__()
        cls._sql_constraints += [
            (
                "external_reference_unique",
                Unique(table, table.company, table.external_reference),
                "tieout_reference.msg_external_reference_unique",
            )
        ]

    @classmethod
    def copy(cls, moves, default=None):
        """Copy without the reference: a cancellation or a copy is a document of its own."""
        default = {} if default is None else dict(default)
        default.setdefault("external_reference", None)
        return super().copy(moves, default=default)
