"""`tieout prove` on a posted ledger: it holds, names every damage, and never stops half way."""

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest

from billing.ledger.erp import ErpUnknown, Reason
from billing.parse import parse
from orchestration import prove
from orchestration.errors import ExpectedError
from resources.archive import Archive
from resources.receipt import Receipt
from resources.settings import Settings, load_settings
from resources.warehouse import landing, receiving
from tests.conftest import fresh_database
from tests.fixtures.damages import REWRITTEN
from tests.fixtures.interchange import interchange
from tests.fixtures.memory_erp import MemoryLedger
from tests.pipeline.conftest import Pipeline

pytestmark = pytest.mark.promise(
    "prove names every damage as the break of its tie-out, and the other tie-outs go on"
)


WITHOUT_SCOPE = ["T12", "T13"]  # one claim leaves no recoupment and nothing unapplied
OTHERS = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"


class SilentLedger(MemoryLedger):
    """An ERP that does not answer."""

    def balances(self, *_asked: object) -> Any:
        raise ErpUnknown(Reason.CONNECTION)

    def find(self, *_asked: object) -> Any:
        raise ErpUnknown(Reason.CONNECTION)


@dataclass
class Scene:
    """A posted ledger of a test's own: database, archive, kept proofs and ERP."""

    database: Any
    home: Path
    ledger: MemoryLedger

    @property
    def settings(self) -> Settings:
        """What the environment of this installation says."""
        return load_settings({**self.database.environ(), "TIEOUT_HOME": str(self.home)})

    def prove(self, **asked: Any) -> dict[str, Any]:
        """Prove it, without T15 unless asked."""
        how = {"with_rebuild": False, "erp": self.ledger, **asked}
        return prove.gather(self.settings, prove.Asked(**how))

    def damage(self, query: str) -> None:
        """Change what no role may change, as the superuser with triggers off."""
        admin = self.database.admin()
        admin.execute("set session_replication_role = replica")
        assert admin.execute(query).rowcount != 0

    def archived(self, name: str) -> Path:
        """The archived bytes of a file."""
        query = "select sha256 from ops.received_file where name = %s"
        (sha256,) = self.database.admin().execute(query, [name]).fetchone()
        return self.home / "archive" / sha256[:2] / sha256


@pytest.fixture(scope="module")
def posted(server: Any, template: str, dbt_state: Path, tmp_path_factory: Any) -> Iterator[Scene]:
    """One claim's story received, built and posted once, for all tests of this file."""
    home = tmp_path_factory.mktemp("posted")
    (home / "dbt").symlink_to(dbt_state)
    with fresh_database(server, template) as database, pytest.MonkeyPatch.context() as patch:
        for name, value in {**database.environ(), "TIEOUT_HOME": str(home)}.items():
            patch.setenv(name, value)
        admin = database.admin()
        admin.execute("update ops.installation set as_of_date = '2026-10-31'")
        with dg.DagsterInstance.ephemeral() as instance:
            made = Pipeline(database, instance, home)
            made.open_periods()
            made.receive_story()
            made.succeed("build")
            made.succeed("post")
        assert made.states() == {"posted": made.states()["posted"]}
        database.close()
        with psycopg.connect(server.admin_url(), autocommit=True) as admin:  # what dbt keeps open
            admin.execute(OTHERS, [database.settings.name])
        yield Scene(database, home, made.ledger)


@pytest.fixture
def scene(server: Any, posted: Scene, tmp_path: Path) -> Iterator[Scene]:
    """A copy of the posted ledger."""
    home = tmp_path / "home"
    shutil.copytree(posted.home, home, symlinks=True)
    with fresh_database(server, posted.database.settings.name) as database:
        copied = Scene(database, home, copy.deepcopy(posted.ledger))
        (home / posted.settings.anchor_file.name).rename(copied.settings.anchor_file)
        yield copied


def _broken(found: dict[str, Any]) -> dict[str, list[str]]:
    """Tie-outs that do not hold, with what they name."""
    broken: dict[str, list[str]] = {}
    for one in found["tie_outs"]:
        if not one["holds"]:
            broken.setdefault(one["id"], []).extend(one["named"])
    return broken


