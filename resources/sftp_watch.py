"""Looking at an SFTP server every few seconds over one connection that stays open.

A look lists and takes nothing; what is taken is decided by the pick-up of a run.
"""

from contextlib import ExitStack

import paramiko

from resources.receipt import SightingKey
from resources.sftp import Pickup
from resources.sftp_connection import (
    BROKEN,
    BrokenOffError,
    IdleTransport,
    SftpError,
    connected,
)

LOOK_SECONDS = 8.0


class SftpWatch:
    """One server's connection between looks; opened by the first and again when it breaks."""

    def __init__(self) -> None:
        """Connects to nothing yet."""
        self._stack = ExitStack()
        self._client: paramiko.SFTPClient | None = None

    def look(self, pickup: Pickup) -> list[SightingKey]:
        """Return the files that are not taken yet. Raises SftpError when the server is away."""
        if self._client is not None:
            try:
                return pickup.look(self._client)
            except (SftpError, *BROKEN):
                self.close()
        self._client = self._stack.enter_context(
            connected(
                pickup.settings,
                attempts=1,
                connect_seconds=LOOK_SECONDS,
                transport=IdleTransport,
            )
        )
        try:
            return pickup.look(self._client)
        except BROKEN:
            self.close()
            raise BrokenOffError("the connection ended during a look") from None

    def close(self) -> None:
        """Close the connection, if there is one."""
        self._client = None
        self._stack.close()
        self._stack = ExitStack()
