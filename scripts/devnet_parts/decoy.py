"""A socket at an address where nobody may knock."""

import socket


class Decoy:
    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.count = 0

    def packets(self):
        """How many came so far; the kernel keeps them until we look."""
        while True:
            try:
                self.socket.recvfrom(65_536)
            except BlockingIOError:
                return self.count
            self.count += 1

    def hears(self):
        """A knock of our own, so that silence means something."""
        before = self.packets()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knocking:
            knocking.sendto(b"knock", self.socket.getsockname())
        heard = self.packets() == before + 1
        self.count = before
        return heard

    def close(self):
        self.socket.close()
