"""What the environment says: complete facts, clear refusals, and no secret in any text."""

from pathlib import Path

import psycopg
import pytest

from resources.erp.tryton_settings import read_tryton
from resources.settings import (
    CardSettings,
    FhirSettings,
    InvalidSettingError,
    MissingSettingError,
    SftpSettings,
    load_settings,
)

pytestmark = pytest.mark.promise(
    "Settings are complete or refused by the name of the variable",
    "No setting shows a secret in any text",
)

LEAST = {
    "TIEOUT_HOME": "/var/lib/tieout",
    "TIEOUT_DB_PORT": "5544",
    "TIEOUT_ROLE_PREFIX": "tieout_a1b2",
    "TIEOUT_PASSWORD_INGEST": "p@ss/word:1",
    "TIEOUT_HASH_KEY": "ab" * 32,
}
SFTP = {
    "TIEOUT_SFTP_HOST": "127.0.0.1",
    "TIEOUT_SFTP_PORT": "8422",
    "TIEOUT_SFTP_USER": "user",
    "TIEOUT_SFTP_PASSWORD": "SECRET-1",
    "TIEOUT_SFTP_HOST_KEY": "ssh-ed25519 AAAA",
}
FHIR = {
    "TIEOUT_FHIR_URL": "http://127.0.0.1:1/fhir/",
    "TIEOUT_FHIR_CLIENT_ID": "client",
    "TIEOUT_FHIR_PRIVATE_KEY": "-----BEGIN\\nSECRET-2\\n-----END",
}


def test_the_least_environment_has_no_source_configured():
    found = load_settings(LEAST)
    assert found.home == Path("/var/lib/tieout")
    assert found.archive_folder == Path("/var/lib/tieout/archive")
    assert found.database.name == "tieout"
    assert found.clearinghouse == found.bank == SftpSettings()
    assert (found.fhir, found.cards) == (FhirSettings(), CardSettings())
    assert not found.erp.is_configured
    assert found.hash_key == bytes.fromhex("ab" * 32)


def test_a_role_logs_in_with_the_installations_prefix():
    url = load_settings(LEAST).database.url("INGEST")
    known = psycopg.conninfo.conninfo_to_dict(url)
    assert known["user"] == "tieout_a1b2_ingest"
    assert (known["password"], known["dbname"], known["port"]) == ("p@ss/word:1", "tieout", "5544")


def test_a_role_without_a_password_is_named():
    with pytest.raises(MissingSettingError, match="TIEOUT_PASSWORD_POSTER"):
        load_settings(LEAST).database.url("poster")


