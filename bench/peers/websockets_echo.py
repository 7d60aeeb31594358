"""The tutorial's server on Python's websockets, which like the other peers answers with the message alone.

python websockets_echo.py --port NUMBER
"""

import asyncio
import sys

import websockets


async def echo(websocket):
    async for message in websocket:
        await websocket.send(message)


async def main(port):
    async with websockets.serve(echo, "127.0.0.1", port, max_size=16 << 20):
        await asyncio.get_running_loop().create_future()


asyncio.run(main(int(sys.argv[sys.argv.index("--port") + 1])))
