"""What a node costs that has nothing to do: how soon it is ready, its memory, and what it asks its endpoint for."""

import time
from pathlib import Path

from . import rpc
from .slashing import all_with
from .waiting import MINUTE, until

# How long it is watched, in seconds.
WATCHED = 60


def idle(network, starts):
    """Starts A again and again, then leaves all three alone for a minute."""
    node, others = network["A"], [network["B"], network["C"]]
    # Settings as `williw init` writes them, or the rate of requests would be that of the stories.
    for one in (node, *others):
        one.poll_ms = None
    network.chain.finalized(network.chain.height())
    milliseconds = [started(node) for _ in range(starts)]
    node.start()
    network.start(["B", "C"])
    until("the members are connected", MINUTE, lambda: all_with(node, others))
    before, since = requests(node), time.monotonic()
    # This is what is measured, not something that is waited for.
    time.sleep(WATCHED)
    per_minute = (requests(node) - before) * 60 / (time.monotonic() - since)
    return {
        "ready_ms": sorted(milliseconds),
        "peak_rss_bytes": peak_bytes(node),
        "requests_per_minute": round(per_minute, 1),
    }


def started(node):
    """Milliseconds from the start of the program until it says that it can read the chain."""
    since = time.monotonic()
    node.start()
    until(f"{node.name} is ready", MINUTE, lambda: healthy(node), pause=0.002)
    took = round(1000 * (time.monotonic() - since))
    node.end()
    return took


def healthy(node):
    return rpc.exchange(f"http://{node.http}/health")[0] == 200


def requests(node):
    return sum(endpoint["requests"] for endpoint in node.of_chain("base")["endpoints"])


def peak_bytes(node):
    """The most memory that it ever had in RAM, as the kernel has it."""
    status = Path(f"/proc/{node.child.program.pid}/status").read_text("ascii")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return 1024 * int(kilobytes)
