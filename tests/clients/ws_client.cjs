// ws, from the folder of Node's packages in the first argument.

const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { WebSocket } = require(join(process.argv[2], "ws"));

const WAIT = 3000;
const AT_ONCE = 8;

const shown = (data, isBinary) =>
  isBinary
    ? { kind: "binary", size: data.length, start: data.subarray(0, 8).toString("hex") }
    : { kind: "text", size: data.length, start: data.toString().slice(0, 16) };

function tried(url) {
  return new Promise((resolve) => {
    const report = { url, opened: false, messages: [], code: null, reason: "", clean: false, error: "", waited: false };
    const done = () => {
      clearTimeout(timer);
      socket.terminate();
      resolve(report);
    };
    const socket = new WebSocket(url);
    let timer = setTimeout(() => {
      report.waited = true;
      timer = setTimeout(done, WAIT);
      socket.close();
    }, WAIT);
    socket.on("open", () => {
      report.opened = true;
      socket.send("hello");
    });
    socket.on("message", (data, isBinary) => {
      report.messages.push(shown(data, isBinary));
      const text = isBinary ? "" : data.toString();
      if (text === "hello") {
        socket.send("again");
      } else if (text === "again") {
        socket.close(1000);
      }
    });
    socket.on("error", (error) => {
      report.error ||= error.message || error.code;
    });
    socket.on("close", (code, reason) => {
      if (!report.waited) {
        Object.assign(report, { code, reason: reason.toString(), clean: code !== 1006 });
      }
      done();
    });
  });
}

const left = readFileSync(0, "utf8").split("\n").filter(Boolean);
const worker = async () => {
  for (let url = left.shift(); url !== undefined; url = left.shift()) {
    console.log(JSON.stringify(await tried(url)));
  }
};
Promise.all(Array.from({ length: AT_ONCE }, worker)).then(() => process.exit());
