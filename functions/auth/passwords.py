"""Password hashes: bcrypt, which is slow on purpose."""

import base64
import hashlib
import unicodedata

import bcrypt


class PasswordHasher:
    """Hashes and checks passwords; `cost` is the logarithm of bcrypt's rounds."""

    def __init__(self, cost: int) -> None:
        self._cost = cost
        # A well-formed hash that no password has: checking against it takes as long as any.
        self._nobody = f"$2b${cost:02d}${'.' * 53}"

    def hash(self, password: str) -> str:
        """A salted hash of `password`."""
        return bcrypt.hashpw(_digest(password), bcrypt.gensalt(self._cost)).decode()

    def verify(self, password: str, stored: str | None) -> bool:
        """Whether `stored` is of `password`. None is of nobody, and takes just as long."""
        matches = bcrypt.checkpw(_digest(password), (stored or self._nobody).encode())
        return matches and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether `stored` was made with another cost than passwords are hashed with now."""
        return not stored.startswith(f"$2b${self._cost:02d}$")


def _digest(password: str) -> bytes:
    """44 ASCII bytes: bcrypt takes no more than 72, and would end at a NUL.

    NFKC, so that a password typed on another keyboard or system is the same (NIST SP 800-63B).
    """
    text = unicodedata.normalize("NFKC", password)
    return base64.b64encode(hashlib.sha256(text.encode()).digest())
