"""A user's own sources: public X12 files on OpenSSH's SFTP server, through to the ERP.

With TIEOUT_TEST_DATABASE_URL (an administrator's URL) into that PostgreSQL, else into the embedded.
"""

import os
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from orchestration.state import read_env
from tests.fixtures.installation import Installation
from tests.fixtures.interchange import interchange
from tests.fixtures.openssh import OpenSsh, openssh, sshd_path

SHARED = Path(os.environ.get("TIEOUT_SHARED_DATA", Path(__file__).parents[3] / "shared/data"))
X12 = SHARED / "x12"
SUFFIXES = (".835", ".837", ".837i", ".edi", ".era", ".txt", ".270", ".271", ".276", ".277")
AS_OF = "2026-10-31"
LONG_AGO = 1_760_000_000  # a file whose end is missing is taken when it has lain there for long
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not (X12 / "MANIFEST.csv").exists(), reason="no shared X12 files"),
    pytest.mark.skipif(sshd_path() is None, reason="OpenSSH's sshd is not installed"),
]
OUTCOMES = """
select f.file_id, f.name, f.outcome, o.record_kind, o.record_count, o.record_amount as amount,
       o.posted_count, o.posted_amount, o.memo_count, o.memo_amount,
       o.exception_count, o.exception_amount
from ops.received_file f left join marts.mart_file_outcome o using (file_id)
"""
COUNTS = """
select (select count(*) from ledger.erp_document) as documents,
       (select count(*) from ops.file_sighting where outcome in ('taken', 'duplicate')) as seen
"""
GROWING = "growing.835"
GROWN = f"""
select sum(o.posted_amount) as dollars, count(distinct f.file_id) as files
from marts.mart_file_outcome o join ops.received_file f using (file_id)
where f.name = '{GROWING}' and o.record_kind = 'remittance_claim'
"""
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJlkkmO9UwVOrBzXZ9nTR8j1k3xTqLpyVdgoZn0JY3yR"
DATABASES = "select datname from pg_database where starts_with(pg_get_userbyid(datdba), %s)"
ROLES = "select rolname from pg_roles where starts_with(rolname, %s)"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[OpenSsh]:
    folder = tmp_path_factory.mktemp("openssh")
    folder.chmod(0o755)
    for name in ("remittances", "statements"):
        (folder / name).mkdir()
    for path in sorted(X12.rglob("*")):
        if path.is_file() and path.suffix.lower() in SUFFIXES:
            name = "__".join(path.relative_to(X12).parts)
            shutil.copy(path, folder / "remittances" / name)
            os.utime(folder / "remittances" / name, (LONG_AGO, LONG_AGO))
    (folder / "remittances" / GROWING).write_text(interchange("1", "80"))
    with openssh(folder) as running:
        yield running


@pytest.fixture(scope="module")
def own(server: OpenSsh, tmp_path_factory) -> Iterator[Installation]:
    told = {
        **server.environ,
        "TIEOUT_SFTP_CLEARINGHOUSE_FOLDERS": str(server.folder / "remittances"),
        "TIEOUT_SFTP_BANK_FOLDERS": str(server.folder / "statements"),
    }
    url = os.environ.get("TIEOUT_TEST_DATABASE_URL", "")
    if url:
        told |= {"TIEOUT_DATABASE_URL": url, "TIEOUT_DB_NAME": "own_sources_tieout"}
        told |= {"TIEOUT_DAGSTER_DB_NAME": "own_sources_dagster"}
        told |= {"TIEOUT_ERP_DB_NAME": "own_sources_erp"}
    installation = Installation(tmp_path_factory.mktemp("own sources") / "state", told)
    yield installation
    secrets = installation.home / "secrets.env"
    prefix = read_env(secrets)["TIEOUT_ROLE_PREFIX"] if secrets.exists() else ""
    installation.clean()
    if url and prefix:
        _forget(url, prefix)


