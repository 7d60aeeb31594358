"""/metrics of the server at $CANYON_URL, as Prometheus' own parser reads it."""

import asyncio
import os
import unittest
import urllib.request

import websockets
from prometheus_client.openmetrics.parser import text_string_to_metric_families

URL = os.environ["CANYON_URL"]
LIMIT = 20


def scrape():
    """The samples by name and labels; the parser refuses what is no OpenMetrics."""
    with urllib.request.urlopen(URL.replace("ws://", "http://") + "/metrics", timeout=LIMIT) as response:
        families = list(text_string_to_metric_families(response.read().decode()))
    samples = {}
    for family in families:
        assert family.documentation, family.name
        for sample in family.samples:
            key = (sample.name, *sorted(sample.labels.items()))
            assert key not in samples, key
            samples[key] = sample.value
    return samples


class Metrics(unittest.IsolatedAsyncioTestCase):
    async def test_every_scrape_under_load_is_read_and_no_counter_falls(self):
        done = asyncio.Event()

        async def load(path):
            async with websockets.connect(URL + path) as connection:
                for number in range(200):
                    await connection.send(str(number) * 20)
                    await connection.recv()

        async def scrapes():
            seen = [await asyncio.to_thread(scrape)]
            while not done.is_set():
                seen.append(await asyncio.to_thread(scrape))
            return seen

        async with asyncio.timeout(LIMIT):
            scraping = asyncio.create_task(scrapes())
            await asyncio.gather(*(load(path) for path in ["/", "/echo", "/echo?fragment=7"] * 5))
            done.set()
            seen = await scraping
        self.assertGreater(len(seen), 1)
        for before, after in zip(seen, seen[1:]):
            for key, value in before.items():
                if key[0].endswith("_total"):
                    self.assertGreaterEqual(after[key], value, key)

        def received(samples):
            return samples[("canyon_messages_total", ("direction", "received"), ("opcode", "text"))]

        # What went to other tests of this server at the same time may be in it as well.
        after = await asyncio.to_thread(scrape)
        self.assertGreaterEqual(received(after) - received(seen[0]), 0)
        self.assertGreaterEqual(received(after), 3000)

    async def test_opcodes_close_codes_and_the_histogram_of_pings_are_read(self):
        def closes(samples):
            return samples.get(("canyon_close_frames_total", ("code", "4000-4999"), ("direction", "received")), 0)

        before = await asyncio.to_thread(scrape)
        async with asyncio.timeout(LIMIT):
            async with websockets.connect(URL + "/echo") as connection:
                await (await connection.ping())
                await connection.close(4321)
            after = await asyncio.to_thread(scrape)
            while closes(after) == closes(before):
                after = await asyncio.to_thread(scrape)
        for direction, opcode in [("received", "ping"), ("sent", "pong"), ("received", "close"), ("sent", "close")]:
            key = ("canyon_messages_total", ("direction", direction), ("opcode", opcode))
            self.assertGreater(after[key], before[key], key)
        name = "canyon_ping_round_trip_seconds"
        buckets = [(labels[0][1], value) for (of, *labels), value in after.items() if of == name + "_bucket"]
        self.assertEqual(buckets[-1], ("+Inf", after[(name + "_count",)]))
        self.assertEqual(after[("canyon_limit_closes_total", ("limit", "ping-timeout"))], 0)

    async def test_a_refusal_is_counted_with_its_reason(self):
        key = ("canyon_refusals_total", ("code", "404"), ("reason", "path"))
        before = scrape().get(key, 0)
        with self.assertRaises(websockets.InvalidStatus):
            async with asyncio.timeout(LIMIT):
                await websockets.connect(URL + "/no/such/path")
        self.assertEqual(scrape()[key], before + 1)
