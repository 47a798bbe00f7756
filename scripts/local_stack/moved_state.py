"""What MiniStack keeps holds its own address: queues are found by their URL, functions are told it.

So where its port is another than last time, what it kept is moved there before it starts. Without
that, messages wait for ever in queues that nobody looks into.
"""

import re
from pathlib import Path

_QUEUE = re.compile(r"http://localhost:(\d+)/\d+/")


def move_state(state: Path, port: int) -> bool:
    """Let all files of `state` name `port`. Returns whether they named another one."""
    queues = state / "sqs.json"
    found = _QUEUE.search(queues.read_text()) if queues.is_file() else None
    if found is None or int(found[1]) == port:
        return False
    address = re.compile(rf"\b(localhost|127\.0\.0\.1):{found[1]}\b")
    # The queues come last: they tell a start after a broken one that there is still work to do.
    for file in sorted(state.glob("*.json"), key=lambda one: one == queues):
        moved = file.with_suffix(".moved")
        moved.write_text(address.sub(rf"\g<1>:{port}", file.read_text()))
        moved.replace(file)
    return True
