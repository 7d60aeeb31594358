"""Canyon over TLS as OpenSSL and Python's websockets see it; $CANYON_PROGRAM says which program canyon is.

Every wait has a limit of its own: LIMIT seconds.
"""

import asyncio
import os
import shutil
import ssl
import subprocess
import tempfile
import unittest
import urllib.request
from pathlib import Path

import websockets

LIMIT = 20
STARTED = "WebSocket server started on "


def openssl(*arguments, input=b""):
    """What OpenSSL's command line prints, on both of its outputs, and whether it succeeded."""
    done = subprocess.run(
        ["openssl", *map(str, arguments)], input=input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT
    )
    return done.returncode == 0, done.stdout.decode()


def make(*arguments):
    succeeded, said = openssl(*arguments)
    assert succeeded, said


class Server:
    """A running canyon with TLS."""

    def __init__(self, *arguments, home=None):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CANYON_")}
        if home:
            environment |= {"HOME": str(home), "XDG_DATA_HOME": str(home)}
        words = [os.environ["CANYON_PROGRAM"], "--port", "0", "--tls-port", "0", *map(str, arguments)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)
        plain, secure = self.process.stdout.readline(), self.process.stdout.readline()
        assert secure.startswith(STARTED + "wss://localhost:"), (plain, secure)
        self.port = int(secure.rsplit(":", 1)[1])
        self.url = secure.removeprefix(STARTED).strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.stdout.close()
        self.process.wait(LIMIT)


@unittest.skipIf(shutil.which("openssl") is None, "needs OpenSSL's command line")
class Tls(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def self_signed(self, *key):
        """A certificate for localhost with a key that these arguments to openssl make."""
        cert, secret = self.folder / "cert.pem", self.folder / "key.pem"
        make(*key, "-out", secret)
        make("req", "-x509", "-key", secret, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost")
        return cert, secret

    def elliptic(self):
        return self.self_signed("ecparam", "-name", "prime256v1", "-genkey", "-noout")

    async def ask(self, url, trusted, version=None):
        """The answer to a hello, and the version of TLS."""
        context = ssl.create_default_context(cafile=trusted)
        if version:
            context.minimum_version = context.maximum_version = version
        async with asyncio.timeout(LIMIT), websockets.connect(url, ssl=context) as connection:
            await connection.send("hello")
            return await connection.recv(), connection.transport.get_extra_info("ssl_object").version()

    async def test_python_chats_over_both_versions(self):
        cert, key = self.elliptic()
        with Server("--tls-cert", cert, "--tls-key", key) as server:
            for version, name in [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")]:
                self.assertEqual(await self.ask(server.url, cert, version), ("Server received: hello", name))

    async def test_keys_are_read_in_each_of_their_formats(self):
        for beginning, key in [
            ("BEGIN EC PRIVATE KEY", ["ecparam", "-name", "prime256v1", "-genkey", "-noout"]),
            ("BEGIN RSA PRIVATE KEY", ["genrsa", "-traditional"]),
            ("BEGIN PRIVATE KEY", ["genpkey", "-algorithm", "RSA"]),
            ("BEGIN PRIVATE KEY", ["genpkey", "-algorithm", "ED25519"]),
        ]:
            with self.subTest(key=key):
                cert, secret = await asyncio.to_thread(self.self_signed, *key)
                self.assertIn(beginning, secret.read_text())
                with Server("--tls-cert", cert, "--tls-key", secret) as server:
                    self.assertEqual((await self.ask(server.url, cert))[0], "Server received: hello")

    async def test_the_certificates_of_issuers_are_shown_behind_its_own(self):
        root, root_key = self.self_signed("ecparam", "-name", "prime256v1", "-genkey", "-noout")
        root, root_key = root.rename(self.folder / "root.pem"), root_key.rename(self.folder / "root-key.pem")
        issuer, issuer_key = root, root_key
        for name, extension in [
            ("between", "basicConstraints=critical,CA:TRUE"),
            ("own", "subjectAltName=DNS:localhost"),
        ]:
            key, request, cert = (self.folder / f"{name}{kind}" for kind in ["-key.pem", ".csr", ".pem"])
            extensions = self.folder / f"{name}.ext"
            extensions.write_text(extension)
            make("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
            make("req", "-new", "-key", key, "-out", request, "-subj", f"/CN={name}")
            make("x509", "-req", "-in", request, "-CA", issuer, "-CAkey", issuer_key, "-CAcreateserial",
                 "-out", cert, "-days", "2", "-extfile", extensions)
            issuer, issuer_key = cert, key
        chain = self.folder / "chain.pem"
        chain.write_text("".join((self.folder / f"{name}.pem").read_text() for name in ["own", "between"]))
        with Server("--tls-cert", chain, "--tls-key", self.folder / "own-key.pem") as server:
            self.assertEqual((await self.ask(server.url, root))[0], "Server received: hello")

    def test_the_certificate_that_it_makes_is_for_localhost_and_its_addresses(self):
        with Server("--tls-self-signed", home=self.folder) as server:
            [cert] = self.folder.glob("**/self-signed.pem")
            for check in [["-verify_hostname", "localhost"], ["-verify_ip", "127.0.0.1"], ["-verify_ip", "::1"]]:
                _, said = openssl("s_client", "-connect", f"localhost:{server.port}", "-CAfile", cert, *check,
                                  "-verify_return_error")
                self.assertIn("Verify return code: 0 (ok)", said)
            _, said = openssl("x509", "-in", cert, "-noout", "-fingerprint", "-sha256")
            self.assertIn(said.strip().split("=")[1], server.process.stdout.readline())
            context = ssl.create_default_context(cafile=cert)
            with urllib.request.urlopen(f"https://localhost:{server.port}/healthz", context=context, timeout=LIMIT) as answer:
                self.assertEqual(answer.status, 200)

    def test_http_1_1_is_agreed_and_old_versions_are_refused(self):
        cert, key = self.elliptic()
        with Server("--tls-cert", cert, "--tls-key", key) as server:
            to = ["s_client", "-connect", f"localhost:{server.port}", "-alpn", "http/1.1"]
            for version, agreed in [("-tls1_2", "New, TLSv1.2, "), ("-tls1_3", "New, TLSv1.3, ")]:
                succeeded, said = openssl(*to, version)
                self.assertTrue(succeeded and agreed in said and "ALPN protocol: http/1.1" in said, said)
            for version in ["-tls1", "-tls1_1"]:
                succeeded, said = openssl(*to, version, "-cipher", "ALL:@SECLEVEL=0")
                self.assertFalse(succeeded, said)
                self.assertIn("alert", said)
