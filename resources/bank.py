"""The bank: BAI2 statements and ACH files on its SFTP server."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from resources.receipt import Receipt, Sighting, SightingKey
from resources.settings import SftpSettings
from resources.sftp import Pickup

SOURCE = "bank"


def receipts(
    settings: SftpSettings,
    taken: Collection[SightingKey] = frozenset(),
    on_sighting: Callable[[Sighting], None] = lambda _: None,
) -> Iterator[Receipt]:
    """Yield the files that may be taken now; nothing where no server is configured."""
    return Pickup(settings, SOURCE, settings.bank_folders, taken, on_sighting).receipts()
