"""The control endpoints under /_emulator: faults, keys, quotas, latency, statistics, reset."""

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scripts.gemini_emulator.latency import LatencySettings
from scripts.gemini_emulator.settings import QuotaRule, admission, change_latency, key_from_json
from scripts.gemini_emulator.state import Emulator

Endpoint = Callable[[Request], Awaitable[Response]]
BANNER = "Offline stand-in for the Gemini API: not Gemini, no model behind it."


class Control:
    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def application(self) -> Starlette:
        def route(path: str, endpoint: Endpoint, *methods: str) -> Route:
            return Route(f"/_emulator{path}", _checked(endpoint), methods=methods)

        return Starlette(
            routes=[
                route("/health", self.health, "GET"),
                route("/stats", self.stats, "GET"),
                route("/calls", self.calls, "GET"),
                route("/requests", self.requests, "GET"),
                route("/faults", self.faults, "GET", "POST", "DELETE"),
                route("/faults/{id}", self.remove_fault, "DELETE"),
                route("/keys", self.keys, "GET", "POST"),
                route("/keys/{alias}", self.remove_key, "DELETE"),
                route("/quotas", self.quotas, "GET", "POST"),
                route("/latency", self.latency, "GET", "POST"),
                route("/reset", self.reset, "POST"),
            ]
        )

    async def health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok", "banner": BANNER})

    async def stats(self, _request: Request) -> Response:
        return JSONResponse(self.emulator.statistics.summary())

    async def calls(self, _request: Request) -> Response:
        """Every finished call's record, oldest first."""
        return JSONResponse({"calls": self.emulator.statistics.calls()})

    async def requests(self, request: Request) -> Response:
        """The most recent request bodies, newest last; `?limit=` and `?kind=` choose."""
        limit = int(request.query_params.get("limit", "50"))
        kind = request.query_params.get("kind")
        kept = [
            {**asdict(record), "body": json.loads(self.emulator.keys.redact(_text(body)))}
            for record, body in self.emulator.statistics.bodies
            if kind in (None, record.kind) and _is_json(body)
        ]
        return JSONResponse({"requests": kept[-limit:]})

    async def faults(self, request: Request) -> Response:
        """POST takes one fault or a list of them; DELETE removes all."""
        book = self.emulator.faults
        if request.method == "POST":
            body = await request.json()
            made = [
                book.add(one, time.monotonic())
                for one in (body if isinstance(body, list) else [body])
            ]
            return JSONResponse({"faults": [fault.as_json() for fault in made]}, 201)
        if request.method == "DELETE":
            return JSONResponse({"removed": book.remove()})
        return JSONResponse({"faults": [fault.as_json() for fault in book.all()]})

    async def remove_fault(self, request: Request) -> Response:
        return _removed(self.emulator.faults.remove(request.path_params["id"]))

    async def keys(self, request: Request) -> Response:
        if request.method == "POST":
            body = await request.json()
            for one in body if isinstance(body, list) else [body]:
                self.emulator.keys.add(key_from_json(one))
        shown = [
            {"alias": key.alias, "project": key.project, "key": key.redacted}
            for key in self.emulator.keys.all()
        ]
        return JSONResponse({"keys": shown})

    async def remove_key(self, request: Request) -> Response:
        return _removed(int(self.emulator.keys.remove(request.path_params["alias"])))

    async def quotas(self, request: Request) -> Response:
        """POST {"admission", "quotas": [{"project", "model", "rpm", "tpm", "rpd", "used_today"}]}.

        Accounts under a changed rule, or all when the admission changes, start afresh.
        """
        ledger = self.emulator.quotas
        if request.method == "POST":
            body = await request.json()
            rules = [QuotaRule.from_json(one) for one in body.get("quotas") or []]
            if "admission" in body:
                ledger.set_admission(admission(body["admission"]))
            for rule in rules:
                ledger.set_limits(rule.project, rule.model, rule.limits, rule.used_today)
        shown = [
            {"project": project, "model": model, **asdict(limits)}
            for (project, model), limits in ledger.limits.items()
        ]
        used = [
            {"project": project, "model": model, "admitted": account.used_today}
            for (project, model), account in ledger.accounts.items()
        ]
        return JSONResponse({"admission": ledger.admission, "quotas": shown, "used": used})

    async def latency(self, request: Request) -> Response:
        if request.method == "POST":
            body = await request.json()
            self.emulator.latency = change_latency(self.emulator.latency, body)
        settings: LatencySettings = self.emulator.latency
        return JSONResponse(asdict(settings))

    async def reset(self, request: Request) -> Response:
        """Back to the start; with {"keep": "settings"} only counts and records are forgotten."""
        raw = await request.body()
        keep = json.loads(raw).get("keep") if raw else None
        if keep == "settings":
            self.emulator.clear_counts()
        else:
            self.emulator.start_afresh()
        return JSONResponse({"status": "ok"})


def _checked(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (ValueError, TypeError, KeyError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)

    return answer


def _removed(count: int) -> Response:
    return JSONResponse({"removed": count}, 200 if count else 404)


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True
