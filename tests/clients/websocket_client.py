"""Python's websocket-client."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import websocket
from websocket import ABNF

WAIT = 3
AT_ONCE = 8


def shown(kind, data):
    if kind == ABNF.OPCODE_TEXT:
        # As its recv() does, an error included.
        return {"kind": "text", "size": len(data), "start": data.decode()[:16]}
    return {"kind": "binary", "size": len(data), "start": data[:8].hex()}


def tried(url):
    report = dict(url=url, opened=False, messages=[], code=None, reason="", clean=False, error="", waited=False)
    connection = None
    try:
        connection = websocket.create_connection(url, timeout=WAIT)
        report["opened"] = True
        connection.send("hello")
        while True:
            # What recv() calls, which hides a message's kind and the code of a close.
            kind, data = connection.recv_data(control_frame=False)
            if kind == ABNF.OPCODE_CLOSE:
                report["clean"] = True
                report["code"] = int.from_bytes(data[:2], "big") if len(data) >= 2 else 1005
                report["reason"] = data[2:].decode(errors="replace")
                break
            report["messages"].append(shown(kind, data))
            if (kind, data) == (ABNF.OPCODE_TEXT, b"hello"):
                connection.send("again")
            elif (kind, data) == (ABNF.OPCODE_TEXT, b"again"):
                connection.send_close(1000)
    except websocket.WebSocketTimeoutException:
        report["waited"] = True
    except Exception as error:
        # Behind this mark it prints the head and the body of the answer.
        report["error"] = f"{type(error).__name__}: {error}".split(" -+-+- ")[0]
    finally:
        if connection is not None:
            connection.shutdown()
    return report


urls = [line.strip() for line in sys.stdin if line.strip()]
with ThreadPoolExecutor(AT_ONCE) as pool:
    for report in pool.map(tried, urls):
        print(json.dumps(report), flush=True)
