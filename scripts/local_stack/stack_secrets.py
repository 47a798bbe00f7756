"""What the secrets of a stack must hold, on AWS and on the local stack alike."""

from collections.abc import Mapping


def encryption_secret(present: Mapping[str, str], encryption_key: str) -> dict[str, str]:
    """The secret `encryption` with this key, where `present` is what it holds.

    A new encryption key keeps the one before it beside it: what is sealed with that can still be
    opened until scripts.seal_keys_anew has been run.
    """
    last = present.get("encryption_key")
    previous = present.get("previous_encryption_key") if last == encryption_key else last
    wanted = {"encryption_key": encryption_key}
    return {**wanted, "previous_encryption_key": previous} if previous else wanted


def present_encryption(
    application: Mapping[str, str], encryption: Mapping[str, str]
) -> Mapping[str, str]:
    """What Gemini keys are sealed with now.

    A stack whose secret `application` held the encryption key too, and was just updated, has a
    secret `encryption` with a new key that nothing is sealed with yet.
    """
    return application if "encryption_key" in application else encryption
