"""Encryption of stored API keys: AES-256-GCM under a key derived from ENCRYPTION_KEY.

A ciphertext is: one byte of format, 4 bytes that name the passphrase, 12 of nonce, and the
sealed key. What it belongs to (the row's id) is authenticated with it, so rows can't be swapped.
"""

import hashlib
import os
import uuid
from collections.abc import Sequence
from functools import cached_property, lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.config import ConfigurationError

_FORMAT = b"\x01"
_SALT = b"learning-app gemini keys"
_NAME, _NONCE = 4, 12


@lru_cache(maxsize=4)
def _derived(passphrase: str) -> bytes:
    # scrypt with 16 MB: a passphrase typed by a person must not be guessable from a table dump.
    return hashlib.scrypt(passphrase.encode(), salt=_SALT, n=2**14, r=8, p=1, dklen=32)


def _name(key: bytes) -> bytes:
    return hashlib.sha256(b"name" + key).digest()[:_NAME]


class KeyCipher:
    """Seals with the first passphrase, opens with any of them: that is how one is rotated."""

    def __init__(self, passphrases: Sequence[str]) -> None:
        self._passphrases = tuple(passphrases)

    @cached_property
    def _keys(self) -> list[bytes]:
        # Only once there is something to open: it takes 50 ms.
        return [_derived(passphrase) for passphrase in self._passphrases]

    def seal(self, secret: str, owner: uuid.UUID) -> bytes:
        """The ciphertext of `secret`, bound to `owner`."""
        key, nonce = self._keys[0], os.urandom(_NONCE)
        sealed = AESGCM(key).encrypt(nonce, secret.encode(), owner.bytes)
        return _FORMAT + _name(key) + nonce + sealed

    def open(self, sealed: bytes, owner: uuid.UUID) -> str:
        """The secret. Raises ConfigurationError where no passphrase fits."""
        named, rest = sealed[1 : 1 + _NAME], sealed[1 + _NAME :]
        for key in self._keys:
            if _name(key) != named:
                continue
            try:
                opened = AESGCM(key).decrypt(rest[:_NONCE], rest[_NONCE:], owner.bytes)
            except InvalidTag:
                break
            return opened.decode()
        raise ConfigurationError("a stored Gemini key can't be opened with this ENCRYPTION_KEY")

    def is_current(self, sealed: bytes) -> bool:
        """Whether it is sealed with the first passphrase."""
        return sealed[1 : 1 + _NAME] == _name(self._keys[0])
