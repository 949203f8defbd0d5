"""The XML schemas of the journal service, ours or the tenant's own, and a parser that is safe.

No entities, no document type, no network: what comes from outside is only read.
"""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from lxml import etree

from resources.environment import InvalidSettingError

SFIN = "http://sap.com/xi/SAPSCORE/SFIN"
XSD = "http://www.w3.org/2001/XMLSchema"


def parse(body: bytes) -> etree._Element:
    """Return the root of a document. Raises ValueError, also for one with a document type."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        raise ValueError("not XML") from None
    if root.getroottree().docinfo.doctype:
        raise ValueError("XML with a document type")
    return root


def request_schema(wsdl: Path | None) -> etree.XMLSchema:
    """Return the schema of what is sent: the tenant's if there is one. Raises InvalidSettingError.

    A WSDL holds its schemas inside; the one of SAP's own namespace is taken.
    """
    if wsdl is None:
        return _compiled(_own("sap_s4_request.xsd"))
    try:
        root = parse(wsdl.read_bytes())
        (schema,) = [one for one in _schemas(root) if one.get("targetNamespace") == SFIN]
        return _compiled(etree.tostring(schema))
    except (OSError, ValueError, etree.XMLSchemaParseError):
        rule = "a file with the WSDL of JournalEntryCreateRequestConfirmation_In"
        raise InvalidSettingError("TIEOUT_ERP_S4_WSDL", rule) from None


def confirmation_schema() -> etree.XMLSchema:
    """Return the schema of the answers, always ours: real answers break SAP's own."""
    return _compiled(_own("sap_s4_confirmation.xsd"))


def _schemas(root: etree._Element) -> Iterator[etree._Element]:
    yield from root.iter(f"{{{XSD}}}schema")


def _own(name: str) -> bytes:
    return files("resources.erp").joinpath(name).read_bytes()


def _compiled(text: bytes) -> etree.XMLSchema:
    return etree.XMLSchema(parse(text))
