"""The journal service of the sandbox's S/4HANA: what a SOAP message does, and what is answered.

Each entry of a message is posted or refused for itself. A message whose MessageHeader/UUID was
seen within the window is answered as it was then, whatever it says now.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files

from lxml import etree

from sandbox.erp.books import BookLine, RefusedError
from sandbox.erp.sap_s4_books import CompanyCode

SFIN = "http://sap.com/xi/SAPSCORE/SFIN"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
MOST_ITEMS = 999
SYSTEM = "0M4SMVI"
NOTHING = ("0000000000", "", "0000")  # number, company code and year of what was refused
PROBLEM = "Web service processing error; more details in the web service error log on provider side"

Item = tuple[str, int, str]  # TypeID, severity, note


class FaultError(Exception):
    """A message that the runtime refuses before the service sees it."""


@dataclass
class Result:
    """What became of one entry: its id, its number, company code and year, and the log."""

    reference: str
    document: tuple[str, str, str]
    log: list[Item]


@dataclass
class Answer:
    """An answer as it is kept for a repeated message."""

    reference: str
    made_at: datetime
    results: list[Result]
    log: list[Item]


@dataclass
class JournalService:
    """The service. `window`: how long an answer is kept for a repeated message."""

    companies: Mapping[str, CompanyCode]  # by company code
    window: timedelta = timedelta(hours=12)
    answers: dict[str, Answer] = field(default_factory=dict)
    is_refused_blank: bool = False  # some releases answer blanks instead of zeros

    def call(self, body: bytes) -> bytes:
        """Return the answer to a message. Raises FaultError."""
        request = _read(body)
        known = (request.findtext("MessageHeader/UUID") or "").lower()
        answer = self.answers.get(known)
        if answer is None or datetime.now(UTC) - answer.made_at > self.window:
            answer = self._process(request)
            if known:
                self.answers[known] = answer
        return _written(answer, is_blank=self.is_refused_blank)

    def age(self, by: timedelta) -> None:
        """Let time pass for the answers that are kept."""
        for answer in self.answers.values():
            answer.made_at -= by

    def _process(self, request: etree._Element) -> Answer:
        ids = [x.findtext("ID") for x in request.iter("MessageHeader")]
        reference = ids[0] or ""
        if not all(ids):
            text = "Message header id and Sub-Message header id should not be empty"
            return Answer(reference, datetime.now(UTC), [], [("019(FINS_FI_POSTING_IF)", 3, text)])
        results = [self._posted(one) for one in request.findall("JournalEntryCreateRequest")]
        return Answer(reference, datetime.now(UTC), results, [])

    def _posted(self, request: etree._Element) -> Result:
        entry = request.find("JournalEntry")
        reference = request.findtext("MessageHeader/ID", "")
        code = entry.findtext("CompanyCode")
        company = self.companies.get(code)
        problems = _problems(entry, company)
        if company is not None and not problems:
            day = date.fromisoformat(entry.findtext("PostingDate"))
            lines, assigned = _lines(entry)
            header = {child.tag: child.text or "" for child in entry if not len(child)}
            try:
                number = company.post(header, day, lines, assigned)
            except RefusedError as refusal:
                problems = _worded(refusal, company, day)
            else:
                text = f"Document posted successfully: BKPFF {number}{code}{day:%Y} {SYSTEM}"
                return Result(reference, (number, code, f"{day:%Y}"), [("605(RW)", 1, text)])
        first: Item = ("609(RW)", 3, f"Error in document: BKPFF $ {SYSTEM}")
        return Result(reference, NOTHING, [first, *problems])


def _read(body: bytes) -> etree._Element:
    """Return the message inside an envelope. Raises FaultError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        raise FaultError(PROBLEM) from None
    content = root.find(f"{{{ENVELOPE}}}Body")
    if root.getroottree().docinfo.doctype or content is None or len(content) != 1:
        raise FaultError(PROBLEM)
    text = files("sandbox.erp").joinpath("sap_s4_wire.xsd").read_bytes()
    if not etree.XMLSchema(etree.fromstring(text)).validate(content[0]):
        raise FaultError(PROBLEM)
    return content[0]


