"""A passkey in software: makes and answers WebAuthn ceremonies as a browser and its device would."""

import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """One device with one key, for one site. It counts no signatures, as keys that are synced between devices do."""

    def __init__(self, site: str, origin: str) -> None:
        self._site, self._origin = site, origin
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = b"credential of a test"
        self._user = b""

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        self._user = base64url_to_bytes(options["user"]["id"])
        point = self._key.public_key().public_numbers()
        cose = encode_cbor({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self._id).to_bytes(2, "big") + self._id + cose
        data = self._data(ATTESTED) + attested
        told = {"attestationObject": encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})}
        return self._credential(told, "webauthn.create", options["challenge"])

    def answer(self, options: dict[str, Any]) -> dict[str, Any]:
        data = self._data(0)
        client = self._client_data("webauthn.get", options["challenge"])
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        told = {"authenticatorData": data, "signature": signature, "userHandle": self._user}
        return self._credential(told, "webauthn.get", options["challenge"])

    def _data(self, flags: int) -> bytes:
        site = hashlib.sha256(self._site.encode()).digest()
        return site + bytes([flags | PRESENT | VERIFIED]) + bytes(4)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps(
            {"type": kind, "challenge": challenge, "origin": self._origin, "crossOrigin": False}
        ).encode()

    def _credential(self, told: dict[str, bytes], kind: str, challenge: str) -> dict[str, Any]:
        response = told | {"clientDataJSON": self._client_data(kind, challenge)}
        return {
            "id": bytes_to_base64url(self._id),
            "rawId": bytes_to_base64url(self._id),
            "type": "public-key",
            "response": {name: bytes_to_base64url(value) for name, value in response.items()},
            "clientExtensionResults": {},
        }
