"""The three sides of a proof, worked out beside each other: files and rebuild, queries, the ERP.

Each tie-out that is stopped by anything is broken by it, and the others go on. How the results are
shown and kept is in `prove.py`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from uuid import UUID

from billing.ledger.erp import ErpLedger
from orchestration import proof, prove_archive, prove_books, prove_erp, rebuild
from orchestration.errors import words
from orchestration.proof import Proof
from orchestration.prove_archive import Row
from orchestration.prove_names import named
from orchestration.prove_watch import Watch
from orchestration.reading import Reading, confirmed, read_all
from resources.archive import Archive
from resources.attachments import AttachmentError, read_kept
from resources.erp_choice import erp_ledger
from resources.settings import DatabaseSettings, Settings
from resources.warehouse import tie_outs
from resources.warehouse.database import connect
from resources.warehouse.tie_outs import TieOut, TieOutResult

REQUEST_DOCUMENTS = """
select request_id, attachment_sha256, attachment_size from ledger.request_state
where state = 'approved' and attachment_size is not null order by request_id
"""
BY_QUERY = tuple(
    one
    for one in tie_outs.TIE_OUTS
    if one.phase in {"build", "prove"} and one.id not in {"T1", "T10"}
)
DOCUMENTS = "documents read back"


@dataclass
class Sides:
    """What is proved, who watches, and what was found; each side runs in a thread of its own."""

    settings: Settings
    before: Proof
    watch: Watch
    results: list[TieOutResult] = field(default_factory=list)
    proof: Proof = field(default_factory=Proof)
    _anew: DatabaseSettings | None = None  # where the ledger is built a second time

    def files(self, *, with_rebuild: bool) -> None:
        """T1 and T2 from one reading of every archived file, and T15 from the same one."""
        read: dict[UUID, Reading] = {}
        with ExitStack() as stack:
            if with_rebuild:
                self._guarded("T15", partial(self._place, stack))
            self._guarded("T1", partial(self._archive, read), "T2")
            self._guarded("T1", self._request_documents)
            if self._anew or self.proof.ledger:
                self._guarded("T15", partial(self._rebuilt, read))

    def queries(self) -> None:
        """T10 from the rows of the ledger, and the tie-outs that ask the database only."""
        for part in (prove_books.books, prove_books.totals, prove_books.of_file):
            self._guarded("T10", partial(part, self.settings))
        for one in BY_QUERY:
            self._guarded(one.id, partial(self._query, one))

    def erp(self, problem: str, given: ErpLedger | None = None) -> None:
        """T9, and T14 of each entity; `problem` says why there is no ERP to ask."""
        if problem:
            self._add([tie_outs.stopped(number, problem) for number in ("T9", "T14")])
            return
        self._guarded("T9", partial(self._balances, given))
        self._guarded("T14", partial(self._documents, given))

    def anchors(self, given: Iterable[str] = ()) -> None:
        """T10 against the anchors in documents, read now or before, and against those given."""
        self.proof.anchors = {**self.before.anchors, **self.proof.anchors}
        for name, kept in (
            (prove_books.IN_ERP, self.proof.anchors),
            (prove_books.GIVEN, dict.fromkeys(given, "those that were given")),
        ):
            self._guarded("T10", partial(prove_books.anchored, self.settings, name, kept))

    def _guarded(self, number: str, work: Callable[[], Iterable[TieOutResult]], *also: str) -> None:
        """Add what a tie-out gives; whatever stops it is its break, and the others go on.

        `also`: tie-outs that the same work gives.
        """
        try:
            self._add(list(work()))
        except Exception as problem:  # noqa: BLE001 (it ends as a break of this tie-out)
            self._add([tie_outs.stopped(one, words(problem)) for one in (number, *also)])

    def _add(self, results: list[TieOutResult]) -> None:
        self.watch.proved(results)
        self.results += results

    def _place(self, stack: ExitStack) -> Iterator[TieOutResult]:
        """Where T15 is worked out: a second database, or the kept proof if nothing changed."""
        self.proof.evidence = rebuild.evidence_hash(self.settings.database)
        if self.before.evidence == self.proof.evidence and self.before.ledger:
            self.proof.ledger = self.before.ledger
        else:
            self._anew = stack.enter_context(rebuild.second_database(self.settings.database))
        yield from ()

    def _archive(self, read: dict[UUID, Reading]) -> Iterator[TieOutResult]:
        """T1 and T2, with every file read into the second database where there is one."""
        with closing(connect(self.settings.database, "transform")) as connection:
            files = prove_archive.landed(connection)
            read |= {one.file_id: one for one in self._readings(files)}
            self.proof.readings = {proof.key_of(file): read[file["file_id"]] for file in files}
            yield from prove_archive.archive_tie_outs(connection, files, read)

    def _readings(self, files: Sequence[Row]) -> Iterator[Reading]:
        archive = Archive(self.settings.archive_folder)
        known = {} if self._anew else self.before.readings
        target = rebuild.target(self.settings, self._anew) if self._anew else None
        unknown = [file for file in files if proof.key_of(file) not in known]
        self.watch.begin(rebuild.FILES, len(unknown))
        advance = partial(self.watch.advance, rebuild.FILES)
        received = [prove_archive.as_received(file) for file in unknown]
        yield from read_all(archive, received, target, advance)
        for file in files:
            kept = known.get(proof.key_of(file))
            if kept:
                yield confirmed(archive, file["sha256"], kept)

    def _rebuilt(self, read: Mapping[UUID, Reading]) -> Iterator[TieOutResult]:
        """T15: the ledger of the second database, or of the kept proof, against that of today."""
        problems = tuple(one.landing_problem for one in read.values() if one.landing_problem)
        if self._anew:
            rebuild.build(self.settings, self._anew, self.watch)
            self.proof.ledger = rebuild.ledger_of(self._anew)
        elif any(one.problem for one in read.values()):
            problems = ("files of the archive are missing or changed: T1 names them",)
        if problems:
            yield TieOutResult("T15", "archive", Decimal(0), Decimal(0), len(problems), problems)
        yield from rebuild.differences(rebuild.ledger_of(self.settings.database), self.proof.ledger)

    def _request_documents(self) -> Iterator[TieOutResult]:
        """T1 of the documents that approved requests name: each is in the archive with its hash."""
        archive = Archive(self.settings.archive_folder)
        with closing(connect(self.settings.database, "auditor")) as connection:
            named = connection.execute(REQUEST_DOCUMENTS).fetchall()
        missing = tuple(_missing(archive, *one) for one in named)
        breaks = tuple(one for one in missing if one)
        count, held = Decimal(len(named)), Decimal(len(named) - len(breaks))
        yield TieOutResult("T1", "documents of requests", count, held, len(breaks), breaks)

    def _query(self, one: TieOut) -> Iterator[TieOutResult]:
        with closing(connect(self.settings.database, "transform")) as connection:
            yield from named(connection, tie_outs.evaluate_one(connection, one))

    def _balances(self, given: ErpLedger | None) -> Iterator[TieOutResult]:
        with closing(connect(self.settings.database, "transform")) as connection:
            yield from prove_erp.balances(connection, given or erp_ledger(self.settings.erp))

    def _documents(self, given: ErpLedger | None) -> Iterator[TieOutResult]:
        erp = given or erp_ledger(self.settings.erp)
        with closing(connect(self.settings.database, "auditor")) as connection:
            self.watch.begin(DOCUMENTS, prove_erp.count_posted(connection))
            advance = partial(self.watch.advance, DOCUMENTS)
            for entity in prove_erp.entities(connection):
                found = prove_erp.documents(connection, erp, entity, self.before.entries, advance)
                self.proof.entries |= found.proved
                self.proof.anchors |= found.anchors
                yield found.result()


def _missing(archive: Archive, request_id: int, sha256: str, size_bytes: int) -> str:
    """Say what is wrong with the document of a request; empty when it is kept as it was."""
    try:
        read_kept(archive, sha256, size_bytes)
    except AttachmentError as problem:
        return f"request {request_id}: {problem}"
    return ""
