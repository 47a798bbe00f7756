"""One API call in progress: who calls, what its record says, which faults strike it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scripts.gemini_emulator.api_errors import bearer_token_refused, model_not_found
from scripts.gemini_emulator.call_statistics import CallRecord
from scripts.gemini_emulator.connection import Connection
from scripts.gemini_emulator.fault_errors import BY_NAME, ErrorContext
from scripts.gemini_emulator.faults import Call, Fault
from scripts.gemini_emulator.generation import encode
from scripts.gemini_emulator.keys import ApiKey
from scripts.gemini_emulator.latency import LatencyDraw
from scripts.gemini_emulator.models import CATALOGUE, Model
from scripts.gemini_emulator.state import Emulator

FIRST_SERVER_ERROR = 500


@dataclass
class ApiCall:
    emulator: Emulator
    connection: Connection
    record: CallRecord
    key: ApiKey
    faults: list[Fault] = field(default_factory=list)

    def model(self) -> Model:
        """The model called; raises 404 where there is none or it can't do the method."""
        model = CATALOGUE.get(self.record.model)
        if model is None or self.record.method not in model.methods:
            raise model_not_found(self.record.model, self.record.version, self.record.method)
        return model

    def meet_faults(self, kind: str, text: str, fingerprint: str, *, repair: bool = False) -> None:
        """Note what the call is about and which faults strike; raise those before the quota."""
        record = self.record
        record.kind, record.repair, record.fingerprint = kind, repair, fingerprint
        record.occurrence = self.emulator.next_occurrence(fingerprint)
        self.faults = self.emulator.striking(
            Call(
                key=self.key.alias,
                project=self.key.project,
                model=record.model,
                kind=kind,
                method=record.method,
                text=text,
                repair=repair,
                fingerprint=fingerprint,
                occurrence=record.occurrence,
                at=time.monotonic(),
            )
        )
        record.faults = [fault.effect for fault in self.faults]
        self._raise_error(after_admission=False)

    def admit(self, *, embedding: bool = False) -> None:
        """Book the quota; then raise what fails inside the service: a 5xx has cost its request."""
        self.emulator.admit(self.record, self.key, embedding=embedding)
        self._raise_error(after_admission=True)

    def admit_free(self) -> None:
        """For methods that cost no quota."""
        self._raise_error(after_admission=True)

    async def answer(self, body: Mapping[str, Any]) -> None:
        await self.connection.answer(200, encode(body))

    def _raise_error(self, *, after_admission: bool) -> None:
        for fault in self.faults:
            build = BY_NAME.get(fault.effect)
            if build is None:
                continue
            error = build(ErrorContext(self.key, self.record.model, fault.parameters))
            if (error.code >= FIRST_SERVER_ERROR) == after_admission:
                raise error

    def draw(self) -> LatencyDraw:
        return self.emulator.draw(self.record, self.faults)


def open_call(emulator: Emulator, connection: Connection, record: CallRecord) -> ApiCall:
    """Authenticate by header or query as Google does, the header first."""
    value = connection.headers.get("x-goog-api-key") or connection.query.get("key")
    if not value and "authorization" in connection.headers:
        raise bearer_token_refused(record.method[:1].upper() + record.method[1:])
    key = emulator.keys.authenticate(value)
    record.key, record.project = key.alias, key.project
    return ApiCall(emulator, connection, record, key)
