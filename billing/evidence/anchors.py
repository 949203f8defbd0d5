"""Anchors: heads of the audit chain that are kept outside of the database, and how each is written.

An anchor is a row's number and hash: `1234:ab12...`. A chain that was rewritten before that row no
longer has it. Where they are kept is no matter of this module; how a chain is held against them is
in verify_chain.py.
"""

import re
from datetime import UTC, datetime

_ANCHOR = re.compile(r"[1-9][0-9]{0,17}:[0-9a-f]{64}")
_IN_TEXT = re.compile(rf"\baudit ({_ANCHOR.pattern})\b")
_LINE = re.compile(rf"(\S+) ({_ANCHOR.pattern})")


def is_anchor(text: str) -> bool:
    """Whether a text is an anchor."""
    return _ANCHOR.fullmatch(text) is not None


def in_words(anchor: str) -> str:
    """An anchor as the text of a document or a message has it."""
    return f"audit {anchor}"


def anchors_in(text: str) -> list[str]:
    """The anchors that a text of ours carries."""
    return _IN_TEXT.findall(text)


def as_line(anchor: str, now: datetime) -> str:
    """The line of a file of anchors: the instant, and the anchor."""
    return f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {anchor}\n"


def of_lines(content: str) -> tuple[list[str], list[int]]:
    """The anchors of a file, oldest first, and the numbers of the lines that are none."""
    anchors, others = [], []
    for number, line in enumerate(content.splitlines(), 1):
        found = _LINE.fullmatch(line)
        if found:
            anchors.append(found[2])
        else:
            others.append(number)
    return anchors, others
