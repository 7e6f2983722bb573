// One WebSocket to the hub that comes back by itself, behind the last message that it had: nothing is missing or doubled.

import { Socket } from "./socket.js";

const SLACK = 60_000;  // milliseconds that this machine's clock may be ahead of the hub's
const LONGEST_WAIT = 10_000;

export class Connection {
  #socket = null;
  #timer = 0;
  #tries = 0;
  #token = "";
  #opened = null;  // when it was here for the first time

  /**
   * `heard` gets each message of the hub, `told` what became of the connection: "live", "connecting", or "away" and for
   * how many milliseconds. Who does not `insist` gives up if the hub has nothing at this path.
   */
  constructor(path, filters, { last, heard, told = () => {}, insist = true, accessToken = () => "" }) {
    Object.assign(this, { path, filters, last, heard, told, insist, accessToken });
    this.open();
  }

  open() {
    this.close();
    this.told("connecting");
    this.#socket = new Socket(this.#address(), {
      open: () => this.#live(),
      heard: (text) => this.#hear(JSON.parse(text)),
      close: () => this.#gone(),
    });
  }

  /** The network is back: why wait? */
  retry() {
    if (this.#timer) this.open();
  }

  /** What an old socket still has to say belongs to nobody any more. */
  close() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#socket?.end();
    this.#socket = null;
  }

  #address() {
    const query = new URLSearchParams({ meta: "1", ...this.#start(), ...this.filters });
    const token = this.accessToken();
    if (token) query.set("access_token", token);
    return `${location.origin.replace(/^http/, "ws")}${this.path}?${query}`;
  }

  /** Who was here and heard nothing has no token: there was no line before, so all since then are new. */
  #start() {
    if (this.#token) return { after: this.#token };
    if (this.#opened) return { since: new Date(this.#opened - SLACK).toISOString() };
    return { last: this.last };
  }

  #live() {
    this.#opened ??= Date.now();
    this.#tries = 0;
    this.told("live");
  }

  #hear(message) {
    this.#token = message.token ?? this.#token;
    this.heard(message);
  }

  #gone() {
    if (!this.insist && this.#opened === null) return;
    const wait = Math.min(LONGEST_WAIT, 500 * 2 ** this.#tries++) * (0.75 + Math.random() / 2);
    this.#timer = setTimeout(() => this.open(), wait);
    this.told("away", wait);
  }
}
