"""The SuiteQL statements that are asked, and no others.

Values stand in them as literals: Oracle documents no bound parameters for the REST resource. Each
statement is ordered by something unique, without which pages repeat or skip rows. What the rows
mean is in `netsuite_answers.py`.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from resources.erp.netsuite_settings import TABLES

DAY = "'YYYY-MM-DD'"
_LINES = (
    "FROM transaction t"
    " JOIN transactionline tl ON tl.transaction = t.id"
    " JOIN transactionaccountingline tal"
    " ON tal.transaction = tl.transaction AND tal.transactionline = tl.id"
    " JOIN account a ON a.id = tal.account"
)


def document(subsidiary: int, book: int, key: str, dimensions: Mapping[str, str]) -> str:
    """Ask for the lines of the journals with an external id, in the order they were entered."""
    names = "".join(f", s_{theirs}.name AS {ours}" for ours, theirs in dimensions.items())
    joins = "".join(
        f" LEFT JOIN {TABLES[theirs]} s_{theirs} ON s_{theirs}.id = tl.{theirs}"
        for theirs in dimensions.values()
    )
    return (
        f"SELECT t.id AS id, t.tranid AS tranid, t.externalid AS externalid, t.posting AS posting,"
        f" TO_CHAR(t.trandate, {DAY}) AS trandate, TO_CHAR(ap.startdate, {DAY}) AS periodstart,"
        f" TO_CHAR(ap.enddate, {DAY}) AS periodend, a.acctnumber AS acctnumber,"
        f" tal.debit AS debit, tal.credit AS credit, tl.memo AS memo, t.memo AS documentmemo{names}"
        f" {_LINES} LEFT JOIN accountingperiod ap ON ap.id = t.postingperiod{joins}"
        f" WHERE t.type = 'Journal' AND t.externalid = {quoted(key)}"
        f" AND tl.subsidiary = {subsidiary} AND tal.accountingbook = {book}"
        f" ORDER BY t.id, tl.linesequencenumber"
    )


def balances(subsidiary: int, book: int, as_of: date) -> str:
    """Ask for the sums of each account over posted lines up to and with a day."""
    return (
        f"SELECT a.acctnumber AS acctnumber, SUM(NVL(tal.debit, 0)) AS debit,"
        f" SUM(NVL(tal.credit, 0)) AS credit {_LINES}"
        f" WHERE tal.posting = 'T' AND tl.subsidiary = {subsidiary}"
        f" AND tal.accountingbook = {book} AND t.trandate <= TO_DATE('{as_of}', {DAY})"
        f" GROUP BY a.acctnumber ORDER BY a.acctnumber"
    )


def lines_on(subsidiary: int, book: int, accounts: Sequence[str], since: date) -> str:
    """Ask for the posted lines on accounts, from a day on."""
    listed = ", ".join(quoted(account) for account in accounts)
    return (
        f"SELECT t.id AS id, t.externalid AS externalid, TO_CHAR(t.trandate, {DAY}) AS trandate,"
        f" a.acctnumber AS acctnumber, tal.debit AS debit, tal.credit AS credit {_LINES}"
        f" WHERE tal.posting = 'T' AND tl.subsidiary = {subsidiary}"
        f" AND tal.accountingbook = {book} AND t.trandate >= TO_DATE('{since}', {DAY})"
        f" AND a.acctnumber IN ({listed}) ORDER BY tl.uniquekey"
    )


def accounts() -> str:
    """Ask for the chart of accounts, which all subsidiaries share."""
    return (
        "SELECT a.id AS id, a.acctnumber AS acctnumber, a.isinactive AS isinactive"
        " FROM account a WHERE a.acctnumber IS NOT NULL ORDER BY a.id"
    )


def segments(theirs: str) -> str:
    """Ask for the values of a classification: location, class or department."""
    columns = "s.id AS id, s.name AS name, s.isinactive AS isinactive"
    return f"SELECT {columns} FROM {TABLES[theirs]} s ORDER BY s.id"  # noqa: S608 - our own table


def periods() -> str:
    """Ask for the base periods: no years, quarters or adjustment periods."""
    return (
        "SELECT ap.id AS id, TO_CHAR(ap.startdate, 'YYYY-MM-DD') AS startdate,"
        " TO_CHAR(ap.enddate, 'YYYY-MM-DD') AS enddate, ap.closed AS closed,"
        " ap.alllocked AS alllocked FROM accountingperiod ap"
        " WHERE ap.isyear = 'F' AND ap.isquarter = 'F' AND ap.isadjust = 'F'"
        " ORDER BY ap.startdate, ap.id"
    )


def quoted(text: str) -> str:
    """Return a literal of SuiteQL. Raises ValueError for a text that is not one plain line."""
    if not text.isprintable():
        raise ValueError("a literal of SuiteQL is one plain line")
    return "'" + text.replace("'", "''") + "'"
