"""Which ERP a run posts to: chosen by TIEOUT_ERP, made from its own variables, refused by name."""

from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from orchestration.own_sources import hidden, names_own_erp
from resources.environment import InvalidSettingError, MissingSettingError
from resources.erp_choice import erp_ledger
from resources.erp_settings import PREFIXES, ErpChoice, read_erp

pytestmark = pytest.mark.promise(
    "The ERP is chosen by TIEOUT_ERP; a missing or wrong variable is named without its value",
    "A sandbox never reaches the ERP that was chosen for real work",
)

ENTRA = {"TENANT": "contoso", "CLIENT_ID": "app", "CLIENT_SECRET": "SECRET"}
LEAST = {
    "netsuite": {
        "ACCOUNT": "TSTDRV1", "CLIENT_ID": "c", "CERTIFICATE_ID": "d",
        "SUBSIDIARY_NLH": "7",
    },
    "business_central": {**ENTRA, "API_URL": "https://api.example.com/v2.0", "COMPANY_NLH": "1"},
    "dynamics_finance": {
        **ENTRA, "URL": "https://x.example.com", "COMPANY_NLH": "nlh", "CHART": "Shared",
    },
    "sap_s4": {
        "URL": "https://my1.example.com", "USER": "U", "PASSWORD": "SECRET", "CREATED_BY": "T",
        "COMPANY_NLH": "1710:YCOA:A000", "PERIODS": "periods.csv",
    },
    "journal_file": {"ROOT": "/srv/journals"},
}  # fmt: skip


@cache
def private_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def named(kind: str) -> dict[str, str]:
    least = {**LEAST[kind], **({"PRIVATE_KEY": private_key()} if kind == "netsuite" else {})}
    return {PREFIXES[kind][0] + name: value for name, value in least.items()}


def made(kind: str, **changes: str) -> ErpChoice:
    return read_erp({"TIEOUT_ERP": kind, **named(kind), **changes})


def test_without_anything_there_is_no_erp_and_a_client_is_refused():
    assert read_erp({}) == ErpChoice()
    with pytest.raises(MissingSettingError, match="TIEOUT_ERP"):
        erp_ledger(read_erp({}))


def test_an_erp_that_is_not_known_is_refused_with_those_that_are():
    with pytest.raises(InvalidSettingError, match="TIEOUT_ERP must be one of tryton, netsuite"):
        read_erp({"TIEOUT_ERP": "SECRET"})


@pytest.mark.parametrize("kind", sorted(LEAST))
def test_the_chosen_erp_is_the_one_that_is_spoken_to(kind):
    choice = made(kind)
    assert erp_ledger(choice).name == kind
    assert choice.address
    assert "SECRET" not in repr(choice)


@pytest.mark.parametrize("kind", sorted(LEAST))
def test_each_variable_that_is_missing_is_named(kind):
    for variable in named(kind):
        with pytest.raises(MissingSettingError) as refused:
            erp_ledger(made(kind, **{variable: ""}))
        assert refused.value.variable.startswith(variable.rsplit("_NLH", 1)[0])


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("netsuite", "PRIVATE_KEY", "SECRET"),
        ("business_central", "API_URL", "http://api.example.com/SECRET"),
        ("business_central", "LOGIN_URL", "ftp://SECRET"),
        ("dynamics_finance", "URL", "SECRET"),
        ("dynamics_finance", "PACKAGE_ABOVE", "SECRET"),
        ("dynamics_finance", "DIMENSIONS", "SECRET"),
        ("sap_s4", "URL", "http://my1.example.com/SECRET"),
        ("sap_s4", "COMPANY_NLH", "SECRET"),
        ("sap_s4", "DIMENSIONS", "facility=SECRET"),
        ("journal_file", "LINE_END", "SECRET"),
        ("journal_file", "MAX_LINES", "SECRET"),
        ("journal_file", "ENTITIES", "../SECRET"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named_without_its_value(kind, name, value):
    variable = PREFIXES[kind][0] + name
    with pytest.raises(InvalidSettingError, match=variable) as refused:
        erp_ledger(made(kind, **{variable: value}))
    assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize("kind", sorted(LEAST))
def test_a_sandbox_never_reaches_the_chosen_erp(kind):
    environ = {"TIEOUT_ERP": kind, **named(kind), "TIEOUT_ERP_DB_NAME": "erp"}
    assert names_own_erp(environ)
    left = {name: value for name, value in {**environ, **hidden(environ)}.items() if value}
    assert left == {"TIEOUT_ERP_DB_NAME": "erp"}
    assert not read_erp(left).is_configured
