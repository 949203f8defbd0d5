"""Keys and passwords of the sandbox servers: made once per folder and kept there, for us only."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc.jwk import ECKey, KeySet, RSAKey

FILE_NAME = "credentials.json"
SFTP_USER = "northlake"
CLIENT_ID = "northlake-billing"
EC_KEY_ID, RSA_KEY_ID = "billing-es384", "billing-rs384"


@dataclass(frozen=True)
class Credentials:
    """What a client needs to log in; the FHIR client may sign with either key."""

    sftp_password: str
    fhir_ec_private_key: str
    fhir_rsa_private_key: str
    card_key: str

    def registered_keys(self) -> KeySet:
        """Return the public keys that the FHIR server knows for its one client."""
        private: tuple[Any, ...] = (
            ECKey.import_key(self.fhir_ec_private_key, {"kid": EC_KEY_ID}),
            RSAKey.import_key(self.fhir_rsa_private_key, {"kid": RSA_KEY_ID}),
        )
        return KeySet.import_key_set({"keys": [key.as_dict(private=False) for key in private]})


def load_or_make(folder: Path) -> Credentials:
    """Return the folder's credentials; make and keep them the first time."""
    path = folder / FILE_NAME
    if path.exists():
        return Credentials(**json.loads(path.read_text("utf-8")))
    made = Credentials(
        sftp_password=secrets.token_urlsafe(18),
        fhir_ec_private_key=_pem(ec.generate_private_key(ec.SECP384R1())),
        fhir_rsa_private_key=_pem(rsa.generate_private_key(65537, 2048)),
        card_key=f"sk_test_{secrets.token_hex(16)}",
    )
    write_private(path, json.dumps(asdict(made), indent=1))
    return made


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, with access for its owner only."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode("ascii")
