"""Anchors: heads of the audit chain that are kept outside of the database, and how each is written.

An anchor is a row's number and hash: `1234:ab12...`. A chain that was rewritten before that row no
longer has it. Where they are kept is no matter of this module; how a chain is held against them is
in verify_chain.py.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

_IN_TEXT = re.compile(r"\baudit ([1-9][0-9]{0,17}:[0-9a-f]{64})\b")
_LINE = re.compile(r"(\S+) ([1-9][0-9]{0,17}:[0-9a-f]{64})")


class UnreadableAnchorError(ValueError):
    """A line of kept anchors is not one; the text names its number."""


def in_words(anchor: str) -> str:
    """An anchor as the text of a document or a message has it."""
    return f"audit {anchor}"


def anchors_in(text: str) -> list[str]:
    """The anchors that a text of ours carries."""
    return _IN_TEXT.findall(text)


def as_line(anchor: str, now: datetime) -> str:
    """The line of a file of anchors: the instant, and the anchor."""
    return f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {anchor}\n"


def of_lines(content: str) -> Iterator[str]:
    """The anchors of a file, oldest first. Raises UnreadableAnchorError."""
    for number, line in enumerate(content.splitlines(), 1):
        found = _LINE.fullmatch(line)
        if found is None:
            raise UnreadableAnchorError(f"line {number} of the kept anchors is no anchor")
        yield found[2]
