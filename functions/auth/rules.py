"""What an email address and a password must be like. No I/O."""

import unicodedata

from email_validator import EmailNotValidError, validate_email

from shared.errors import InvalidRequest

PASSWORD_MINIMUM = 8
PASSWORD_MAXIMUM = 1000
EMAIL_MAXIMUM = 254


def normalise_email(given: str) -> str:
    """The one spelling under which an address is kept: trimmed, Unicode NFC, lower case.

    Raises ValueError where it isn't an address. Whether mail arrives there is not asked.
    """
    try:
        valid = validate_email(
            given.strip(),
            strict=True,
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,  # admits the reserved domain .test
        )
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
    if "." not in valid.ascii_domain:
        raise ValueError("The part after the @-sign needs a dot.")
    normalised = unicodedata.normalize("NFC", valid.normalized.lower())
    if len(normalised) > EMAIL_MAXIMUM:
        raise ValueError(f"An address has at most {EMAIL_MAXIMUM} characters.")
    return normalised


def email_to_look_up(given: str) -> str | None:
    """The spelling to look an address up by, or None where no account can have it."""
    try:
        return normalise_email(given)
    except ValueError:
        return None


def check_password(password: str, email: str) -> None:
    """Raise InvalidRequest, naming the field, where the password is too easy to guess."""
    if len(password) < PASSWORD_MINIMUM:
        raise InvalidRequest.field("password", f"needs at least {PASSWORD_MINIMUM} characters")
    if len(password) > PASSWORD_MAXIMUM:
        raise InvalidRequest.field("password", f"has more than {PASSWORD_MAXIMUM} characters")
    if not password.strip():
        raise InvalidRequest.field("password", "is blank")
    if password.strip().lower() == email:
        raise InvalidRequest.field("password", "is the email address")
