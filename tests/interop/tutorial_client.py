"""The client that WebSocket tutorials teach: one task receives while a loop sends what is typed.

Usage: python tutorial_client.py ws://localhost:12345
"""

import asyncio
import sys

import websockets


async def receive(connection):
    try:
        while True:
            print(f"Received: {await connection.recv()}", flush=True)
    except websockets.ConnectionClosed:
        print("Connection closed by server", flush=True)


async def chat(url):
    async with websockets.connect(url) as connection:
        receiver = asyncio.create_task(receive(connection))
        while True:
            message = await asyncio.to_thread(input, "Enter message (or 'quit' to exit): ")
            if message.lower() == "quit":
                break
            await connection.send(message)
        receiver.cancel()


if __name__ == "__main__":
    asyncio.run(chat(sys.argv[1]))
