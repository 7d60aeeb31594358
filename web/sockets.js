// A worker in which the page's WebSockets live: on the page's own thread, a server that sends fast would hold up its
// frames. Messages are gathered here, and the page gets all that came since it took the last of them as one piece.
// Never decides anything, and never holds more than LIMIT bytes for a page that does not come to take them.

// Bytes of messages that wait for the page. What comes beyond is counted and let go.
const LIMIT = 64 << 20;
// Bytes of a buffer. There are two of them, one here and one at the page, and larger ones for larger messages.
const ROOM = 256 << 10;
// What precedes a message in a buffer: when it came, its kind, its size.
const HEAD = 8 + 1 + 4;
// Characters up to which a text is written without having been measured.
const SHORT = 16 << 10;
// Milliseconds between two pieces of a flood, and between two looks at what waits for the network.
const PAUSE = 4;

const encoder = new TextEncoder();

// Each socket is asked for with a port of its own.
onmessage = ({ data: [url, subprotocols], ports: [port] }) => {
  const tell = (...news) => port.postMessage(news);
  try {
    serve(new WebSocket(url, subprotocols), port, tell);
  } catch ({ message }) {
    tell("refused", message);
  }
};

function serve(socket, port, tell) {
  const inbox = new Inbox(port);
  const outbox = new Outbox(socket, tell);
  // Since 1970, for the clocks of the page and of a worker begin when each of them does.
  const time = ({ timeStamp }) => performance.timeOrigin + timeStamp;
  socket.binaryType = "arraybuffer";
  socket.onopen = (event) => tell("open", time(event), socket.protocol, socket.extensions);
  socket.onmessage = (event) => inbox.add(time(event), event.data);
  socket.onclose = (event) => {
    inbox.handOver();
    tell("close", time(event), event.code, event.reason, event.wasClean);
  };
  const wishes = {
    send: (data, size) => outbox.send(data, size),
    close: (code, reason) => socket.close(code, reason),
    more: (buffer) => inbox.takeBack(buffer),
    // The page has let go of the socket.
    end() {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
      port.close();
    },
  };
  port.onmessage = ({ data: [wish, ...details] }) => wishes[wish](...details);
}

// The messages that the page has not got yet.
class Inbox {
  #port;
  #buffer = new Uint8Array(ROOM);
  #used = 0;
  #count = 0;
  // What there was no room for: messages, bytes.
  #missed = [0, 0];
  // Where the page has given one back.
  #spare = null;
  #isAwaited = true;
  #isPaused = false;

  constructor(port) {
    this.#port = port;
  }

  add(time, data) {
    const isText = typeof data === "string";
    const isShort = isText && data.length <= SHORT;
    const bytes = isShort ? null : isText ? encoder.encode(data) : new Uint8Array(data);
    // A character of UTF-16 has three bytes of UTF-8 at most.
    const most = HEAD + (isShort ? 3 * data.length : bytes.length);
    if (this.#count > 0 && this.#used + most > LIMIT) {
      this.#missed[0] += 1;
      this.#missed[1] += isShort ? encoder.encode(data).length : bytes.length;
      return;
    }
    this.#makeRoom(most);
    const place = this.#buffer.subarray(this.#used + HEAD);
    const size = isShort ? encoder.encodeInto(data, place).written : bytes.length;
    if (!isShort) {
      place.set(bytes);
    }
    const head = new DataView(this.#buffer.buffer, this.#used);
    head.setFloat64(0, time, true);
    head.setUint8(8, isText ? 0 : 1);
    head.setUint32(9, size, true);
    this.#used += HEAD + size;
    this.#count += 1;
    this.#goOn();
  }

  // The page has taken the last piece, whose buffer it gives back.
  takeBack(buffer) {
    this.#spare = buffer.byteLength === ROOM ? new Uint8Array(buffer) : null;
    this.#isAwaited = true;
    this.#goOn();
  }

  // A single message is never held back, and so never waits for others.
  #goOn() {
    if (this.#isAwaited && !this.#isPaused) {
      this.handOver();
    }
  }

  handOver() {
    if (this.#count === 0) {
      return;
    }
    if (this.#count > 1) {
      this.#isPaused = true;
      setTimeout(() => {
        this.#isPaused = false;
        this.#goOn();
      }, PAUSE);
    }
    const { buffer } = this.#buffer;
    this.#port.postMessage(["messages", buffer, this.#used, ...this.#missed], [buffer]);
    this.#isAwaited = false;
    this.#buffer = this.#spare ?? new Uint8Array(ROOM);
    this.#spare = null;
    this.#used = this.#count = 0;
    this.#missed = [0, 0];
  }

  #makeRoom(size) {
    if (this.#used + size > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(this.#used + size, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, this.#used));
      this.#buffer = larger;
    }
  }
}

// Tells the page how much of what it has sent was taken by the network.
class Outbox {
  #socket;
  #tell;
  #given = 0;
  #taken = 0;
  #isLooking = false;

  constructor(socket, tell) {
    this.#socket = socket;
    this.#tell = tell;
  }

  send(data, size) {
    this.#given += size;
    if (this.#socket.readyState === WebSocket.OPEN) {
      this.#socket.send(data);
    } else {
      this.#tell("unsent", data);
    }
    this.#look();
  }

  #look() {
    if (this.#isLooking) {
      return;
    }
    this.#isLooking = true;
    setTimeout(() => {
      this.#isLooking = false;
      const waiting = this.#socket.bufferedAmount;
      if (this.#given - waiting !== this.#taken) {
        this.#taken = this.#given - waiting;
        this.#tell("taken", this.#taken);
      }
      if (waiting > 0) {
        this.#look();
      }
    }, PAUSE);
  }
}
