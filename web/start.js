// Starts the page, and says so where that fails. The names of its files have a hash in them, so the page says where they
// are (Trunk.toml).
const start = document.getElementById("start");
const [headline, problem] = start.querySelectorAll("h2, #start-problem");

function fail(what, why) {
  [headline.textContent, problem.textContent] = [what, why];
  [start.className, start.role, start.hidden] = ["failed", "alert", false];
}

start.querySelector("a").addEventListener("click", (event) => {
  event.preventDefault();
  location.reload();
});

// A panic in the page's program: what was shown stays on the screen, and nothing works any more.
addEventListener("error", ({ error }) => {
  if (error instanceof globalThis.WebAssembly?.RuntimeError) {
    fail("Canyon has stopped", `A mistake in it is the cause: ${error.message}. The console of the developer tools (F12) has more.`);
  }
});

// The views beside the messages are programs of their own, each loaded by its first call, and by the next one if that fails.
const programs = {};
async function show(name, url, connect) {
  const glue = document.querySelector(`script[data-${name}]`).dataset[name];
  const problem = document.getElementById(`${name}-problem`);
  try {
    programs[name] ??= import(glue).then(async (program) => {
      await program.default();
      program.open(document.getElementById(name), glue, url, connect);
      return program;
    });
    (await programs[name]).setUrl(url);
    problem.textContent = "";
  } catch {
    delete programs[name];
    problem.textContent = "A part of the page could not be loaded: choose its tab again, or reload the page.";
  }
}

// Calls a function of the program that connects through the relay and says why a connection failed. As above.
let relay;
async function call(name, ...values) {
  const { relay: glue } = document.querySelector("script[data-relay]").dataset;
  relay ??= import(glue).then(async (program) => {
    await program.default();
    return program;
  });
  const program = await relay.catch((error) => {
    relay = undefined;
    throw error;
  });
  return program[name](...values);
}

try {
  if (!globalThis.WebAssembly) {
    throw new Error("this browser has no WebAssembly, or it is turned off");
  }
  const { glue, wasm } = document.querySelector("script[data-wasm]").dataset;
  const { default: init, openPage } = await import(glue);
  await init({ module_or_path: wasm });
  openPage(show, call);
  start.hidden = true;
} catch (error) {
  fail("Canyon could not start", `The browser says: ${error.message}`);
  throw error;
}
