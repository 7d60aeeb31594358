// Starts the page, and offers its newer version when the service worker has one. Never reloads without being asked: a
// reload would cut every open connection.

const { glue, wasm, worker } = document.querySelector("script[data-wasm]").dataset;

const { default: init, openPage } = await import(glue);
await init({ module_or_path: wasm });
openPage();

// Absent where the page came over plain HTTP from another machine: then there is no service worker either.
if (navigator.serviceWorker) {
  const registration = await navigator.serviceWorker.register(worker, { updateViaCache: "none" });
  if (registration.waiting) {
    offer(registration.waiting);
  }
  registration.addEventListener("updatefound", () => {
    const newer = registration.installing;
    newer.addEventListener("statechange", () => {
      // Without an active one this is the first, which has nothing to replace.
      if (newer.state === "installed" && registration.active) {
        offer(newer);
      }
    });
  });
}

function offer(newer) {
  const update = document.getElementById("update");
  const [now, later] = update.querySelectorAll("button");
  now.onclick = () => {
    newer.addEventListener("statechange", () => {
      if (newer.state === "activated") {
        location.reload();
      }
    });
    newer.postMessage("take over");
  };
  later.onclick = () => {
    update.hidden = true;
  };
  update.hidden = false;
}
