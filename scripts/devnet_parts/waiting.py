"""Waiting for conditions, each with a deadline."""

import http.client
import time

# A loaded machine may take its time: these only bound what has gone wrong.
MOMENT = 30
MINUTE = 60
LONG = 180


class Unmet(Exception):
    """A condition that did not come true, or something that is not as it has to be."""


class Stopped(BaseException):
    """Somebody asked us to stop. Nothing that waits may take it for an answer that failed."""

    def __init__(self, number):
        super().__init__(f"signal {number}")
        self.number = number


def until(what, seconds, probe, pause=0.1):
    """The first answer of `probe` that counts as true.

    Who does not answer, or not in full, may do so later. A probe that raises Unmet ends the waiting at once.
    """
    end = time.monotonic() + seconds
    last = None
    while True:
        try:
            if answer := probe():
                return answer
        except (OSError, http.client.HTTPException, ValueError) as error:
            last = error
        if time.monotonic() >= end:
            raise Unmet(f"{what}: not within {seconds} s" + (f" ({last})" if last else ""))
        time.sleep(pause)


def require(condition, what):
    if not condition:
        raise Unmet(what)
