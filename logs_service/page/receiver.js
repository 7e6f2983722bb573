// The page's WebSockets, in a thread of their own: thousands of messages a second leave the other one free to draw.

const PAUSE = 30;  // milliseconds: what comes meanwhile goes to the page in one bunch, which is drawn at once

class Receiver {
  #texts = [];
  #timer = 0;
  #told = -Infinity;  // when

  constructor(id, address) {
    this.id = id;
    this.socket = new WebSocket(address);
    this.socket.onopen = () => postMessage({ id, happened: "open" });
    this.socket.onmessage = ({ data }) => this.#take(data);
    this.socket.onclose = () => this.#end();
  }

  #take(text) {
    this.#texts.push(text);
    this.#timer ||= setTimeout(() => this.#tell(), this.#told + PAUSE - performance.now());
  }

  #tell() {
    postMessage({ id: this.id, texts: this.#texts });
    this.#texts = [];
    this.#timer = 0;
    this.#told = performance.now();
  }

  #end() {
    clearTimeout(this.#timer);
    if (this.#texts.length > 0) this.#tell();
    postMessage({ id: this.id, happened: "close" });
    receivers.delete(this.id);
  }
}

const receivers = new Map();

onmessage = ({ data: { id, address } }) => {
  if (address) receivers.set(id, new Receiver(id, address));
  else receivers.get(id)?.socket.close();
};
