// Node's built-in WebSocket, which is undici's.

import { readFileSync } from "node:fs";
import { tryAll } from "./browser_api.mjs";

const urls = readFileSync(0, "utf8").split("\n").filter(Boolean);
await tryAll(urls, 8, (report) => console.log(JSON.stringify(report)));
process.exit();
