"""The SOAP message for one journal entry: the same bytes for the same entry and attempt, always.

Only writing; what SAP answers is in `sap_s4_confirmation.py`.
"""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid5

from lxml import etree

from billing.ledger.erp import CENT, ErpRejected, JournalEntry, JournalLine, Reason
from billing.ledger.segments import UnmappedSegmentError
from resources.erp.sap_s4_fields import key_parts, text_parts
from resources.erp.sap_s4_schema import SFIN
from resources.erp.sap_s4_settings import ASSIGNMENT_FIELDS, S4Settings

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ACTION = (
    f"{SFIN}/JournalEntryCreateRequestConfirmation_In/"
    "JournalEntryCreateRequestConfirmation_InRequest"
)
OURS = UUID("6f1d2c0a-7f5e-5b1e-9c59-3f2f1c7a4e10")  # never changed: SAP knows messages by it
HEADER_TEXT = 25


@dataclass(frozen=True)
class Message:
    """A message that can be sent, and the id by which its answer names it."""

    body: bytes
    reference: str


def message_uuid(entity: str, key: str, attempt: int) -> UUID:
    """Return the id by which SAP knows a message again: of the entry's key, for each attempt."""
    return uuid5(OURS, f"{entity}/{key}/{attempt}")


def message(
    entry: JournalEntry, attempt: int, settings: S4Settings, schema: etree.XMLSchema
) -> Message:
    """Return the message of an entry. Raises ErpRejected: MAPPING, or OTHER by the schema."""
    uuid = message_uuid(entry.entity, entry.key, attempt)
    single = uuid5(uuid, "1")
    root = etree.Element(f"{{{SFIN}}}JournalEntryBulkCreateRequest", nsmap={"sfin": SFIN})
    _header(root, uuid, entry)
    request = etree.SubElement(root, "JournalEntryCreateRequest")
    _header(request, single, entry)
    _journal_entry(request, entry, settings)
    if not schema.validate(root):
        raise ErpRejected(Reason.OTHER, "the message breaks the schema of the service")
    return Message(_envelope(root), single.hex)


def carried_segments(line: JournalLine, entity: str, settings: S4Settings) -> dict[str, str]:
    """Return SAP's value for each account assignment of a line. Raises ErpRejected (MAPPING)."""
    found = {}
    for dimension, name in settings.dimension_fields.items():
        try:
            value = settings.segments.segment(entity, dimension, getattr(line, dimension))
        except UnmappedSegmentError:
            raise ErpRejected(Reason.MAPPING, f"a {dimension} has no {name}") from None
        if value:
            found[name] = value
    return found


def _header(parent: etree._Element, uuid: UUID, entry: JournalEntry) -> None:
    """Write a message header. Its time is the entry's day, so that a repeated message is equal."""
    _add(
        parent, "MessageHeader",
        ID=uuid.hex, UUID=str(uuid), CreationDateTime=f"{entry.accounting_date}T00:00:00Z",
    )  # fmt: skip


def _journal_entry(parent: etree._Element, entry: JournalEntry, settings: S4Settings) -> None:
    parts = key_parts(entry.key)
    if parts is None:
        raise ErpRejected(Reason.MAPPING, "the key does not fit into the two reference fields")
    company, day = settings.company(entry.entity), entry.accounting_date.isoformat()
    made = _add(
        parent, "JournalEntry",
        OriginalReferenceDocumentType="BKPFF",
        BusinessTransactionType="RFBU",
        AccountingDocumentType=settings.document_type,
        DocumentReferenceID=str(entry.entry_no),
        DocumentHeaderText=entry.description[:HEADER_TEXT].rstrip(),
        CreatedByUser=settings.created_by,
        CompanyCode=company.company_code,
        DocumentDate=day,
        PostingDate=day,
        Reference1InDocumentHeader=parts[0],
        Reference2InDocumentHeader=parts[1],
    )  # fmt: skip
    for line in entry.lines:
        _item(made, line, entry.entity, settings)


def _item(parent: etree._Element, line: JournalLine, entity: str, settings: S4Settings) -> None:
    texts = text_parts(line.description)
    if texts is None:
        raise ErpRejected(Reason.MAPPING, "a description does not fit into the fields of an item")
    item = _add(
        parent, "Item",
        ReferenceDocumentItem=str(line.line_no),
        GLAccount=settings.segments.account(entity, line.account),
    )  # fmt: skip
    amount = _add(item, "AmountInTransactionCurrency")
    amount.set("currencyCode", settings.company(entity).currency)
    amount.text = _figure(line.debit - line.credit)
    _fill(
        item,
        DebitCreditCode="S" if line.debit else "H",
        DocumentItemText=texts[0],
        AssignmentReference=texts[1],
    )
    segments = carried_segments(line, entity, settings)
    if segments:
        _add(item, "AccountAssignment", **{k: segments.get(k, "") for k in ASSIGNMENT_FIELDS})


def _figure(amount: Decimal) -> str:
    return format(amount.quantize(CENT), "f")


def _add(parent: etree._Element, name: str, **children: str) -> etree._Element:
    made = etree.SubElement(parent, name)
    _fill(made, **children)
    return made


def _fill(parent: etree._Element, **children: str) -> None:
    """Add children in the order given; those without a text are left out."""
    for name, text in children.items():
        if text:
            etree.SubElement(parent, name).text = text


def _envelope(root: etree._Element) -> bytes:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soapenv": SOAP})
    etree.SubElement(envelope, f"{{{SOAP}}}Header")
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(root)
    return bytes(etree.tostring(envelope, xml_declaration=True, encoding="utf-8"))
