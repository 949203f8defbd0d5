"""The newest proof that held, kept with a signature: what need not be worked out once more.

Signed with a key that comes from the installation's own; a kept proof that was changed is not
used, and that is said. Only facts and hashes are in it, no value of a document.
"""

import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.reading import Reading
from orchestration.rebuild import Ledger
from orchestration.state import write_whole
from resources.settings import Settings

PURPOSE = b"tieout: a kept proof"
FORM = 2


@dataclass
class Proof:
    """What was worked out: readings by file, entries by number, and the ledger built anew.

    `code` names the programs and rules that worked it out, `evidence` what the ledger came from.
    """

    code: str = ""
    made_at: str = ""
    readings: dict[str, Reading] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)
    evidence: str = ""
    ledger: Ledger = field(default_factory=dict)
    anchors: dict[str, str] = field(default_factory=dict)  # of documents, by where they were read


class ProofChangedError(Exception):
    """The kept proof is not the one that was kept."""


def keep(settings: Settings, proof: Proof) -> None:
    """Keep a proof in place of the one before."""
    path = _path(settings)
    path.parent.mkdir(exist_ok=True)
    body = json.dumps(_plain(proof), sort_keys=True)
    write_whole(path, json.dumps({"proof": body, "signature": _sign(settings, body)}), 0o600)


def kept(settings: Settings) -> Proof | None:
    """The kept proof; None where there is none. Raises ProofChangedError."""
    path = _path(settings)
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text())
        body, signature = found["proof"], found["signature"]
        if not hmac.compare_digest(_sign(settings, body), signature):
            raise ProofChangedError(str(path))
        return _proof(json.loads(body))
    except (ValueError, TypeError, KeyError):
        raise ProofChangedError(str(path)) from None


def key_of(file: dict[str, Any]) -> str:
    """What a reading depends on beside the code: the bytes, and the name."""
    return f"{file['sha256']} {file['name']}"


def _path(settings: Settings) -> Path:
    return settings.home / "proofs" / f"{settings.database.name}.json"


def _sign(settings: Settings, body: str) -> str:
    key = hmac.new(settings.hash_key, PURPOSE, hashlib.sha256).digest()
    text = f"{settings.database.name}\n{body}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _plain(proof: Proof) -> dict[str, Any]:
    readings = {
        key: [str(one.file_id), one.size_bytes, one.records, one.is_written_back,
              one.transactions, sorted(one.codes)]
        for key, one in proof.readings.items()
    }  # fmt: skip
    sums = {entity: [str(gross), lines] for entity, (gross, lines) in proof.ledger.items()}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "form": FORM, "code": proof.code, "made_at": now, "readings": readings,
        "entries": proof.entries, "evidence": proof.evidence, "ledger": sums,
        "anchors": proof.anchors,
    }  # fmt: skip


def _proof(found: dict[str, Any]) -> Proof | None:
    if found["form"] != FORM:
        return None
    readings = {
        key: Reading(uuid.UUID(one[0]), one[1], one[2], one[3], one[4], frozenset(one[5]))
        for key, one in found["readings"].items()
    }
    sums = {entity: (Decimal(gross), lines) for entity, (gross, lines) in found["ledger"].items()}
    return Proof(
        found["code"], found["made_at"], readings, found["entries"], found["evidence"], sums,
        found["anchors"],
    )  # fmt: skip
