// A worker in which the page's WebSockets live: on the page's own thread, a server that sends fast would hold up its
// frames. Messages are gathered here, and the page gets what came since it took the last of them in pieces, one at a
// time. Never decides anything, and never holds more than LIMIT bytes for a page that does not come to take them.

// Bytes of messages that wait for the page. What comes beyond is counted and let go.
const LIMIT = 64 << 20;
// Bytes of a piece; one for a larger message is as large as that. However far the page is behind, it takes in no more at
// a time: between two pieces it sees to who uses it.
const ROOM = 256 << 10;
// What precedes a message in a piece: when it came, its kind, its size.
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
    inbox.end();
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
  // The oldest first; what comes is added to the last one.
  #pieces = [];
  // Bytes used in them.
  #waiting = 0;
  // A buffer that the page has given back.
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
    if (this.#waiting > 0 && this.#waiting + most > LIMIT) {
      const { missed } = this.#pieces.at(-1);
      missed[0] += 1;
      missed[1] += isShort ? encoder.encode(data).length : bytes.length;
      return;
    }
    const piece = this.#pieceWithRoom(most);
    const place = piece.bytes.subarray(piece.used + HEAD);
    const size = isShort ? encoder.encodeInto(data, place).written : bytes.length;
    if (!isShort) {
      place.set(bytes);
    }
    const head = new DataView(piece.bytes.buffer, piece.used);
    head.setFloat64(0, time, true);
    head.setUint8(8, isText ? 0 : 1);
    head.setUint32(9, size, true);
    piece.used += HEAD + size;
    piece.count += 1;
    this.#waiting += HEAD + size;
    this.#goOn();
  }

  // The page has taken the last piece, whose buffer it gives back.
  takeBack(buffer) {
    this.#spare = buffer.byteLength === ROOM ? new Uint8Array(buffer) : null;
    this.#isAwaited = true;
    this.#goOn();
  }

  // No more will come.
  end() {
    while (this.#pieces.length > 0) {
      this.#handOver();
    }
  }

  // A single message is never held back, and so never waits for others.
  #goOn() {
    if (this.#pieces.length > 0 && this.#isAwaited && !this.#isPaused) {
      this.#handOver();
    }
  }

  #handOver() {
    const { bytes, used, count, missed } = this.#pieces.shift();
    if (count > 1) {
      this.#isPaused = true;
      setTimeout(() => {
        this.#isPaused = false;
        this.#goOn();
      }, PAUSE);
    }
    this.#waiting -= used;
    this.#isAwaited = false;
    this.#port.postMessage(["messages", bytes.buffer, used, ...missed], [bytes.buffer]);
  }

  // What was missed stays behind what came before, and before what comes now.
  #pieceWithRoom(size) {
    const last = this.#pieces.at(-1);
    if (last?.missed[0] === 0 && last.used + size <= last.bytes.length) {
      return last;
    }
    const bytes = size > ROOM ? new Uint8Array(size) : (this.#spare ?? new Uint8Array(ROOM));
    if (bytes === this.#spare) {
      this.#spare = null;
    }
    const piece = { bytes, used: 0, count: 0, missed: [0, 0] };
    this.#pieces.push(piece);
    return piece;
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
