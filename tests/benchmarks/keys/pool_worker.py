"""One process of this project's own client. What is saturated comes back at its slot, as by SQS."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from shared.ai import (
    DataPart,
    Lane,
    LanguageModel,
    LanguageModelError,
    ModelRequest,
    ModelSaturated,
    ModelUnavailable,
)
from shared.ai.keyring import KeyRing
from shared.ai.keys import ApiKey
from shared.ai.wiring import build_ai_layer
from shared.config import Settings
from shared.identifiers import new_id
from tests.benchmarks.keys.work import TASK, Solutions, data_parts, read_order, serve_all


async def _serve(model: LanguageModel, number: int, job: object, ends_at: float) -> bool:
    first, second = data_parts(number)
    while time.time() < ends_at:
        request = ModelRequest(
            lane=Lane.GENERATION,
            purpose="verify",
            system_instruction=TASK,
            parts=(DataPart(first), DataPart(second), "Solve."),
            max_output_tokens=500,
            temperature=0.0,
            deadline=datetime.now(UTC) + timedelta(seconds=60),
            response_type=Solutions,
            job_id=job,
        )
        try:
            await model.generate(request)
        except ModelSaturated as saturated:
            await asyncio.sleep(max(0.0, (saturated.until - datetime.now(UTC)).total_seconds()))
        except ModelUnavailable as unavailable:
            await asyncio.sleep(unavailable.retry_after)
        except LanguageModelError:
            return False
        else:
            return True
    return False


async def _timed(model: LanguageModel, number: int, job: object, ends_at: float) -> float | None:
    return time.time() if await _serve(model, number, job, ends_at) else None


async def _main() -> None:
    order = read_order()
    settings = Settings(
        redis_url=order["redis_url"],
        gemini_base_url=order["base_url"],
        gemini_model=order["model"],
        gemini_quotas={order["model"]: {"rpm": order["rpm"], "tpm": 10_000_000, "rpd": 100_000}},
    )
    keys = [ApiKey(key["alias"], SecretStr(key["value"]), key["project"]) for key in order["keys"]]
    layer = build_ai_layer(settings, KeyRing(keys, settings.gemini_quotas))
    await layer.client.prepare()
    job = new_id()
    await serve_all(order, lambda number, ends_at: _timed(layer.model, number, job, ends_at))


if __name__ == "__main__":
    asyncio.run(_main())
