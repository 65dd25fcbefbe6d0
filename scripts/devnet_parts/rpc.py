"""JSON over HTTP to programs on this machine."""

import http.client
import json
from urllib.parse import urlsplit

from .waiting import Unmet

TIMEOUT_SECONDS = 10


def exchange(url, body=None):
    """(status, bytes) of a GET, or of a POST of these bytes."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
    try:
        headers = {"content-type": "application/json"} if body is not None else {}
        connection.request("GET" if body is None else "POST", parts.path or "/", body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def call(url, method, *params):
    """The result of a JSON-RPC call. What the endpoint refuses, it would refuse again."""
    question = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    _, answer = exchange(url, question.encode())
    reply = json.loads(answer)
    if "error" in reply:
        raise Unmet(f"{method}: {reply['error'].get('message')}")
    return reply["result"]


def word(number):
    """A number as a topic or an argument."""
    return f"0x{number:064x}"
