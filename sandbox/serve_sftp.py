"""The clearinghouse's and the bank's SFTP server: one user, password login, one folder tree."""

from __future__ import annotations

import os
from pathlib import Path

import asyncssh

from sandbox.credentials import SFTP_USER

HOST_KEY_FILE = "ssh_host_key"


class _OneUser(asyncssh.SSHServer):
    def __init__(self, password: str) -> None:
        self.password = password

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - everybody has to log in
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return username == SFTP_USER and password == self.password


def host_key(folder: Path) -> asyncssh.SSHKey:
    """Return the server's ed25519 key; made the first time and kept in the folder."""
    path = folder / HOST_KEY_FILE
    if path.exists():
        return asyncssh.read_private_key(path)
    key = asyncssh.generate_private_key("ssh-ed25519")
    temporary = path.with_name(f".{HOST_KEY_FILE}.{os.getpid()}")
    key.write_private_key(temporary)
    temporary.chmod(0o600)
    temporary.replace(path)
    return key


def public_line(key: asyncssh.SSHKey) -> str:
    """Return the public key as "type base64"."""
    return " ".join(key.export_public_key().decode("ascii").split()[:2])


async def start(root: Path, key: asyncssh.SSHKey, password: str, port: int) -> asyncssh.SSHAcceptor:
    """Listen on 127.0.0.1 (port 0: any free one); the user sees nothing outside root."""
    return await asyncssh.listen(
        "127.0.0.1",
        port,
        server_host_keys=[key],
        server_factory=lambda: _OneUser(password),
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=os.fsencode(root)),
        allow_scp=False,
    )
