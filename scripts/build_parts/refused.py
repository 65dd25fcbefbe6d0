"""How a build ends that cannot go on."""


class Refused(Exception):
    """What is wrong, and what to do about it."""

    def __init__(self, message, hint):
        super().__init__(message)
        self.hint = hint