@pytest.mark.parametrize("variable", ["TIEOUT_DB_PORT", "TIEOUT_ROLE_PREFIX", "TIEOUT_HASH_KEY"])
def test_a_missing_variable_is_named(variable):
    environ = {name: value for name, value in LEAST.items() if name != variable}
    with pytest.raises(MissingSettingError, match=variable):
        load_settings(environ)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TIEOUT_DB_PORT", "SECRET"),
        ("TIEOUT_HASH_KEY", "SECRET"),
        ("TIEOUT_HASH_KEY", "ab"),
        ("TIEOUT_SFTP_STABLE_SECONDS", "SECRET"),
        ("TIEOUT_SFTP_STABLE_SECONDS", "nan"),
        ("TIEOUT_ERP_COMPANY_NLH", "SECRET"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named_without_its_value(variable, value):
    with pytest.raises(InvalidSettingError, match=variable) as refused:
        load_settings({**LEAST, **SFTP, variable: value})
    assert "SECRET" not in str(refused.value)


def test_a_configured_source_needs_all_of_its_variables():
    for group, variable in ((SFTP, "TIEOUT_SFTP_HOST_KEY"), (FHIR, "TIEOUT_FHIR_CLIENT_ID")):
        environ = {**LEAST, **{n: v for n, v in group.items() if n != variable}}
        with pytest.raises(MissingSettingError, match=variable):
            load_settings(environ)


def test_the_folders_and_times_of_the_pick_up_have_defaults_and_can_be_changed():
    found = load_settings({**LEAST, **SFTP}).bank
    assert found.clearinghouse_folders == ("/clearinghouse/sent", "/clearinghouse/remittances")
    assert found.bank_folders == ("/bank/statements", "/bank/ach")
    assert (found.stable_seconds, found.incomplete_after_seconds) == (1.0, 300.0)
    other = load_settings({**LEAST, **SFTP, "TIEOUT_SFTP_BANK_FOLDERS": "/a, /b,"})
    assert other.bank.bank_folders == ("/a", "/b")


def test_an_escaped_key_is_a_key_of_several_lines():
    assert load_settings({**LEAST, **FHIR}).fhir.private_key.count("\n") == 2


def test_each_entity_has_its_own_erp_user_and_company():
    names = {"TIEOUT_ERP_KEY_NLH": "SECRET-3", "TIEOUT_ERP_COMPANY_NLH": "4"}
    chosen = load_settings({**LEAST, **names, "TIEOUT_ERP_URL": "http://127.0.0.1:1/erp"}).erp
    erp = read_tryton(chosen.variables)
    assert (chosen.kind, chosen.address) == ("tryton", "http://127.0.0.1:1/erp")
    assert (erp.key("NLH"), erp.company("NLH")) == ("SECRET-3", 4)
    with pytest.raises(MissingSettingError, match="TIEOUT_ERP_KEY_NPG"):
        erp.key("NPG")


def test_no_secret_is_shown():
    names = {"TIEOUT_ERP_KEY_NLH": "SECRET-3", "TIEOUT_CARD_KEY": "SECRET-4"}
    shown = repr(load_settings({**LEAST, **SFTP, **FHIR, **names}))
    assert "SECRET" not in shown
    assert "p@ss" not in shown
    assert repr(bytes.fromhex("ab" * 32)) not in shown


def test_one_server_is_for_both_sources_unless_one_names_its_own():
    both = load_settings({**LEAST, **SFTP})
    assert both.bank == both.clearinghouse
    found = load_settings({**LEAST, **SFTP, "TIEOUT_BANK_SFTP_USER": "teller"})
    assert (found.bank.user, found.bank.password) == ("teller", "SECRET-1")
    assert found.clearinghouse.user == "user"


def test_a_host_of_its_own_gets_nothing_of_the_other_login():
    own = {"TIEOUT_BANK_SFTP_HOST": "sftp.bank.example", "TIEOUT_BANK_SFTP_USER": "hospital"}
    with pytest.raises(MissingSettingError, match="TIEOUT_BANK_SFTP_HOST_KEY"):
        load_settings({**LEAST, **SFTP, **own})
    own |= {"TIEOUT_BANK_SFTP_HOST_KEY": "ssh-ed25519 BBBB"}
    found = load_settings({**LEAST, **SFTP, **own, "TIEOUT_SFTP_STABLE_SECONDS": "3"}).bank
    assert (found.address, found.user, found.password) == ("sftp.bank.example:22", "hospital", "")
    assert found.stable_seconds == 3


def test_a_private_key_comes_from_a_variable_or_a_file(tmp_path):
    (tmp_path / "key").write_text("SECRET-5\n")
    named = {"TIEOUT_SFTP_PRIVATE_KEY_FILE": str(tmp_path / "key")}
    assert load_settings({**LEAST, **SFTP, **named}).bank.private_key == "SECRET-5\n"
    with pytest.raises(InvalidSettingError, match="TIEOUT_SFTP_PRIVATE_KEY_FILE"):
        load_settings({**LEAST, **SFTP, "TIEOUT_SFTP_PRIVATE_KEY_FILE": str(tmp_path / "none")})


def test_the_parameters_of_the_database_reach_every_client():
    words = {"TIEOUT_DB_PARAMETERS": "sslmode=verify-full&sslrootcert=%2Fetc%2Four+own%2Fca.pem"}
    found = load_settings({**LEAST, **words}).database
    known = psycopg.conninfo.conninfo_to_dict(found.url("ingest"))
    assert (known["sslmode"], known["sslrootcert"]) == ("verify-full", "/etc/our own/ca.pem")
    assert found.client_variables == {
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": "/etc/our own/ca.pem",
    }
