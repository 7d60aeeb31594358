"""Canyon behind nginx and HAProxy, and spoken to by websocket-client through the PROXY protocol; $CANYON_PROGRAM says which
program canyon is.

Every wait has a limit of its own: LIMIT seconds.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import websocket
from websockets.sync.client import connect

LIMIT = 20
STARTED = "WebSocket server started on "


class Process:
    """A program that ends with the test."""

    def __init__(self, test, *words, **options):
        self.process = subprocess.Popen([*map(str, words)], **options)
        # No wait for its output lasts longer.
        timer = threading.Timer(LIMIT, self.process.kill)
        timer.start()
        test.addCleanup(timer.cancel)
        test.addCleanup(self.end)

    def end(self):
        self.process.kill()
        self.process.wait(LIMIT)
        if self.process.stdout:
            self.process.stdout.close()


class Canyon(Process):
    def __init__(self, test, *arguments):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CANYON_")}
        words = [os.environ["CANYON_PROGRAM"], *arguments]
        super().__init__(test, *words, stdout=subprocess.PIPE, text=True, env=environment)
        self.address = self.line().removeprefix(STARTED)

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    @property
    def port(self):
        return int(self.address.rsplit(":", 1)[1])


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_for(port):
    """Returns when somebody listens there."""
    end = time.monotonic() + LIMIT
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), LIMIT).close()
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise


class Proxies(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def configuration(self, name, text):
        file = self.folder / name
        file.write_text(text)
        return file

    def nginx(self, backend):
        """nginx's port; it passes WebSockets on to the backend."""
        port = free_port()
        logs = self.folder
        file = self.configuration("nginx.conf", f"""
            daemon off; master_process off; pid {logs}/pid; error_log {logs}/error.log;
            events {{}}
            http {{
                access_log off;
                client_body_temp_path {logs}/body; proxy_temp_path {logs}/proxy; fastcgi_temp_path {logs}/fastcgi;
                uwsgi_temp_path {logs}/uwsgi; scgi_temp_path {logs}/scgi;
                server {{
                    listen 127.0.0.1:{port};
                    location / {{
                        proxy_pass {backend};
                        proxy_http_version 1.1;
                        proxy_set_header Upgrade $http_upgrade;
                        proxy_set_header Connection upgrade;
                        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                    }}
                }}
            }}""")
        Process(self, "nginx", "-p", logs, "-c", file, "-e", logs / "error.log")
        wait_for(port)
        return port

    def haproxy(self, backend, send):
        """HAProxy's port; it passes connections on to the backend's port."""
        port = free_port()
        file = self.configuration("haproxy.cfg", f"""
defaults
    mode tcp
    timeout connect {LIMIT}s
    timeout client {LIMIT}s
    timeout server {LIMIT}s
listen front
    bind 127.0.0.1:{port}
    server canyon 127.0.0.1:{backend} {send}
""")
        Process(self, "haproxy", "-db", "-f", file, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(port)
        return port

    def chat(self, port, **options):
        """Says hello, and gives the client's own address."""
        with connect(f"ws://127.0.0.1:{port}/", open_timeout=LIMIT, **options) as client:
            client.send("hello")
            self.assertEqual(client.recv(LIMIT), "Server received: hello")
            return "{}:{}".format(*client.local_address)

    @unittest.skipIf(shutil.which("nginx") is None, "needs nginx")
    def test_nginx_passes_websockets_on_over_a_unix_socket(self):
        path = self.folder / "canyon.sock"
        # nginx's process is root's where the tests are, and else the user's.
        canyon = Canyon(self, "--listen", f"unix:{path}", "--public")
        self.chat(self.nginx(f"http://unix:{path}:"))
        self.assertRegex(canyon.line(), r"^Client connected from unix:\d+$")

    @unittest.skipIf(shutil.which("nginx") is None, "needs nginx")
    def test_nginx_says_who_the_client_is_whatever_that_one_makes_up(self):
        path = self.folder / "canyon.sock"
        canyon = Canyon(self, "--listen", f"unix:{path}", "--public", "--forwarded-header", "x-forwarded-for",
                        "--trusted-proxy", "unix")
        self.chat(self.nginx(f"http://unix:{path}:"), additional_headers={"X-Forwarded-For": "203.0.113.7"})
        self.assertEqual(canyon.line(), "Client connected from 127.0.0.1")

    @unittest.skipIf(shutil.which("haproxy") is None, "needs HAProxy")
    def test_haproxy_says_in_both_versions_who_the_client_is(self):
        for send in ["send-proxy", "send-proxy-v2"]:
            with self.subTest(send=send):
                canyon = Canyon(self, "--port", "0", "--host", "127.0.0.1", "--proxy-protocol")
                port = self.haproxy(canyon.port, send)
                client = self.chat(port)
                lines = [canyon.line() for _ in range(3)]
                self.assertEqual(lines[:2], [f"Client connected from {client}", "Received from client: hello"])

    @unittest.skipIf(shutil.which("haproxy") is None, "needs HAProxy")
    def test_haproxy_without_the_protocol_is_told_apart(self):
        canyon = Canyon(self, "--port", "0", "--host", "127.0.0.1", "--proxy-protocol")
        port = self.haproxy(canyon.port, "")
        with self.assertRaises(Exception):
            self.chat(port)
        lines = [canyon.line(), canyon.line()]
        self.assertTrue(any('the connection begins with "GET / HTTP/1' in line for line in lines), lines)

    def test_websocket_client_connects_through_the_protocol(self):
        canyon = Canyon(self, "--port", "0", "--host", "127.0.0.1", "--proxy-protocol")
        stream = socket.create_connection(("127.0.0.1", canyon.port), LIMIT)
        stream.sendall(b"PROXY TCP4 203.0.113.7 127.0.0.1 51000 80\r\n")
        client = websocket.create_connection(f"ws://127.0.0.1:{canyon.port}/", socket=stream, timeout=LIMIT)
        self.addCleanup(client.shutdown)
        client.send("hello")
        self.assertEqual(client.recv(), "Server received: hello")
        self.assertEqual(canyon.line(), "Client connected from 203.0.113.7:51000")
