// Starts the page. The names of its files have a hash in them, so the page says where they are (Trunk.toml).
const { glue, wasm } = document.querySelector("script[data-wasm]").dataset;

const { default: init, openPage } = await import(glue);
await init({ module_or_path: wasm });
openPage();