def _problems(entry: etree._Element, company: CompanyCode | None) -> list[Item]:
    """Return what the posting interface finds wrong before it looks at the books."""
    if company is None:
        return [("165(F5)", 3, "The company code does not exist")]
    items = entry.findall("Item")
    if not items:
        return [("008(FINS_FI_POSTING_IF)", 3, "Item information missing")]
    if len(items) > MOST_ITEMS:
        return [("727(F5)", 3, "Maximum number of items in FI reached")]
    for item in items:
        amount = item.find("AmountInTransactionCurrency")
        side = item.findtext("DebitCreditCode") or ("S" if Decimal(amount.text) > 0 else "H")
        if (side == "S") != (Decimal(amount.text) > 0) or side not in {"S", "H"}:
            return [("000(FINS_FI_POSTING_IF)", 3, "Amount and debit/credit code do not agree")]
        if amount.get("currencyCode") != company.currency:
            return [("000(FINS_FI_POSTING_IF)", 3, "Exchange rate missing for the currency")]
    return []


def _lines(entry: etree._Element) -> tuple[list[BookLine], list[str]]:
    """Return the lines of an entry and their assignments, as the database keeps texts."""
    lines, assigned = [], []
    for item in entry.findall("Item"):
        amount = Decimal(item.findtext("AmountInTransactionCurrency"))
        segments = item.find("AccountAssignment")
        carried = () if segments is None else tuple((x.tag, x.text.strip()) for x in segments)
        account = item.findtext("GLAccount").strip().lstrip("0")
        text = item.findtext("DocumentItemText", "").rstrip()
        lines.append(BookLine(account, max(amount, _ZERO), max(-amount, _ZERO), text, carried))
        assigned.append(" ".join(item.findtext("AssignmentReference", "").split()))
    return lines, assigned


def _worded(refusal: RefusedError, company: CompanyCode, day: date) -> list[Item]:
    """Return the log of what the books refuse, in SAP's words."""
    if refusal.rule == "PERIOD":
        text = f"Posting period 0{day:%m %Y} is not open for account type S"
        return [("201(F5)", 3, text)]
    if refusal.rule == "ACCOUNT" and refusal.what in company.books.accounts:
        return [("351(F5)", 3, f"Account {refusal.what} is blocked for posting")]
    if refusal.rule == "ACCOUNT":
        place = f"in chart of accounts {company.chart}"
        return [
            ("507(F5)", 3, f"G/L account {refusal.what} is not defined {place}"),
            ("004(FH)", 3, f"Account {refusal.what} does not exist {place}"),
        ]
    if refusal.rule == "SEGMENT":
        name, value = refusal.what.split(" ", 1)
        words = {"ProfitCenter": "Profit center", "FunctionalArea": "Functional area"}
        return [("032(KM)", 3, f"{words.get(name, name)} {value} does not exist")]
    return [("016(FINS_FI_POSTING_IF)", 3, "Amount balance in transaction currency must be zero")]


def _written(answer: Answer, *, is_blank: bool) -> bytes:
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"soap-env": ENVELOPE})
    etree.SubElement(envelope, f"{{{ENVELOPE}}}Header")
    body = etree.SubElement(envelope, f"{{{ENVELOPE}}}Body")
    name = f"{{{SFIN}}}JournalEntryBulkCreateConfirmation"
    root = etree.SubElement(body, name, nsmap={"n0": SFIN})
    _header(root, answer.reference, answer.made_at)
    etree.SubElement(root, "ConfirmationInterfaceOrignName")
    for result in answer.results:
        outer = etree.SubElement(root, "JournalEntryCreateConfirmation")
        _header(outer, result.reference, answer.made_at)
        inner = etree.SubElement(outer, "JournalEntryCreateConfirmation")
        document = (
            (" ", " ", "0000") if is_blank and result.document == NOTHING else result.document
        )
        for tag, text in zip(
            ("AccountingDocument", "CompanyCode", "FiscalYear"), document, strict=True
        ):
            etree.SubElement(inner, tag).text = text
        _log(outer, result.log)
    _log(root, answer.log)
    return bytes(etree.tostring(envelope))


def _header(parent: etree._Element, reference: str, made_at: datetime) -> None:
    header = etree.SubElement(parent, "MessageHeader")
    etree.SubElement(header, "UUID").text = str(uuid.uuid5(uuid.NAMESPACE_OID, reference))
    if reference:
        etree.SubElement(header, "ReferenceID").text = reference
    etree.SubElement(header, "CreationDateTime").text = f"{made_at:%Y-%m-%dT%H:%M:%S.%f}Z"


def _log(parent: etree._Element, items: list[Item]) -> None:
    log = etree.SubElement(parent, "Log")
    if items:
        worst = str(max(severity for _, severity, _ in items))
        etree.SubElement(log, "MaximumLogItemSeverityCode").text = worst
    for type_id, severity, note in items:
        item = etree.SubElement(log, "Item")
        etree.SubElement(item, "TypeID").text = type_id
        etree.SubElement(item, "SeverityCode").text = str(severity)
        etree.SubElement(item, "Note").text = note


_ZERO = Decimal(0)
