"""Everything one running emulator knows."""

import time
from collections import Counter

from scripts.gemini_emulator.call_statistics import CallRecord, Statistics
from scripts.gemini_emulator.fault_effects import ReplyFaults
from scripts.gemini_emulator.faults import Call, Fault, FaultBook
from scripts.gemini_emulator.keys import ApiKey, KeyRing
from scripts.gemini_emulator.latency import LatencyDraw, draw
from scripts.gemini_emulator.quota_errors import quota_exceeded
from scripts.gemini_emulator.quotas import QuotaExceeded, QuotaLedger, pacific_date
from scripts.gemini_emulator.settings import Settings


class Emulator:
    """One per process; everything runs on one event loop, so nothing is locked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.start_afresh()

    def start_afresh(self) -> None:
        """Back to the settings: keys, quotas, latency, faults; statistics and counts at zero."""
        settings = self.settings
        self.latency = settings.latency
        self.keys = KeyRing(settings.keys)
        self.quotas = QuotaLedger(settings.quotas[0].limits, settings.admission)
        for rule in settings.quotas:
            self.quotas.set_limits(rule.project, rule.model, rule.limits, rule.used_today)
        self.faults = FaultBook(settings.seed)
        for fault in settings.faults:
            self.faults.add(fault, time.monotonic())
        self.clear_counts()

    def clear_counts(self) -> None:
        """Forget what happened; keys, limits, latency and faults stay as they are."""
        self.statistics = Statistics()
        self.occurrences: Counter[str] = Counter()
        self.reply_faults = ReplyFaults()
        self.quotas.accounts.clear()

    def next_occurrence(self, fingerprint: str) -> int:
        self.occurrences[fingerprint] += 1
        return self.occurrences[fingerprint]

    def draw(self, record: CallRecord, faults: list[Fault]) -> LatencyDraw:
        drawn = draw(self.latency, self.settings.seed, record.fingerprint, record.occurrence)
        for fault in faults:
            if fault.effect in ("slow", "slow_stream"):
                factor = float(fault.parameters.get("factor", 5))
                drawn = drawn.slowed(factor, tokens_only=fault.effect == "slow_stream")
        return drawn

    def striking(self, call: Call) -> list[Fault]:
        return self.faults.striking(call)

    def admit(self, record: CallRecord, key: ApiKey, *, embedding: bool = False) -> None:
        """Book the call on its project's quota; raises the 429 Google would answer."""
        account = self.quotas.account(key.project, record.model)
        try:
            account.admit(record.prompt_tokens, time.monotonic(), lambda: pacific_date(time.time()))
        except QuotaExceeded as exceeded:
            raise quota_exceeded(
                exceeded.violations, record.model, tier=self.settings.tier, embedding=embedding
            ) from exceeded
        record.admitted_at = time.time()
