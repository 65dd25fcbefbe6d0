"""Endpoints that stand between a node and the chain: one that invents stake, and one that can hold its answers back."""

import copy
import http.server
import json
import threading

from . import rpc


class Exchange(http.server.BaseHTTPRequestHandler):
    """One connection of a node."""

    protocol_version = "HTTP/1.1"
    # Head and body leave together, or each answer would wait for an acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self):
        question = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            answer = self.server.proxy.answer(question)
        except OSError:
            # The chain is going down, and so are we.
            self.close_connection = True
            return
        try:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            self.wfile.flush()
        except ConnectionError:
            # Whoever asked did not wait for it.
            self.close_connection = True

    def log_message(self, *_):
        """The nodes say what they think of an endpoint."""


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A node that is killed breaks its connections; that is no news."""


class Proxy:
    """Passes everything on."""

    def __init__(self, target):
        self.target = target
        self.listener = Listener(("127.0.0.1", 0), Exchange)
        self.listener.proxy = self
        self.url = f"http://127.0.0.1:{self.listener.server_address[1]}"
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()

    def answer(self, question):
        return rpc.exchange(self.target, question)[1]

    def close(self):
        self.listener.shutdown()
        self.listener.server_close()


class Gate(Proxy):
    """Passes everything on while it is open. Shut, it answers nothing: whoever asks has to wait."""

    def __init__(self, target):
        self.opened = threading.Event()
        self.opened.set()
        super().__init__(target)

    def answer(self, question):
        self.opened.wait()
        return super().answer(question)

    def shut(self):
        self.opened.clear()

    def open(self):
        self.opened.set()

    def close(self):
        self.open()
        super().close()


class Liar(Proxy):
    """Ends every answer about logs with a registration that the chain never saw, numbered to follow the true ones."""

    def __init__(self, target, vault, registration):
        self.vault = vault
        self.registration = registration
        self.lies = 0
        super().__init__(target)

    def answer(self, question):
        asked, honest = json.loads(question), super().answer(question)
        if not isinstance(asked, dict) or asked.get("method") != "eth_getLogs":
            return honest
        reply = json.loads(honest)
        if "result" in reply:
            reply["result"].append(self.invention(asked["params"][0].get("toBlock", "latest")))
            self.lies += 1
        return json.dumps(reply).encode()

    def invention(self, height):
        logs = rpc.call(self.target, "eth_getLogs", {"address": self.vault, "fromBlock": "0x0", "toBlock": height})
        numbers = [int(log["topics"][1], 16) for log in logs if len(log["topics"]) == 4]
        block = rpc.call(self.target, "eth_getBlockByNumber", height, False)
        log = copy.deepcopy(self.registration)
        log["topics"][1] = rpc.word(max(numbers, default=0) + 1)
        log.update(blockNumber=block["number"], blockHash=block["hash"], blockTimestamp=block["timestamp"])
        # Behind every true log of the block.
        log["logIndex"] = hex(10_000)
        return log
