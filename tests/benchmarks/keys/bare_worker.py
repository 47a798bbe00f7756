"""One process of bare google-genai calls: no pool, no retries, a server without quotas.

What a call costs in CPU before anything is done about keys.
"""

import asyncio
import itertools
import time

from tests.benchmarks.keys.round_robin_worker import generate, open_client
from tests.benchmarks.keys.work import read_order, serve_all


async def _main() -> None:
    order = read_order()
    client = await open_client(order["base_url"])
    keys = itertools.cycle([key["value"] for key in order["keys"]])

    async def timed(number: int, _ends_at: float) -> float:
        await generate(client, order["model"], next(keys), number)
        return time.time()

    await serve_all(order, timed)


if __name__ == "__main__":
    asyncio.run(_main())
