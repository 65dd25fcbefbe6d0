"""What is deployed fits: the sizes of contracts as the chain will hold them."""

import json
import sys

from . import foundry

# EIP-170 and EIP-3860.
RUNTIME_CAP = 24_576
INIT_CAP = 49_152


def main():
    done = foundry.run(["forge", "build", "--sizes", "--json", "src"], foundry.environment("sizes"))
    try:
        sizes = json.loads(done.stdout[done.stdout.index("{") :])
    except ValueError:
        print(done.stdout)
        foundry.fail("forge named no sizes", "see above")
    failed = 0
    print(f"{'contract':16} {'runtime':>8} {'of ' + str(RUNTIME_CAP):>9} {'init':>8}")
    deployed = {name: size for name, size in sizes.items() if name in contracts()}
    for name, size in sorted(deployed.items()):
        runtime, init = size["runtime_size"], size["init_size"]
        fits = runtime < RUNTIME_CAP and init < INIT_CAP
        failed += not fits
        print(f"{name:16} {runtime:8} {runtime / RUNTIME_CAP:9.1%} {init:8}{'' if fits else '  TOO LARGE'}")
    print(f"{len(deployed) - failed} passed, {failed} failed")
    return 1 if failed or not deployed else 0


def contracts():
    """The contracts that are deployed: each has a file of its name in src."""
    return {path.stem for path in (foundry.CONTRACTS / "src").glob("*.sol")}


if __name__ == "__main__":
    sys.exit(main())
