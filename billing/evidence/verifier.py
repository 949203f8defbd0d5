"""Puts the stand-alone verifier together: one file of the parts, which import one another here.

An auditor reads and runs that one file; nothing of Tieout is installed where he does.
"""

import ast
from pathlib import Path

PARTS = (
    "verify_pack.py",
    "verify_chain.py",
    "verify_entries.py",
    "verify_signatures.py",
    "verify_rules.py",
    "verify_requests.py",
    "verify_sums.py",
    "verify.py",
)
OPENING = '''\
#!/usr/bin/env python3
"""Verify this evidence pack: python verify.py [PATH] [--anchor SEQ:HASH] [--head HASH].

Needs Python 3.9 or later and nothing else: no network, no database, no Tieout. It works every hash
and sum out again from the files of the pack, prints what holds, and ends with 1 where something
does not. Read it before you trust it: it is short, and each part says what it does.
"""

from __future__ import annotations
'''


def source() -> str:
    """The text of verify.py, the same for every pack of one version of Tieout."""
    folder = Path(__file__).parent
    parts = [_without_own_imports((folder / name).read_text(encoding="utf-8")) for name in PARTS]
    return OPENING + "".join(f"\n\n{part.strip()}\n" for part in parts)


def _without_own_imports(text: str) -> str:
    """A part without its docstring, `from __future__` and the imports of its siblings."""
    lines = text.splitlines()
    for node in ast.parse(text).body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_own = isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            ("billing.", "__future__")
        )
        if is_own or is_docstring:
            for at in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[at] = ""
    return "\n".join(lines)