def test_sound_ledger_holds_and_a_quick_proof_is_not_kept(scene):
    found = scene.prove()
    assert _broken(found) == {}
    assert found["left_out"] == [*WITHOUT_SCOPE, "T15"]
    assert not (scene.home / "proofs").exists()


def _remove_file(scene: Scene) -> None:
    scene.archived("remittance.835").unlink()


def _alter_file(scene: Scene) -> None:
    path = scene.archived("claim.837")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"CLM*", b"CLN*", 1))


def _sql(query: str) -> Callable[[Scene], None]:
    return lambda scene: scene.damage(query)


def _silence_erp(scene: Scene) -> None:
    scene.ledger.__class__ = SilentLedger


def _lose_document(scene: Scene) -> None:
    scene.ledger.documents.clear()


def _spoil_anchors(scene: Scene) -> None:
    scene.settings.anchor_file.write_text("x")


DAMAGES = {
    "archived file removed": (_remove_file, "T1", "remittance.835: its archived bytes are missing"),
    "archived file altered": (_alter_file, "T1", "claim.837: its archived bytes have changed"),
    "receipt altered": (
        _sql("update ops.received_file set record_count = 9 where name = 'claim.837'"),
        "T1", "9 recorded",
    ),
    "entry out of balance": (
        _sql("update ledger.entry_line set debit_amount = debit_amount + 1"
             " where debit_amount > 0 and line_no = 1"),
        "T14", "debits and credits of an entry are equal",
    ),
    "entry altered on both sides": (
        _sql("update ledger.entry_line set account = '1055' where account = '1110'"),
        "T14", "account",
    ),
    "payment of a claim altered": (
        _sql("update raw.remittance_claim set paid_amount = paid_amount + 1"),
        "T4", "remittance.835, segment ",
    ),
    "transaction row lost": (
        _sql("delete from raw.x12_transaction"), "T2", "in the bytes, 0 in the database",
    ),
    "audit row altered": (
        _sql("update ledger.audit set detail = '{}' where seq = 2"),
        "T10", "audit row 2 does not have its hash",
    ),
    "document of a request never kept": (
        _sql("insert into ledger.request (event, entity_code, subject_key, amount, reason,"
             " attachment_sha256, attachment_size, attachment_type, content_hash, requested_by,"
             " requested_at) values ('charity.approved', 'NLH', 'k', 1, 'as agreed by letter',"
             " repeat('d', 64), 9, 'application/pdf', 'h', 'x', now());"
             " insert into ledger.request_act (request_id, act, content_hash, actor, acted_at,"
             " decided_date) select request_id, 'approved', 'h', 'y', now(), '2026-10-31'"
             " from ledger.request"),
        "T1", "request 1: the archive does not hold",
    ),
    "audit rows unreadable": (
        _sql("update ledger.audit set detail = '{\"entry_id\": \"x\", \"lines\": 3}'"),
        "T10", "content hash is not the audited one",
    ),
    "audit row deleted": (_sql("delete from ledger.audit where seq = 2"), "T10", "a gap"),
    "audit chain rewritten, by the file": (
        _sql(REWRITTEN), "T10", ".txt: row",
    ),
    "audit chain rewritten, by a document": (
        _sql(REWRITTEN), "T10", "of document 1 of entry ",
    ),
    "approval forged": (
        _sql("update ledger.approval set approver = 'tieout_test_controller'"),
        "T10", "is not the audited one",
    ),
    "function that verifies replaced": (
        _sql("create or replace function ledger.verify_chain() returns table (seq bigint,"
             " problem text) language sql stable security definer as"
             " $$ select null::bigint, null::text where false $$;"
             " update ledger.audit set actor = 'nobody' where seq = 2"),
        "T10", "ledger.verify_chain finds nothing, rows show problems",
    ),
    "audit dropped": (
        _sql("drop table ledger.audit cascade"), "T10", "cannot be worked out: database error",
    ),
    "entries dropped": (
        _sql("drop table ledger.entry cascade"), "T14", "database error 42P01",
    ),
    "receipts dropped": (
        _sql("drop table ops.received_file cascade"), "T1", "database error 42P01",
    ),
    "line of a posted entry deleted": (
        _sql("delete from ledger.entry_line where line_no = 1"), "T14", "entry ",
    ),
    "kept anchors spoiled": (_spoil_anchors, "T10", "line 1 is no anchor"),
    "table of the marts lost": (
        _sql("drop table marts.mart_ar_rollforward"), "T8", "database error 42P01",
    ),
    "ERP silent": (_silence_erp, "T9", "reports no balances (CONNECTION)"),
    "document lost": (_lose_document, "T14", "the ERP has no such document"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_named_and_other_tie_outs_go_on(scene, name):
    damage, number, words = DAMAGES[name]
    damage(scene)
    found = scene.prove()
    broken = _broken(found)
    assert number in broken
    assert any(words in one for one in broken[number])
    assert found["left_out"] == [*WITHOUT_SCOPE, "T15"]
    assert not prove.holds(found)
    assert any(number in line for line in prove.render(found))


OFF_BALANCE = interchange("7", "80").replace("SVC*HC:99213*80*80", "SVC*HC:99213*90*80")


def test_finding_is_kept_on_a_row_or_as_an_exception(scene):
    admin = scene.database.admin()
    receipt = Receipt("clearinghouse", "in", "off.835", OFF_BALANCE.encode(), None)
    now = datetime(2026, 3, 3, tzinfo=UTC)
    file = receiving.receive(admin, Archive(scene.home / "archive"), receipt, now)
    assert landing.land(admin, file, parse(receipt.content, receipt.name), now, b"key").findings
    assert "T2" not in _broken(scene.prove())
    scene.damage("update raw.remittance_claim set finding_code = null")
    assert _broken(scene.prove())["T2"] == [
        "off.835: LINE_OFF_BALANCE is neither an exception nor on a row"
    ]


class UnreadLedger(MemoryLedger):
    """An ERP whose documents may not be asked for."""

    def find(self, *_asked: object) -> Any:
        raise ErpUnknown(Reason.OTHER)


@pytest.fixture
def proved(scene: Scene) -> Scene:
    """A ledger whose complete proof held and is kept."""
    found = scene.prove(with_rebuild=True)
    assert _broken(found) == {}
    assert found["left_out"] == WITHOUT_SCOPE
    return scene


@pytest.mark.promise(
    "A kept proof spares what did not change, and one that was changed is not used"
)
def test_proof_since_a_kept_one_reads_only_what_changed(proved):
    proved.ledger.__class__ = UnreadLedger
    found = proved.prove(with_rebuild=True, is_since=True)
    assert (_broken(found), found["since_refused"]) == ({}, None)
    assert found["left_out"] == WITHOUT_SCOPE
    assert found["since"] is not None
    _alter_file(proved)
    proved.damage("update marts.fct_ledger_line set signed_amount = signed_amount + 1")
    broken = _broken(proved.prove(with_rebuild=True, is_since=True))
    assert broken["T1"] == ["claim.837: its archived bytes have changed"]
    assert "T15" in broken
    _forge(proved)
    forged = proved.prove(is_since=True)
    assert forged["since"] is None
    assert "was changed since it was kept" in forged["since_refused"]
    assert "(OTHER)" in _broken(forged)["T14"][0]  # asked again, although it was proved before


def test_rewritten_chain_shows_by_a_kept_proof_and_a_given_anchor(proved):
    admin = proved.database.admin()
    (seq, hashed) = admin.execute("select seq, hash from ledger.audit_head").fetchone()
    proved.ledger.__class__ = UnreadLedger
    proved.settings.anchor_file.unlink()
    proved.damage(REWRITTEN)
    found = proved.prove(is_since=True, anchors=(f"{seq}:{hashed}",))["tie_outs"]
    named = {one["scope"]: one["named"][0] for one in found if not one["holds"]}
    assert set(named) == {"anchors in documents of the ERP", "anchors that were given"}
    assert all("the chain was rebuilt" in words for words in named.values())


def test_given_anchor_that_is_none_is_refused():
    with pytest.raises(ExpectedError, match="not an anchor"):
        prove.checked_anchors(["7:abc"])


def _forge(scene: Scene) -> None:
    """Take an entry into the kept proof that was never proved."""
    (path,) = (scene.home / "proofs").iterdir()
    kept = json.loads(path.read_text())
    body = json.loads(kept["proof"])
    path.write_text(json.dumps({**kept, "proof": json.dumps({**body, "entries": {"7": "x"}})}))
