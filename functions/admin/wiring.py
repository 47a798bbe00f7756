"""Joins the administration of keys with the outside."""

from functions.admin.key_store import KeyTable
from functions.admin.service import AdministeredKey, Configured, KeyAdministration
from shared.ai.keyring import KeyRing
from shared.ai.wiring import announce_key_change, get_key_cipher
from shared.config import get_settings
from shared.web.transaction import Transaction


def build_key_administration(transaction: Transaction, ring: KeyRing) -> KeyAdministration:
    """The administration of keys for one request; what changed is announced after its commit."""
    settings = get_settings()
    configured = Configured(
        keys=ring.configured,
        source="secrets_manager" if settings.gemini_secret_arn else "environment",
        separate_projects=settings.gemini_keys_are_separate_projects,
    )

    def announce(tried_anew: AdministeredKey | None) -> None:
        alias, project = (tried_anew.alias, tried_anew.project) if tried_anew else (None, None)
        transaction.after_commit(lambda: announce_key_change(alias, project))

    return KeyAdministration(KeyTable(transaction.session), configured, get_key_cipher, announce)
