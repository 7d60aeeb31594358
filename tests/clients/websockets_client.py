"""Python's websockets, its asyncio client."""

import asyncio
import json
import sys

import websockets

WAIT = 3
AT_ONCE = 8


def shown(data):
    if isinstance(data, str):
        return {"kind": "text", "size": len(data.encode()), "start": data[:16]}
    return {"kind": "binary", "size": len(data), "start": data[:8].hex()}


async def tried(url):
    report = dict(url=url, opened=False, messages=[], code=None, reason="", clean=False, error="", waited=False)
    try:
        async with asyncio.timeout(WAIT):
            connection = await websockets.connect(url, proxy=None, close_timeout=WAIT)
    except TimeoutError:
        report["waited"] = True
        return report
    except Exception as error:
        report["error"] = described(error)
        return report
    report["opened"] = True
    try:
        async with asyncio.timeout(WAIT):
            # At the same time: a full queue of received frames would keep send() waiting for the end.
            hello = asyncio.create_task(send(connection, "hello"))
            while True:
                data = await connection.recv()
                report["messages"].append(shown(data))
                if data == "hello":
                    await send(connection, "again")
                elif data == "again":
                    await connection.close(1000)
    except TimeoutError:
        report["waited"] = True
    except websockets.ConnectionClosed as closed:
        report["clean"] = closed.rcvd is not None
        report["code"] = connection.close_code
        report["reason"] = connection.close_reason or ""
        if isinstance(closed, websockets.ConnectionClosedError):
            report["error"] = described(closed)
    except Exception as error:
        report["error"] = described(error)
    await connection.close()
    await hello
    return report


async def send(connection, text):
    try:
        await connection.send(text)
    except websockets.ConnectionClosed:
        # What came before the end can still be received.
        pass


def described(error):
    return f"{type(error).__name__}: {error}"


async def main():
    urls = [line.strip() for line in sys.stdin if line.strip()]
    free = asyncio.Semaphore(AT_ONCE)

    async def task(url):
        async with free:
            print(json.dumps(await tried(url)), flush=True)

    await asyncio.gather(*map(task, urls))


asyncio.run(main())