def _forget(url: str, prefix: str) -> None:
    """Take away what the installation made on a server that goes on living."""
    with psycopg.connect(url, autocommit=True) as admin:
        for (name,) in admin.execute(DATABASES, (prefix,)).fetchall():
            admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
        for (role,) in admin.execute(ROLES, (prefix,)).fetchall():
            admin.execute(sql.SQL("drop owned by {} cascade").format(sql.Identifier(role)))
            admin.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))


@pytest.fixture(scope="module")
def first(own: Installation):
    return own.program("run", "--as-of", AS_OF)


@pytest.fixture
def after(own: Installation, first) -> Installation:
    assert first.returncode in (0, 3), first.stdout + first.stderr
    return own


@pytest.mark.promise(
    "`tieout check-config` says of each connector what is wrong, and shows no secret"
)
def test_check_config_finds_everything_before_the_first_run(own):
    found = {one["connector"]: one for one in own.json("check-config")["connectors"]}
    assert {name: one["state"] for name, one in found.items()} == {
        "database": "ok", "clearinghouse": "ok", "bank": "ok", "erp": "ok",
        "ehr": "not configured", "payments": "not configured",
    }  # fmt: skip


@pytest.mark.promise("With own sources configured a run takes from them and starts no sandbox.")
def test_the_run_works_on_the_own_sources_and_starts_no_sandbox(after, first):
    assert "your own sources" in first.stdout
    assert "fails:" not in first.stdout
    assert "sandbox" not in {one["name"] for one in after.json("status")["servers"]}
    assert not (after.home / "sandbox").exists()


@pytest.mark.promise(
    "Every public X12 file on OpenSSH ends as posted, memo or exception with its dollars."
)
def test_every_file_ends_as_posted_memo_or_exception_with_its_dollars(after, server):
    rows = after.rows("auditor", OUTCOMES)
    contents = {path.read_bytes() for path in (server.folder / "remittances").iterdir()}
    assert len({row["file_id"] for row in rows}) == len(contents)
    for row in rows:
        assert row["outcome"] in {"landed", "exception"}, row["name"]
        assert row["record_kind"] is not None, row["name"]
        ended = [row[f"{how}_count"] or 0 for how in ("posted", "memo", "exception")]
        assert sum(ended) == (row["record_count"] or 0), row
        dollars = [row[f"{how}_amount"] or Decimal(0) for how in ("posted", "memo", "exception")]
        assert sum(dollars) == (row["amount"] or 0), row
    assert sum(row["posted_count"] or 0 for row in rows) > 50


@pytest.mark.promise("Every tie-out holds over public X12 files.")
def test_the_tie_outs_hold_over_public_files(after):
    done = after.program("prove")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.promise(
    "A source that is away stops neither the run nor the other sources, and is listed."
)
def test_a_source_that_is_away_stops_neither_the_run_nor_the_other_source(after):
    before = after.rows("auditor", COUNTS)
    away = Installation(after.home, {**after.told, "TIEOUT_BANK_SFTP_HOST_KEY": OTHER_KEY})
    done = away.program("run", "--as-of", AS_OF)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "source bank fails: " in done.stdout
    waiting = [one for one in away.json("exceptions")["exceptions"] if one["file"] == "bank"]
    assert [one["code"] for one in waiting] == ["SOURCE_HOST_KEY"]
    assert after.rows("auditor", COUNTS) == before, "nothing is received or posted twice"


@pytest.mark.promise("A file that grows after it was taken counts nothing twice.")
def test_a_file_that_grows_by_an_interchange_after_it_was_taken_counts_nothing_twice(after, server):
    assert after.rows("auditor", GROWN) == [{"dollars": Decimal("80.00"), "files": 1}]
    with (server.folder / "remittances" / GROWING).open("a") as file:
        file.write(interchange("2", "50"))
    done = after.program("run", "--as-of", AS_OF)
    assert done.returncode in (0, 3), done.stdout + done.stderr
    assert after.rows("auditor", GROWN) == [{"dollars": Decimal("130.00"), "files": 2}]
    assert after.program("prove").returncode == 0
    codes = {one["code"] for one in after.json("exceptions")["exceptions"]}
    assert "SOURCE_HOST_KEY" not in codes, "closed by itself, the source is back"
