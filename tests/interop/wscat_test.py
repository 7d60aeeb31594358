"""wscat (the script $WSCAT) as a client of the server at $CANYON_URL.

Each wait has its own time limit of LIMIT seconds.
"""

import os
import select
import subprocess
import time
import unittest

try:
    import pty
except ImportError:  # Windows
    pty = None

WSCAT = ["node", os.environ["WSCAT"], "--connect", os.environ["CANYON_URL"]]
LIMIT = 20


class Command(unittest.TestCase):
    """wscat with one message on its command line."""

    def execute(self, *options):
        # Without an open standard input wscat exits at once.
        arguments = [*WSCAT, *options, "--execute", "hello", "--wait", "1"]
        with subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as wscat:
            try:
                status = wscat.wait(LIMIT)
                return status, wscat.stdout.read(), wscat.stderr.read()
            finally:
                wscat.kill()

    def test_the_answer_is_printed(self):
        self.assertEqual(self.execute(), (0, "Server received: hello\n", ""))

    def test_a_subprotocol_that_the_server_does_not_know_is_not_agreed_on(self):
        status, answer, error = self.execute("--subprotocol", "chat")
        # wscat fails the connection itself when the server agrees to none of its subprotocols.
        self.assertNotEqual(status, 0)
        self.assertEqual(answer, "")
        self.assertIn("Server sent no subprotocol", error)


@unittest.skipIf(pty is None, "needs a pseudo-terminal")
class Terminal(unittest.TestCase):
    """wscat in a terminal."""

    def setUp(self):
        self.terminal, other_end = pty.openpty()
        self.addCleanup(os.close, self.terminal)
        self.wscat = subprocess.Popen(
            [*WSCAT, "--slash", "--show-ping-pong"], stdin=other_end, stdout=other_end, stderr=other_end, env={**os.environ, "TERM": "dumb"}
        )
        os.close(other_end)
        self.addCleanup(self.wscat.wait)
        self.addCleanup(self.wscat.kill)
        self.see("Connected (press CTRL+C to quit)")

    def type(self, line):
        os.write(self.terminal, f"{line}\r".encode())

    def see(self, text):
        """Reads what wscat shows until the text is there."""
        shown = b""
        end = time.monotonic() + LIMIT
        while text.encode() not in shown:
            ready, _, _ = select.select([self.terminal], [], [], max(0, end - time.monotonic()))
            self.assertTrue(ready, f"waited {LIMIT} s for {text!r}, saw {shown!r}")
            shown += os.read(self.terminal, 4096)

    def test_each_line_that_is_typed_has_its_answer(self):
        for line in ["hello", "東京 🏜", "quit"]:
            self.type(line)
            self.see(f"< Server received: {line}")

    def test_a_ping_has_its_pong(self):
        self.type("/ping hello")
        self.see('< Received pong (data: "hello")')

    def test_a_close_code_comes_back(self):
        self.type("/close 4000 enough")
        self.see("Disconnected (code: 4000")
        self.assertEqual(self.wscat.wait(LIMIT), 0)
