"""What a NetSuite account is called, how we log in to it, and what our names are there.

Pure facts, checked when they are made; nothing here connects to anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import ECKey, RSAKey

from billing.ledger.segments import DIMENSIONS, SegmentMap
from resources.environment import InvalidSettingError, MissingSettingError
from resources.environment_section import LOOPBACK, Section

# NetSuite's classifications: the name in a journal line is the key, the table of SuiteQL its value.
TABLES = MappingProxyType(
    {"location": "location", "class": "classification", "department": "department"}
)
USUAL_DIMENSIONS = MappingProxyType({"facility": "location", "payer_class": "class"})
USUAL_TEXT = ",".join(f"{ours}={theirs}" for ours, theirs in USUAL_DIMENSIONS.items())
# The highest number of lines of a journal entry in Oracle's "Limitations for Creating
# Transactions", which counts requests over REST among them.
DOCUMENTED_LINES = 200


@dataclass(frozen=True)
class NetsuiteLogin:
    """A machine-to-machine mapping of NetSuite: integration, certificate and our private key.

    The algorithm follows from the key: ES256, ES384 or ES512 by the curve, PS256 for RSA. Raises
    InvalidSettingError where the key is none of these.
    """

    client_id: str
    certificate_id: str  # what NetSuite shows once the certificate is uploaded
    private_key: str = field(repr=False)

    def __post_init__(self) -> None:
        self.signing_key()

    def signing_key(self) -> tuple[str, ECKey | RSAKey]:
        """Return the algorithm and the key to sign with."""
        try:
            key = load_pem_private_key(self.private_key.encode(), None)
            if isinstance(key, EllipticCurvePrivateKey):
                curve = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
                return curve[key.curve.name], ECKey.import_key(self.private_key)
            return "PS256", RSAKey.import_key(self.private_key)
        except (ValueError, TypeError, KeyError):
            raise InvalidSettingError(
                "TIEOUT_ERP_NETSUITE_PRIVATE_KEY", "a PEM private key, RSA or NIST curve"
            ) from None


@dataclass(frozen=True)
class NetsuiteSettings:
    """One NetSuite account with a subsidiary for each legal entity.

    `dimensions`: ours -> location, class or department. `is_async`: send in jobs with an
    idempotency key; without, each create is answered at once and has no such key. `approves`:
    the role may approve journals, so that creating is posting; else a person approves them.
    """

    account: str
    login: NetsuiteLogin
    subsidiaries: Mapping[str, int]  # entity -> internal id
    segments: SegmentMap = field(default_factory=SegmentMap)
    dimensions: Mapping[str, str] = field(default_factory=lambda: USUAL_DIMENSIONS)
    currency: str = ""  # internal id; empty: the subsidiary's base currency
    accounting_book: int = 1  # internal id of the primary book
    is_async: bool = True
    approves: bool = True
    max_lines: int = DOCUMENTED_LINES
    address: str = ""  # in place of Oracle's host, for a stub

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise InvalidSettingError("TIEOUT_ERP_NETSUITE_URL", "an https address")
        known = set(self.dimensions) <= set(DIMENSIONS) and set(self.dimensions.values()) <= {
            *TABLES
        }
        if not known or len(set(self.dimensions.values())) != len(self.dimensions):
            raise InvalidSettingError(
                "TIEOUT_ERP_NETSUITE_DIMENSIONS", "facility and payer_class to one of its own each"
            )

    @property
    def url(self) -> str:
        """Address of the account's REST services: its id in lower case, dashes for underscores."""
        host = self.account.lower().replace("_", "-")
        return self.address or f"https://{host}.suitetalk.api.netsuite.com"

    def subsidiary(self, entity: str) -> int:
        """Return the entity's subsidiary, or raise MissingSettingError."""
        if entity not in self.subsidiaries:
            raise MissingSettingError(f"TIEOUT_ERP_NETSUITE_SUBSIDIARY_{entity}")
        return self.subsidiaries[entity]


def read_netsuite(environ: Mapping[str, str], segments: SegmentMap) -> NetsuiteSettings:
    """Read the variables of docs/erp/netsuite.md.

    Raises MissingSettingError, InvalidSettingError.
    """
    told = Section(environ, "TIEOUT_ERP_NETSUITE_")
    login = NetsuiteLogin(
        told.required("CLIENT_ID"), told.required("CERTIFICATE_ID"), told.secret("PRIVATE_KEY")
    )
    return NetsuiteSettings(
        account=told.required("ACCOUNT"),
        login=login,
        subsidiaries={
            one: told.integer(f"SUBSIDIARY_{one}") for one in told.by_entity("SUBSIDIARY_")
        },
        segments=segments,
        dimensions=told.pairs("DIMENSIONS", USUAL_TEXT),
        currency=told.text("CURRENCY"),
        accounting_book=told.integer("BOOK", 1),
        is_async=told.says_yes("ASYNC", default=True),
        approves=told.says_yes("APPROVES", default=True),
        max_lines=told.integer("MAX_LINES", DOCUMENTED_LINES),
        address=told.text("URL").rstrip("/"),
    )
