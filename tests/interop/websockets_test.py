"""Python's websockets as a client of the server at $CANYON_URL.

Each wait has its own time limit of LIMIT seconds.
"""

import asyncio
import os
import sys
import unittest
from pathlib import Path

import websockets
from websockets.frames import Close

URL = os.environ["CANYON_URL"]
LIMIT = 20


class Tutorial(unittest.IsolatedAsyncioTestCase):
    """The tutorial's client as a process, with its standard input as the keyboard."""

    async def test_it_chats_and_leaves_on_quit_in_any_case(self):
        client = await asyncio.create_subprocess_exec(
            sys.executable,
            Path(__file__).with_name("tutorial_client.py"),
            URL,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(LIMIT):
                for message in ["hello", "Straße 東京 🏜"]:
                    client.stdin.write(f"{message}\n".encode())
                    # The prompt may come before the end of the line: two tasks write to one terminal.
                    await client.stdout.readuntil(f"Received: Server received: {message}".encode())
                client.stdin.write(b"QUIT\n")
                self.assertEqual(await client.wait(), 0)
        finally:
            if client.returncode is None:
                client.kill()
                await client.wait()


class Answers(unittest.IsolatedAsyncioTestCase):
    """The answers of `/` and `/echo`."""

    async def ask(self, path, *messages, **options):
        async with asyncio.timeout(LIMIT), websockets.connect(URL + path, **options) as connection:
            answers = []
            for message in messages:
                await connection.send(message)
                answers.append(await connection.recv())
            return answers

    async def test_a_text_is_answered_with_what_the_server_received(self):
        self.assertEqual(await self.ask("/", "hello"), ["Server received: hello"])

    async def test_an_empty_text_has_an_answer_too(self):
        self.assertEqual(await self.ask("/", ""), ["Server received: "])

    async def test_text_in_any_script_comes_back_unchanged(self):
        text = "Straße, 東京, שלום, 🏜️, \u0000 and \u200b"
        self.assertEqual(await self.ask("/", text), [f"Server received: {text}"])
        self.assertEqual(await self.ask("/echo", text), [text])

    async def test_binary_comes_back_as_it_is(self):
        every_byte = bytes(range(256))
        self.assertEqual(await self.ask("/", every_byte, b""), [every_byte, b""])
        self.assertEqual(await self.ask("/echo", every_byte, b""), [every_byte, b""])

    async def test_a_message_of_a_million_bytes_comes_back(self):
        binary = os.urandom(1_000_000)
        text = "0123456789" * 100_000
        self.assertEqual(await self.ask("/echo", binary, text), [binary, text])

    async def test_a_message_in_fragments_is_answered_as_one(self):
        self.assertEqual(await self.ask("/", ["a", "", "b", "c"]), ["Server received: abc"])
        self.assertEqual(await self.ask("/echo", [b"a", b"", b"bc"]), [b"abc"])

    async def test_answers_are_the_same_with_and_without_compression(self):
        text = "compress me, " * 1_000
        for compression in ["deflate", None]:
            with self.subTest(compression=compression):
                answers = await self.ask("/", text, "short", compression=compression)
                self.assertEqual(answers, [f"Server received: {text}", "Server received: short"])


class Connections(unittest.IsolatedAsyncioTestCase):
    """Handshake, ping, close, and order."""

    async def test_without_a_subprotocol_there_is_none(self):
        async with asyncio.timeout(LIMIT), websockets.connect(URL) as connection:
            self.assertIsNone(connection.subprotocol)

    async def test_a_path_that_does_not_exist_is_not_found(self):
        async with asyncio.timeout(LIMIT):
            with self.assertRaises(websockets.InvalidStatus) as refusal:
                await websockets.connect(URL + "/no/such/path")
        self.assertEqual(refusal.exception.response.status_code, 404)

    async def test_a_ping_is_answered_with_the_same_payload(self):
        async with asyncio.timeout(LIMIT), websockets.connect(URL) as connection:
            # Resolves only when a pong brings this payload back.
            await (await connection.ping(b"are you there?"))

    async def test_close_code_and_reason_come_back(self):
        async with asyncio.timeout(LIMIT), websockets.connect(URL) as connection:
            await connection.close(4001, "had enough")
            self.assertEqual(connection.protocol.close_rcvd, Close(4001, "had enough"))

    async def test_messages_sent_without_waiting_are_answered_in_order(self):
        async with asyncio.timeout(LIMIT), websockets.connect(URL + "/echo") as connection:

            async def send():
                for number in range(1_000):
                    await connection.send(str(number))

            sender = asyncio.create_task(send())
            answers = [await connection.recv() for _ in range(1_000)]
            await sender
            self.assertEqual(answers, [str(number) for number in range(1_000)])

    async def test_clients_at_the_same_time_get_their_own_answers(self):
        async def chat(client):
            async with websockets.connect(URL) as connection:
                for number in range(20):
                    await connection.send(f"{client} says {number}")
                    self.assertEqual(await connection.recv(), f"Server received: {client} says {number}")

        async with asyncio.timeout(LIMIT):
            await asyncio.gather(*(chat(f"client {number}") for number in range(50)))

