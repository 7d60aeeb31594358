"""Canyon over HTTP/2 as Python's h2 and wsproto see it: WebSockets by extended CONNECT (RFC 8441); $CANYON_URL says where
the server is, $CANYON_PROGRAM which program it is.

Every wait has a limit of its own: LIMIT seconds.
"""

import os
import signal
import socket
import ssl
import subprocess
import unittest
import zlib
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.events
import h2.settings
from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import FrameProtocol, Opcode

LIMIT = 20
GOAWAY = 7
URL = urlsplit(os.environ["CANYON_URL"])


class Connection:
    """One connection of HTTP/2, in the clear by prior knowledge, or over TLS by ALPN."""

    def __init__(self, port, tls=False):
        self.socket = socket.create_connection(("localhost", port), timeout=LIMIT)
        if tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket)
            assert self.socket.selected_alpn_protocol() == "h2"
        self.port = port
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.headers, self.data, self.ended, self.resets = {}, {}, set(), {}
        self.goaway, self.is_open, self.input = None, True, b""
        self.flush()
        self.until(lambda: self.h2.remote_settings.enable_connect_protocol == 1)

    def close(self):
        self.socket.close()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def until(self, is_done):
        while not is_done():
            bytes = self.socket.recv(65536)
            if not bytes:
                self.is_open = False
                assert is_done(), "the server hung up"
                return
            for event in self.h2.receive_data(self.without_goaway(bytes)):
                match event:
                    case h2.events.ResponseReceived():
                        self.headers[event.stream_id] = dict(event.headers)
                    case h2.events.DataReceived():
                        self.data[event.stream_id] = self.data.get(event.stream_id, b"") + event.data
                        self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    case h2.events.StreamEnded():
                        self.ended.add(event.stream_id)
                    case h2.events.StreamReset():
                        self.resets[event.stream_id] = event.error_code
            self.flush()

    def without_goaway(self, bytes):
        """What was received but for GOAWAY, whose code is kept: h2 reads nothing after it, but streams go on (RFC 9113, 6.8)."""
        self.input += bytes
        rest = b""
        while len(self.input) >= 9 and len(self.input) >= (end := 9 + int.from_bytes(self.input[:3])):
            frame, self.input = self.input[:end], self.input[end:]
            if frame[3] == GOAWAY:
                self.goaway = int.from_bytes(frame[13:17])
            else:
                rest += frame
        return rest

    def request(self, *headers, method="CONNECT", path="/echo", protocol="websocket", end=False):
        stream = self.h2.get_next_available_stream_id()
        pseudo = [(":method", method), (":scheme", "http"), (":path", path), (":authority", f"localhost:{self.port}")]
        if protocol:
            pseudo.insert(1, (":protocol", protocol))
        self.h2.send_headers(stream, [*pseudo, *headers], end_stream=end)
        self.flush()
        self.until(lambda: stream in self.headers)
        return stream

    def get(self, path):
        """Status and body."""
        stream = self.request(method="GET", path=path, protocol=None, end=True)
        self.until(lambda: stream in self.ended)
        return self.headers[stream][":status"], self.data.get(stream, b"").decode()

    def open(self, path="/echo", *headers, deflate=False):
        if deflate:
            headers = (*headers, ("sec-websocket-extensions", "permessage-deflate"))
        stream = self.request(("sec-websocket-version", "13"), *headers, path=path)
        assert self.headers[stream][":status"] == "200", self.headers[stream]
        return WebSocket(self, stream, deflate)


