"""`tieout check-config`: what it says of each connector, asked for real, and never a secret."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from orchestration.check_config import gather, is_fine, render
from tests.fixtures.openssh import OpenSsh, openssh, sshd_path

pytestmark = pytest.mark.promise(
    "`tieout check-config` says of each connector what is wrong, and shows no secret"
)

needs_sshd = pytest.mark.skipif(sshd_path() is None, reason="OpenSSH's sshd is not installed")


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[OpenSsh]:
    folder = tmp_path_factory.mktemp("openssh")
    folder.chmod(0o755)
    with openssh(folder) as running:
        yield running


def states(environ: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {one["connector"]: (one["state"], one["code"]) for one in gather(environ)}


def test_without_anything_the_sandbox_stands_in_and_nothing_is_wrong():
    found = gather({})
    assert is_fine(found)
    assert {one["state"] for one in found} == {"ok", "sandbox"}


@needs_sshd
def test_a_server_with_its_folders_is_ok_and_the_others_are_not_configured(server, tmp_path):
    (tmp_path / "a.835").write_bytes(b"ISA")
    folders = {
        "TIEOUT_SFTP_CLEARINGHOUSE_FOLDERS": str(tmp_path),
        "TIEOUT_SFTP_BANK_FOLDERS": f"{tmp_path},{tmp_path}/gone",
    }
    found = states({**server.environ, **folders})
    assert found["clearinghouse"] == ("ok", "")
    assert found["bank"] == ("unreachable", "FOLDER_MISSING")
    assert found["ehr"] == found["payments"] == ("not configured", "")


def test_a_missing_variable_is_named():
    (line,) = [
        one
        for one in gather({"TIEOUT_SFTP_HOST": "127.0.0.1"})
        if one["connector"] == "clearinghouse"
    ]
    assert (line["state"], line["detail"]) == ("missing", "TIEOUT_SFTP_USER is not set")


@needs_sshd
def test_what_is_wrong_with_a_server_is_told_apart(server, tmp_path_factory):
    stranger = tmp_path_factory.mktemp("stranger")
    with openssh(stranger) as other:
        known, key_file = other.environ, other.environ["TIEOUT_SFTP_PRIVATE_KEY_FILE"]
        ended = other.port
        refused = {**server.environ, "TIEOUT_SFTP_PRIVATE_KEY_FILE": key_file}
        assert states(refused)["bank"] == ("unreachable", "SOURCE_LOGIN")
    changed = {**server.environ, "TIEOUT_SFTP_HOST_KEY": known["TIEOUT_SFTP_HOST_KEY"]}
    assert states(changed)["bank"] == ("unreachable", "SOURCE_HOST_KEY")
    gone = {**server.environ, "TIEOUT_SFTP_PORT": str(ended)}
    assert states(gone)["bank"] == ("unreachable", "SOURCE_OUT_OF_REACH")
    nowhere = {**server.environ, "TIEOUT_SFTP_HOST": "no-such-host.invalid"}
    assert states(nowhere)["bank"] == ("unreachable", "SOURCE_NAME_UNKNOWN")
    wrong = {**server.environ, "TIEOUT_SFTP_HOST_KEY": "nonsense"}
    assert states(wrong)["bank"][0] == "invalid"


@needs_sshd
def test_a_server_that_never_answers_is_given_up(server, monkeypatch):
    monkeypatch.setattr("orchestration.check_config.CONNECT_SECONDS", 0.5)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = str(silent.getsockname()[1])
        found = states({**server.environ, "TIEOUT_SFTP_PORT": port})
    assert found["bank"] == ("unreachable", "SOURCE_NO_ANSWER")


def test_interfaces_and_databases_that_are_away_are_told_and_no_secret_is():
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    found = gather(
        {
            "TIEOUT_CARD_URL": f"http://127.0.0.1:{port}",
            "TIEOUT_CARD_KEY": "SECRET-1",
            "TIEOUT_FHIR_URL": "https://no-such-host.invalid/fhir",
            "TIEOUT_FHIR_CLIENT_ID": "client",
            "TIEOUT_FHIR_PRIVATE_KEY": "SECRET-2",
            "TIEOUT_DATABASE_URL": f"postgresql://me:SECRET-3@127.0.0.1:{port}/postgres",
            "TIEOUT_ERP_URL": f"http://127.0.0.1:{port}/books",
            "TIEOUT_ERP_KEY_NLH": "SECRET-4",
            "TIEOUT_ERP_COMPANY_NLH": "1",
        }
    )
    assert {one["connector"]: one["code"] for one in found} == {
        "database": "DATABASE_UNFIT", "clearinghouse": "", "bank": "",
        "ehr": "SOURCE_NAME_UNKNOWN", "payments": "SOURCE_OUT_OF_REACH", "erp": "ERP_UNREACHABLE",
    }  # fmt: skip
    assert not is_fine(found)
    assert "SECRET" not in json.dumps(found) + "".join(render(found))


@pytest.mark.parametrize(
    "url",
    [
        "mysql://me:SECRET@127.0.0.1/db",
        "postgresql://me:SECRET@127.0.0.1:port/db",
        "postgresql:///db?host=/run&password=SECRET",
    ],
)
def test_a_database_url_that_cannot_be_used_is_refused_without_its_text(url):
    (line,) = [one for one in gather({"TIEOUT_DATABASE_URL": url}) if one["state"] != "sandbox"][:1]
    assert (line["connector"], line["state"]) == ("database", "unreachable")
    assert "SECRET" not in line["detail"]
