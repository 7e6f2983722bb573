// What a WebSocket is for the page: it lives in the thread of receiver.js, and its messages come in bunches.

const worker = new Worker(new URL("receiver.js", import.meta.url), { type: "module" });
const sockets = new Map();
let last = 0;

worker.onmessage = ({ data: { id, texts, happened } }) => {
  if (happened) sockets.get(id)?.[happened]();
  else for (const text of texts) sockets.get(id)?.heard(text);
};

/** `heard` gets each message; `open` and `close` are called when that has happened. Nothing of it after `end`. */
export class Socket {
  constructor(address, { heard, open, close }) {
    Object.assign(this, { id: ++last, heard, open, close });
    sockets.set(this.id, this);
    worker.postMessage({ id: this.id, address });
  }

  end() {
    sockets.delete(this.id);
    worker.postMessage({ id: this.id });
  }
}
