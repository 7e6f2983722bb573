// What a visitor without a terminal can do: register, log in, pay, each by the service's own HTTP. The token stays in memory.

import { button, visible } from "./text.js";

export class Shop {
  token = "";
  user = "";

  /** `urls`: {users, payments}. `loggedIn` is called when there is a token, `story` with the correlation id of a request. */
  constructor(form, urls, { loggedIn, story }) {
    Object.assign(this, { form, urls, loggedIn, story, said: form.querySelector("output") });
    for (const pressed of form.querySelectorAll("[data-call]")) pressed.addEventListener("click", () => this.#call(pressed));
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  async #call(pressed) {
    pressed.disabled = true;
    this.said.className = "";
    try {
      await this[pressed.dataset.call]();
    } catch (error) {
      this.said.className = "failed";
      this.said.textContent = visible(error.message);
    } finally {
      pressed.disabled = false;
      pressed.focus();
    }
  }

  async register() {
    const [{ message }, id] = await this.#post(`${this.urls.users}/register`, this.#fields("username", "password"));
    this.#say(message, id);
  }

  async login() {
    const [{ access_token }, id] = await this.#post(`${this.urls.users}/login`, this.#fields("username", "password"));
    this.token = access_token;
    this.user = this.form.elements.username.value;
    this.#say(`${this.user} is logged in, and pays from now on.`, id);
    this.loggedIn();
  }

  async pay() {
    const asked = this.#fields("product", "amount");
    const [{ amount, currency }, id] = await this.#post(`${this.urls.payments}/pay`, asked, this.token);
    this.#say(`${this.user || "A guest"} paid ${amount} ${currency}.`, id);
  }

  /** What was left empty is not sent: the service has its defaults. */
  #fields(...names) {
    const filled = names.map((name) => [name, this.form.elements[name].value]).filter(([, value]) => value !== "");
    return new URLSearchParams(filled);
  }

  #say(text, id) {
    this.said.replaceChildren(visible(String(text)), " ");
    if (id) this.said.append(button("Its story", () => this.story(id)));
  }

  /** [the answer, the correlation id of what it caused]. */
  async #post(url, body, token = "") {
    let answer;
    try {
      answer = await fetch(url, { method: "POST", body, headers: token ? { Authorization: `Bearer ${token}` } : {} });
    } catch {
      throw new Error(`${url} can't be reached from this page.`);
    }
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(problem(answer, told));
    return [told, answer.headers.get("X-Request-ID")];
  }
}

/** RFC 9457; with it, the services name the fields that are wrong. */
function problem(answer, { title, detail, errors }) {
  const fields = Array.isArray(errors) ? errors.map(({ field, message }) => `${field}: ${message}`).join("; ") : "";
  return [detail ?? title ?? `${answer.status} ${answer.statusText}`, fields].filter(Boolean).join(" ");
}
