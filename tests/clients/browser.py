"""A browser's WebSocket: serves a page that opens the URLs, starts the browser given as arguments with a new profile, and
prints what the page posts. {profile} in an argument is the profile's folder, and {page} the page's address.

One connection at a time, because browsers queue handshakes to one address (RFC 6455, 4.1)."""

import json
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LIMIT = 300
PAGE = b"""<!doctype html><meta charset=utf-8><title>clients</title><script type=module>
import { tryAll } from "./browser_api.mjs";
const post = (path, body) => fetch(path, { method: "POST", body: JSON.stringify(body) });
const posted = [];
await tryAll(await (await fetch("/urls")).json(), 1, (report) => posted.push(post("/report", report)));
await Promise.all(posted);
await post("/end", null);
</script>"""
# Firefox waits before it connects to where a connection has failed.
PREFERENCES = """user_pref("network.websocket.delay-failed-reconnects", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
"""

urls = [line.strip() for line in sys.stdin if line.strip()]
ended = threading.Event()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/":
            self.answer("text/html", PAGE)
        elif self.path == "/browser_api.mjs":
            self.answer("text/javascript", Path(__file__).with_name("browser_api.mjs").read_bytes())
        elif self.path == "/urls":
            self.answer("application/json", json.dumps(urls).encode())
        else:
            self.send_error(404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.answer("text/plain", b"")
        if self.path == "/report":
            # Whole lines: each request has a thread.
            sys.stdout.write(body + "\n")
            sys.stdout.flush()
        else:
            ended.set()

    def answer(self, kind, body):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
    Path(profile, "user.js").write_text(PREFERENCES)
    page = f"http://127.0.0.1:{server.server_port}/"
    words = [word.replace("{profile}", profile).replace("{page}", page) for word in sys.argv[1:]]
    browser = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        in_time = ended.wait(LIMIT)
    finally:
        browser.terminate()
        try:
            browser.wait(10)
        except subprocess.TimeoutExpired:
            browser.kill()
            browser.wait()
sys.exit(None if in_time else f"the page had not ended after {LIMIT} s")
