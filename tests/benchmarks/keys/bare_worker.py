"""One process of bare google-genai calls: no pool, no retries, a server without quotas.

What a call costs in CPU before anything is done about keys.
"""

import asyncio
import itertools
import resource
import time

from tests.benchmarks.keys.round_robin_worker import generate, open_client
from tests.benchmarks.keys.work import read_order, report


async def _main() -> None:
    order = read_order()
    client = await open_client(order["base_url"])
    keys = itertools.cycle([key["value"] for key in order["keys"]])
    report(ready=True)
    starts_at = read_order()["starts_at"]
    await asyncio.sleep(max(0.0, starts_at - time.time()))
    before = resource.getrusage(resource.RUSAGE_SELF)

    async def timed(number: int) -> float:
        await generate(client, order["model"], next(keys), number)
        return time.time()

    finished = await asyncio.gather(*(timed(number) for number in order["numbers"]))
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    report(finished=list(finished), cpu_seconds=cpu)


if __name__ == "__main__":
    asyncio.run(_main())
