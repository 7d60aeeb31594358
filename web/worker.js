// Runs the page's WebAssembly once more, in a worker: there it serves the page's sockets (web/worker). The page says
// where the glue is, for its name has a hash in it, and gives the module that the browser has compiled already.
onmessage = async ({ data: [glue, module] }) => {
  try {
    const { default: init, serve } = await import(glue);
    await init({ module_or_path: module });
    onmessage = ({ ports: [port] }) => serve(port);
    postMessage("ready");
  } catch (error) {
    // The page gets an error event for an error, but none for a rejected promise.
    reportError(error);
  }
};
