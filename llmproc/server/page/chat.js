// The left side: a question is sent, its answer shown as it comes, stopped if the user wants.

import { Answer } from "./answer.js";
import { Conversation } from "./conversation.js";
import { streamChat } from "./server.js";
import { readSettings, SettingError } from "./settings.js";
import { TurnView } from "./turn_view.js";

const FIELDS = ["temperature", "max_tokens", "seed"];

/** All of the left side. `root`: its element; `template`: of a turn; `refused`: called when the key is wrong. */
export class Chat {
  #root;
  #template;
  #refused;
  #conversation = new Conversation();
  #stopping = null; // an AbortController while an answer comes

  constructor(root, template, refused) {
    this.#root = root;
    this.#template = template;
    this.#refused = refused;
    const input = this.#part("input");
    root.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send();
    });
    this.#part("stop").addEventListener("click", () => this.#stopping?.abort());
    this.#part("new").addEventListener("click", () => this.#newChat());
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#stopping?.abort();
    });
  }

  #send() {
    const input = this.#part("input");
    const question = input.value.trim();
    if (question === "" || this.#stopping) return;
    const options = this.#settings();
    if (options === null) return;
    input.value = "";
    this.#ask(question, options);
  }

  /** Return the options of a request, or show which field is wrong and return null. */
  #settings() {
    const field = (name) => this.#root.querySelector(`[name="${name}"]`);
    for (const name of FIELDS) field(name).removeAttribute("aria-invalid");
    this.#say("wrong", "");
    try {
      return readSettings(Object.fromEntries(FIELDS.map((name) => [name, field(name).value])));
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      this.#part("settings").open = true;
      field(error.field).setAttribute("aria-invalid", "true");
      field(error.field).focus();
      this.#say("wrong", error.message);
      return null;
    }
  }

  async #ask(question, options) {
    const conversation = this.#conversation;
    const turn = conversation.begin(question);
    const view = new TurnView(this.#part("log"), this.#template, question);
    const answer = new Answer(performance.now(), options.seed);
    this.#stopping = new AbortController();
    this.#busy(true);
    try {
      const messages = conversation.messages(this.#root.querySelector('[name="system"]').value);
      for await (const chunk of streamChat({ ...options, messages }, this.#stopping.signal)) {
        view.add(answer.take(chunk, performance.now()));
      }
      this.#end(turn, view, answer, "done", answer.finish === "length" ? "Cut off: the limit of tokens was reached." : "");
    } catch (error) {
      if (error.name === "AbortError") this.#end(turn, view, answer, "stopped", "Stopped.");
      else this.#fail(turn, view, error, () => this.#again(turn, options));
    } finally {
      this.#stopping = null;
      this.#busy(false);
    }
  }

  #end(turn, view, answer, state, note) {
    turn.state = state;
    turn.answer = answer.text;
    view.end(answer.figures(), note);
    this.#say("status", note || "Answer complete.");
  }

  #fail(turn, view, error, again) {
    turn.state = "failed";
    view.fail(error.message, again);
    this.#say("status", error.message);
    if (error.status === 401) this.#refused();
  }

  #again(turn, options) {
    this.#conversation.remove(turn);
    if (!this.#stopping) this.#ask(turn.question, options);
  }

  #newChat() {
    this.#stopping?.abort();
    this.#conversation = new Conversation();
    this.#part("log").replaceChildren();
    this.#say("status", "A new chat.");
    this.#part("input").focus();
  }

  #busy(busy) {
    if (!busy && document.activeElement === this.#part("stop")) this.#part("input").focus(); // the button goes away
    this.#part("send").hidden = busy;
    this.#part("stop").hidden = !busy;
    if (busy) this.#say("status", "Answering …");
  }

  #say(name, text) {
    this.#part(name).textContent = text;
  }

  #part(name) {
    return this.#root.querySelector(`[data-${name}]`);
  }
}
