"""What rows of SAP's accounting document items mean: documents, foreign lines and balances.

Pure reading of rows; they come from `sap_s4_odata.py`.
"""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from billing.ledger.erp import (
    DRAFT,
    POSTED,
    ErpDocument,
    ErpLine,
    ErpUnknown,
    JournalLine,
    Reason,
)
from resources.erp.sap_s4_fields import key_of, padded, spelled, text_of
from resources.erp.sap_s4_odata import Row, amount_in, day_in, flag_in, text_in
from resources.erp.sap_s4_settings import ASSIGNMENT_FIELDS, S4Settings

ITEMS = "API_OPLACCTGDOCITEMCUBE_SRV/A_OperationalAcctgDocItemCube"
ITEM_KEY = ("CompanyCode", "FiscalYear", "AccountingDocument", "AccountingDocumentItem")
HEADER_FIELDS = (
    "PostingDate", "AccountingDocumentCategory", "IsReversal",
    "Reference1InDocumentHeader", "Reference2InDocumentHeader",
)  # fmt: skip
DOCUMENT_FIELDS = (
    *HEADER_FIELDS, "GLAccount", "DebitCreditCode", "AmountInTransactionCurrency",
    "DocumentItemText", "AssignmentReference", *ASSIGNMENT_FIELDS,
)  # fmt: skip
LINE_FIELDS = (*HEADER_FIELDS, "GLAccount", "DebitCreditCode", "AmountInCompanyCodeCurrency")
BALANCE_FIELDS = (
    "AccountingDocumentCategory", "GLAccount", "DebitCreditCode", "AmountInCompanyCodeCurrency",
)  # fmt: skip


def document_in(rows: Sequence[Row], entity: str, settings: S4Settings) -> ErpDocument | None:
    """Return the one document of these rows; None where there is none. Raises ErpUnknown.

    A reversal that somebody posts in SAP takes the references of what it reverses along: it is
    not the entry's document. Two others with one key are for a person to look at.
    """
    documents: dict[str, list[Row]] = {}
    for row in rows:
        if not flag_in(row, "IsReversal"):
            documents.setdefault(reference_of(row), []).append(row)
    if len(documents) > 1:
        raise ErpUnknown(Reason.DUPLICATE, "two documents of the ERP carry the same key")
    for reference, own in documents.items():
        return _document(reference, own, entity, settings)
    return None


def line_in(row: Row, entity: str, settings: S4Settings) -> ErpLine:
    """Return a posted item as the ERP has it. Raises ErpUnknown."""
    debit, credit = _sides(row, "AmountInCompanyCodeCurrency")
    return ErpLine(
        entity=entity,
        reference=reference_of(row),
        key="" if flag_in(row, "IsReversal") else _key(row),
        accounting_date=day_in(row, "PostingDate"),
        account=_account(row, entity, settings),
        debit=debit,
        credit=credit,
    )


def balances_in(rows: Sequence[Row], entity: str, settings: S4Settings) -> dict[str, Decimal]:
    """Return the sum of the posted items of each account, debit positive. Raises ErpUnknown."""
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        if is_posted(row):
            debit, credit = _sides(row, "AmountInCompanyCodeCurrency")
            found[_account(row, entity, settings)] += debit - credit
    return dict(found)


def is_posted(row: Row) -> bool:
    """Say whether an item is of a posted document; parked and sample ones have a category."""
    return text_in(row, "AccountingDocumentCategory") == ""


def reference_of(row: Row) -> str:
    """Return company code, fiscal year and number of a document: what SAP knows it by."""
    number = padded(text_in(row, "AccountingDocument"))
    return f"{text_in(row, 'CompanyCode')}/{text_in(row, 'FiscalYear')}/{number}"


def _document(
    reference: str, rows: Sequence[Row], entity: str, settings: S4Settings
) -> ErpDocument:
    ordered = sorted(rows, key=lambda row: padded(text_in(row, "AccountingDocumentItem")))
    return ErpDocument(
        reference=reference,
        number=reference.rsplit("/", 1)[1],
        key=_key(rows[0]),
        state=POSTED if is_posted(rows[0]) else DRAFT,
        accounting_date=day_in(rows[0], "PostingDate"),
        lines=tuple(_line(n, row, entity, settings) for n, row in enumerate(ordered, start=1)),
    )


def _line(number: int, row: Row, entity: str, settings: S4Settings) -> JournalLine:
    debit, credit = _sides(row, "AmountInTransactionCurrency")
    text = text_of(text_in(row, "DocumentItemText"), text_in(row, "AssignmentReference"))
    carried = {
        dimension: _value(text_in(row, name), dimension, entity, settings)
        for dimension, name in settings.dimension_fields.items()
    }
    return JournalLine(
        number, _account(row, entity, settings), debit, credit, text,
        facility=carried.get("facility", ""), payer_class=carried.get("payer_class", ""),
    )  # fmt: skip


def _sides(row: Row, name: str) -> tuple[Decimal, Decimal]:
    """Return debit and credit. The side is told by the code: signs of amounts vary by view."""
    amount, nothing = abs(amount_in(row, name)), Decimal(0)
    code = text_in(row, "DebitCreditCode")
    if code not in {"S", "H"}:
        raise ErpUnknown(Reason.UNREADABLE_ANSWER)
    return (amount, nothing) if code == "S" else (nothing, amount)


def _key(row: Row) -> str:
    first = text_in(row, "Reference1InDocumentHeader")
    return key_of(first, text_in(row, "Reference2InDocumentHeader"))


def _account(row: Row, entity: str, settings: S4Settings) -> str:
    return own_account(text_in(row, "GLAccount"), entity, settings)


def own_account(account: str, entity: str, settings: S4Settings) -> str:
    """Return our number of an account of SAP, whichever zeros it is led by."""
    names = settings.segments.entities.get(entity)
    theirs = names.accounts.values() if names else ()
    return settings.segments.own_account(entity, spelled(account, theirs))


def own_segment(value: str, dimension: str, entity: str, settings: S4Settings) -> str:
    """Return a value of a dimension in SAP as the segment map spells it."""
    names = settings.segments.entities.get(entity)
    return spelled(value, names.of(dimension).values() if names else ())


def _value(value: str, dimension: str, entity: str, settings: S4Settings) -> str:
    if not value:
        return ""
    segment = own_segment(value, dimension, entity, settings)
    return settings.segments.own_value(entity, dimension, segment)
