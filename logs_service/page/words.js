// The state of the connection in words: what people read all the time, and what is said aloud when it changes.

export class Words {
  #timer = 0;
  #retryAt = 0;
  #state = "connecting";
  paused = false;

  constructor(shown, said) {
    Object.assign(this, { shown, said });
  }

  /** As a connection tells it; `wait` in milliseconds. */
  told(state, wait = 0) {
    this.#state = state;
    this.#retryAt = Date.now() + wait;
    clearInterval(this.#timer);
    if (state === "away") this.#timer = setInterval(() => this.#show(), 1000);
    this.#show();
    this.say({ live: "connected", connecting: "", away: "not connected" }[state]);
  }

  pause(paused) {
    this.paused = paused;
    this.#show();
    this.say(paused ? "paused" : "going on");
  }

  say(text) {
    if (text) this.said.textContent = text;
  }

  #show() {
    const state = this.paused && this.#state === "live" ? "paused" : this.#state;
    const seconds = Math.max(0, Math.ceil((this.#retryAt - Date.now()) / 1000));
    this.shown.dataset.state = state;
    this.shown.textContent = state === "away" ? `not connected, next try in ${seconds} s` : state;
  }
}
