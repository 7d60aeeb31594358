// The WebSocket of browsers, which Node has too: each URL is opened, and what the client reports is a line of JSON. What a line
// is, and what is done on a connection, stands in README.md.

const WAIT = 3000;

const shown = (data) =>
  typeof data === "string"
    ? { kind: "text", size: new TextEncoder().encode(data).length, start: data.slice(0, 16) }
    : {
        kind: "binary",
        size: data.byteLength,
        start: Array.from(new Uint8Array(data, 0, Math.min(8, data.byteLength)), (byte) =>
          byte.toString(16).padStart(2, "0"),
        ).join(""),
      };

function tried(url) {
  return new Promise((resolve) => {
    const report = { url, opened: false, messages: [], code: null, reason: "", clean: false, error: "", waited: false };
    const done = () => {
      clearTimeout(timer);
      resolve(report);
    };
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    // Where a client waits, it is told to close, and has as long again for it.
    let timer = setTimeout(() => {
      report.waited = true;
      timer = setTimeout(done, WAIT);
      socket.close();
    }, WAIT);
    socket.onopen = () => {
      report.opened = true;
      socket.send("hello");
    };
    socket.onmessage = ({ data }) => {
      report.messages.push(shown(data));
      if (data === "hello") {
        socket.send("again");
      } else if (data === "again") {
        socket.close(1000);
      }
    };
    socket.onerror = (event) => {
      report.error ||= event.error?.message || event.message || "error";
    };
    socket.onclose = ({ code, reason, wasClean }) => {
      if (!report.waited) {
        Object.assign(report, { code, reason, clean: wasClean });
      }
      done();
    };
  });
}

/** Reports on each URL, in any order, with so many connections at once. */
export async function tryAll(urls, atOnce, report) {
  const left = [...urls];
  const worker = async () => {
    for (let url = left.shift(); url !== undefined; url = left.shift()) {
      report(await tried(url));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
