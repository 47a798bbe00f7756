"""Encryption of stored API keys: AES-256-GCM under a key derived from ENCRYPTION_KEY.

A ciphertext is: one byte of format, 4 bytes that name the passphrase, 12 of nonce, and the
sealed key. What it belongs to (the row's id) is authenticated with it, so rows can't be swapped.
"""

import hashlib
import os
import time
import uuid
from collections.abc import Callable, Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.config import ConfigurationError

_FORMAT = b"\x01"
_SALT = b"learning-app gemini keys"
_NAME, _NONCE = 4, 12
_LOOK_AGAIN_SECONDS = 60.0


@lru_cache(maxsize=4)
def _derived(passphrase: str) -> bytes:
    # scrypt with 16 MB: a passphrase typed by a person must not be guessable from a table dump.
    return hashlib.scrypt(passphrase.encode(), salt=_SALT, n=2**14, r=8, p=1, dklen=32)


def _name(key: bytes) -> bytes:
    return hashlib.sha256(b"name" + key).digest()[:_NAME]


class KeyCipher:
    """Seals with the first passphrase, opens with any of them: that is how one is rotated.

    `look_again` reads the passphrases anew. A process that lives through a rotation asks it when
    it meets a ciphertext of a passphrase that it doesn't know, at most once a minute for each.
    """

    def __init__(
        self, passphrases: Sequence[str], look_again: Callable[[], Sequence[str]] | None = None
    ) -> None:
        self._passphrases = tuple(passphrases)
        self._look_again = look_again
        self._looked_for: dict[bytes, float] = {}

    def renew(self) -> None:
        """Reads the passphrases anew, so that what is sealed next is sealed with the newest."""
        if self._look_again is not None:
            self._passphrases = tuple(self._look_again())

    def seal(self, secret: str, owner: uuid.UUID) -> bytes:
        """The ciphertext of `secret`, bound to `owner`."""
        key, nonce = _derived(self._passphrases[0]), os.urandom(_NONCE)
        sealed = AESGCM(key).encrypt(nonce, secret.encode(), owner.bytes)
        return _FORMAT + _name(key) + nonce + sealed

    def open(self, sealed: bytes, owner: uuid.UUID) -> str:
        """The secret. Raises ConfigurationError where no passphrase fits."""
        key = self._key_named(sealed[1 : 1 + _NAME])
        rest = sealed[1 + _NAME :]
        try:
            if key is not None:
                return AESGCM(key).decrypt(rest[:_NONCE], rest[_NONCE:], owner.bytes).decode()
        except (InvalidTag, ValueError):
            # ValueError: too little is left of a damaged row.
            pass
        raise ConfigurationError("a stored Gemini key can't be opened with this ENCRYPTION_KEY")

    def is_current(self, sealed: bytes) -> bool:
        """Whether it is sealed with the first passphrase."""
        return sealed[1 : 1 + _NAME] == _name(_derived(self._passphrases[0]))

    def _key_named(self, name: bytes) -> bytes | None:
        found = self._known(name)
        if found is None and self._is_worth_a_look(name):
            self.renew()
            found = self._known(name)
        return found

    def _is_worth_a_look(self, name: bytes) -> bool:
        now = time.monotonic()
        if now - self._looked_for.get(name, float("-inf")) <= _LOOK_AGAIN_SECONDS:
            return False
        self._looked_for[name] = now
        return True

    def _known(self, name: bytes) -> bytes | None:
        keys = map(_derived, self._passphrases)
        return next((key for key in keys if _name(key) == name), None)
