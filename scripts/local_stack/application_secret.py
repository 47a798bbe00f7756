"""What the secret `application` of a stack must hold, on AWS and on the local stack alike."""

from collections.abc import Mapping


def application_secret(
    present: Mapping[str, str], jwt_secret: str, encryption_key: str
) -> dict[str, str]:
    """The secret with these values.

    A new encryption key keeps the one before it beside it: what is sealed with that can still be
    opened until scripts.seal_keys_anew has been run.
    """
    wanted = {"jwt_secret": jwt_secret, "encryption_key": encryption_key}
    last = present.get("encryption_key")
    previous = present.get("previous_encryption_key") if last == encryption_key else last
    return {**wanted, "previous_encryption_key": previous} if previous else wanted