class WebSocket:
    def __init__(self, connection, stream, deflate):
        self.connection, self.stream = connection, stream
        extensions = []
        if deflate:
            extension = PerMessageDeflate()
            extension.finalize(connection.headers[stream]["sec-websocket-extensions"])
            extensions.append(extension)
        self.frames = FrameProtocol(client=True, extensions=extensions)
        self.received = []

    def write(self, bytes):
        """As much at a time as the windows let through."""
        h2 = self.connection.h2
        while bytes:
            room = min(h2.local_flow_control_window(self.stream), h2.max_outbound_frame_size, len(bytes))
            if room == 0:
                before = h2.local_flow_control_window(self.stream)
                self.connection.until(lambda: h2.local_flow_control_window(self.stream) > before)
                continue
            h2.send_data(self.stream, bytes[:room])
            self.connection.flush()
            bytes = bytes[room:]

    def send(self, *fragments):
        for index, fragment in enumerate(fragments):
            self.write(self.frames.send_data(fragment, fin=index == len(fragments) - 1))

    def recv(self):
        """Opcode and payload of the next message or control frame."""
        payload = None
        while True:
            self.frames.receive_bytes(self.connection.data.pop(self.stream, b""))
            self.received.extend(self.frames.received_frames())
            while self.received:
                frame = self.received.pop(0)
                payload = frame.payload if payload is None else payload + frame.payload
                if frame.message_finished:
                    return frame.opcode, payload
            self.connection.until(lambda: self.stream in self.connection.data)


class Http2(unittest.TestCase):
    def connect(self, port=URL.port, tls=False):
        connection = Connection(port, tls)
        self.addCleanup(connection.close)
        return connection

    def test_requests_are_answered(self):
        connection = self.connect()
        self.assertEqual(connection.get("/readyz"), ("200", "ready\n"))
        self.assertEqual(connection.get("/nope")[0], "404")
        self.assertEqual(connection.get("/echo")[0], "426")

    def test_a_text_is_answered_at_the_root_and_binary_comes_back_at_echo(self):
        connection = self.connect()
        tutorial, echo = connection.open("/"), connection.open("/echo")
        tutorial.send("hello, 東京")
        echo.send(bytes(range(256)))
        self.assertEqual(tutorial.recv(), (Opcode.TEXT, "Server received: hello, 東京"))
        self.assertEqual(echo.recv(), (Opcode.BINARY, bytes(range(256))))

    def test_fragments_pings_and_large_messages(self):
        echo = self.connect().open()
        echo.send(b"a", b"", b"bc")
        self.assertEqual(echo.recv(), (Opcode.BINARY, b"abc"))
        echo.write(echo.frames.ping(b"there?"))
        self.assertEqual(echo.recv(), (Opcode.PONG, b"there?"))
        large = os.urandom(1_000_000)
        echo.send(large)
        self.assertEqual(echo.recv(), (Opcode.BINARY, large))

    def test_compression_is_agreed(self):
        echo = self.connect().open("/echo", deflate=True)
        text = "compress me, " * 1_000
        echo.send(text)
        self.assertEqual(echo.recv(), (Opcode.TEXT, text))

    def test_a_close_comes_back_and_ends_the_stream_alone(self):
        connection = self.connect()
        first, second = connection.open(), connection.open()
        first.write(first.frames.close(4001, "enough"))
        opcode, payload = first.recv()
        self.assertEqual((opcode, payload[0]), (Opcode.CLOSE, 4001))
        connection.until(lambda: first.stream in connection.ended)
        second.send("still there?")
        self.assertEqual(second.recv(), (Opcode.TEXT, "still there?"))

    def test_a_protocol_error_is_1002(self):
        echo = self.connect().open()
        echo.write(b"\x81\x01x")
        opcode, payload = echo.recv()
        self.assertEqual((opcode, payload[0]), (Opcode.CLOSE, 1002))

    def test_attacks_with_frames_are_told_as_over_http_1_1_and_harm_no_other_socket(self):
        def frame(first, payload=b"", length=None):
            length = len(payload) if length is None else length
            form, count = (length, 0) if length < 126 else (126, 2) if length < 1 << 16 else (127, 8)
            return bytes([first, 0x80 | form]) + (length.to_bytes(count) if count else b"") + bytes(4) + payload

        bomb = zlib.compressobj(wbits=-15)
        bomb = bomb.compress(bytes(8 << 20)) + bomb.flush(zlib.Z_SYNC_FLUSH)
        connection = self.connect()
        other = connection.open()
        for what, attack, code in [
            ("a length of more than the limit", frame(0x82, length=(1 << 20) + 1), 1009),
            ("a length of 2^63 - 1", frame(0x82, length=2**63 - 1), 1009),
            ("too many fragments", frame(0x02) + 5000 * frame(0x00), 1009),
            ("a message that inflates beyond the limit", frame(0xC2, bomb[:-4]), 1009),
            ("data that is not compressed", frame(0xC1, b"\xff\xff\xff\xff no deflate data"), 1007),
            ("text that is no UTF-8", frame(0x81, b"\xc0\x80"), 1007),
            ("a reserved bit", frame(0xA1, b"a"), 1002),
            ("a reserved opcode", frame(0x83, b"a"), 1002),
            ("a continuation of nothing", frame(0x80, b"a"), 1002),
            ("a ping of 126 bytes", frame(0x89, bytes(126)), 1002),
            ("close code 1005", frame(0x88, (1005).to_bytes(2)), 1002),
        ]:
            with self.subTest(what):
                echo = connection.open(deflate=True)
                echo.write(attack)
                opcode, payload = echo.recv()
                self.assertEqual((opcode, payload[0]), (Opcode.CLOSE, code))
        other.send("still there?")
        self.assertEqual(other.recv(), (Opcode.TEXT, "still there?"))

    def test_a_hundred_sockets_share_a_connection(self):
        connection = self.connect()
        sockets = [connection.open() for _ in range(100)]
        for number, echo in enumerate(sockets):
            echo.send(str(number))
        for number, echo in enumerate(sockets):
            self.assertEqual(echo.recv(), (Opcode.TEXT, str(number)))

    def test_a_stream_that_is_reset_harms_no_other(self):
        connection = self.connect()
        first, second = connection.open(), connection.open()
        connection.h2.reset_stream(first.stream)
        connection.flush()
        second.send("still there?")
        self.assertEqual(second.recv(), (Opcode.TEXT, "still there?"))

    def test_what_is_wrong_is_refused_with_the_status_of_http_1_1(self):
        connection = self.connect()
        version = ("sec-websocket-version", "13")
        for status, options in [
            ("400", {"headers": []}),
            ("426", {"headers": [("sec-websocket-version", "12")]}),
            ("404", {"headers": [version], "path": "/nope"}),
            ("403", {"headers": [version, ("origin", "https://evil.example")]}),
            ("501", {"headers": [version], "protocol": "connect-udp"}),
        ]:
            headers = options.pop("headers")
            with self.subTest(status=status):
                stream = connection.request(*headers, **options)
                self.assertEqual(connection.headers[stream][":status"], status)


