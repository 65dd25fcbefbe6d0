"""Programs that we start, and that end with us, whichever way we end."""

import ctypes
import os
import signal
import subprocess
import time

from .waiting import Unmet

PR_SET_PDEATHSIG = 1
PRCTL = ctypes.CDLL(None, use_errno=True).prctl
# What a program gets to end by itself once it was asked to.
GRACE_SECONDS = 10
# How long nothing is said to somebody who waits for a program that says nothing itself.
SILENCE_SECONDS = 10


def tied_to(parent):
    """What a child does before it becomes a program: the kernel is to kill it when the thread that started it ends.

    So children are started from the main thread only.
    """

    def tie():
        PRCTL(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return tie


def clean_environment():
    """Ours, without what would turn a program away from this network."""
    settings = ("WILLIW_", "ETH_", "CAST_", "FOUNDRY_", "DAPP_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(settings)}
    return {**kept, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "NO_COLOR": "1"}


class Child:
    """A program in a session of its own, so that Ctrl-C reaches us and not it."""

    def __init__(self, name, command, out, log, **options):
        self.name = name
        # Where what it says is kept, if it stays.
        self.kept = ()
        environment = {**clean_environment(), **options.pop("environment", {})}
        self.program = subprocess.Popen(
            [str(word) for word in command], env=environment, stdin=options.pop("stdin", subprocess.DEVNULL), stdout=out,
            stderr=log, start_new_session=True, preexec_fn=tied_to(os.getpid()), **options,
        )

    @property
    def alive(self):
        return self.program.poll() is None

    @property
    def code(self):
        """As a shell has it; None while it runs."""
        code = self.program.poll()
        return 128 - code if code is not None and code < 0 else code

    def tell(self, number):
        if self.alive:
            self.program.send_signal(number)

    def kill(self):
        """Also whatever it started."""
        if self.alive:
            os.killpg(self.program.pid, signal.SIGKILL)
        self.program.wait()

    def end(self, seconds=GRACE_SECONDS):
        """Asks it to end; True if it did so by itself."""
        self.tell(signal.SIGTERM)
        # It may have been frozen.
        self.tell(signal.SIGCONT)
        try:
            self.program.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True


class Children:
    def __init__(self, folder):
        self.folder = folder
        self.started = []

    def start(self, name, command, **options):
        """A program that stays. What it says goes to files; (child, the file of its stdout)."""
        out, log = self.folder / f"{name}.out", self.folder / f"{name}.log"
        # Both are kept when a program is started again.
        with open(out, "ab") as out_file, open(log, "ab") as log_file:
            child = Child(name, command, out_file, log_file, **options)
        child.kept = (log, out)
        self.started.append(child)
        return child, out

    def begin(self, command, seconds, **options):
        """A program that ends by itself, within some seconds; `finish` waits for it."""
        return Errand(self, command, seconds, **options)

    def run(self, command, seconds, say=None, **options):
        """What a program said. With `say` whoever waits for it hears now and then that it still runs."""
        return self.begin(command, seconds, **options).finish(say)

    def stop(self):
        """Ends all, those that were started last first, and says which of them had to be killed."""
        left = [child for child in reversed(self.started) if child.alive]
        for child in left:
            child.tell(signal.SIGTERM)
            child.tell(signal.SIGCONT)
        deadline = time.monotonic() + GRACE_SECONDS
        return [child.name for child in left if not child.end(max(0, deadline - time.monotonic()))]


class Errand:
    def __init__(self, children, command, seconds, log=subprocess.PIPE, **options):
        self.words = " ".join(str(word) for word in command)
        self.begun = time.monotonic()
        self.deadline = self.begun + seconds
        self.child = Child(os.path.basename(str(command[0])), command, subprocess.PIPE, log, **options)
        children.started.append(self.child)
        self.children = children

    def finish(self, say=None):
        """Its stdout; Unmet with its last words if it failed."""
        try:
            out, log = self.wait(say)
        finally:
            # Also when we are stopped while it runs.
            self.child.kill()
            self.children.started.remove(self.child)
        if self.child.code:
            said = last_lines((log or b"").decode("utf-8", "replace") or out.decode("utf-8", "replace"), 12)
            raise Unmet(f"`{self.words}` ended with {self.child.code}:\n{said}")
        return out.decode("utf-8")

    def wait(self, say):
        while True:
            left = max(0, self.deadline - time.monotonic())
            try:
                return self.child.program.communicate(timeout=min(left, SILENCE_SECONDS) if say else left)
            except subprocess.TimeoutExpired:
                if time.monotonic() >= self.deadline:
                    raise Unmet(f"`{self.words}` did not end in time") from None
                say(f"still at it ({round(time.monotonic() - self.begun)} s)")


def last_lines(text, count):
    return "\n".join(f"    {line}" for line in text.splitlines()[-count:])
