"""Commands that would work for minutes refuse before they begin what cannot end well."""

from typing import Any

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.evidence import EvidenceError, refuse_existing
from orchestration.replay import UnknownFileError, refuse_unknown

pytestmark = pytest.mark.promise("A command that cannot succeed refuses before it works")


@pytest.fixture
def environ(database: Any, server: Any, tmp_path: Any) -> dict[str, str]:
    """The environment of a person whose state folder belongs to a migrated database."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    known = database.environ()
    (home / "secrets.env").write_text("".join(f"{k}={v}\n" for k, v in known.items()))
    return {
        "TIEOUT_HOME": str(home),
        "TIEOUT_DATABASE_URL": server.admin_url(),
        "TIEOUT_DB_NAME": database.settings.name,
    }


def test_pack_is_not_begun_where_something_is(tmp_path):
    (tmp_path / "pack.tar").touch()
    with pytest.raises(EvidenceError, match="there is already something at"):
        refuse_existing(tmp_path / "pack")
    command = ["evidence", "--period", "2026-09", "--out", str(tmp_path / "pack")]
    done = CliRunner().invoke(app, command, env={"TIEOUT_HOME": str(tmp_path / "none")})
    assert done.exit_code == 1
    assert "no pack was made" in done.output + done.stderr
    assert not (tmp_path / "none").exists()  # no database was asked for


def test_replay_of_an_unknown_file_starts_no_run(environ):
    with pytest.raises(UnknownFileError, match="no received file has this name"):
        refuse_unknown(environ, "nothing")


def test_replay_of_a_received_file_is_not_refused(environ, database):
    database.admin().execute(
        "insert into ops.received_file (file_id, sha256, source, name, kind, size_bytes,"
        " received_at) values (repeat('a', 32)::uuid, repeat('a', 64), 'bank', 'a.bai', 'bai2', 1,"
        " now())"
    )
    refuse_unknown(environ, "a.bai")
    refuse_unknown(environ, "aaaaaaaa")