class Limits(unittest.TestCase):
    """Servers with settings of their own."""

    def start(self, *arguments):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CANYON_")}
        words = [os.environ["CANYON_PROGRAM"], "--port", "0", *arguments]
        server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)
        self.addCleanup(server.wait)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.kill)
        return server, int(server.stdout.readline().rsplit(":", 1)[1])

    def connect(self, port):
        connection = Connection(port)
        self.addCleanup(connection.close)
        return connection

    def test_each_stream_counts_as_a_connection(self):
        _, port = self.start("--max-connections", "3")
        connection = self.connect(port)
        sockets = [connection.open() for _ in range(2)]
        stream = connection.request(("sec-websocket-version", "13"))
        self.assertEqual(connection.headers[stream][":status"], "503")
        self.assertIn('"connections":3', connection.get("/healthz")[1])
        sockets[0].send("there is room")
        sockets[0].recv()

    def test_streams_are_bounded(self):
        _, port = self.start("--max-streams", "5")
        connection = self.connect(port)
        self.assertEqual(connection.h2.remote_settings.max_concurrent_streams, 5)

    def test_at_a_shutdown_sockets_get_1001_and_the_connection_goaway(self):
        server, port = self.start()
        connection = self.connect(port)
        sockets = [connection.open() for _ in range(10)]
        server.send_signal(signal.SIGTERM)
        for echo in sockets:
            opcode, payload = echo.recv()
            self.assertEqual((opcode, payload[0]), (Opcode.CLOSE, 1001))
            echo.write(echo.frames.close(1001))
        connection.until(lambda: connection.goaway is not None)
        self.assertEqual(connection.goaway, 0)
        self.assertEqual(server.wait(LIMIT), 0)

    def test_a_connection_that_asks_for_nothing_ends(self):
        _, port = self.start("--handshake-timeout", "200ms")
        connection = self.connect(port)
        connection.until(lambda: not connection.is_open)


if __name__ == "__main__":
    unittest.main()
