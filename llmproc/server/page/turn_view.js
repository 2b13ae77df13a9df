// One question and its answer on the page. Text gets there as text, never as HTML.

import { figuresLine } from "./format.js";

/** A turn, from the template `template`, at the end of `log`. */
export class TurnView {
  #element;
  #log;
  #waiting = { text: "", reasoning: "" }; // came since the last frame was drawn
  #frame = 0;

  constructor(log, template, question) {
    this.#log = log;
    this.#element = template.content.firstElementChild.cloneNode(true);
    this.#part("question").append(question);
    log.append(this.#element);
    this.#toEnd();
  }

  /** Add to the answer; it is drawn with the next frame, however many tokens come until then. */
  add({ text, reasoning }) {
    this.#waiting.text += text;
    this.#waiting.reasoning += reasoning;
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  /** Show that nothing more comes: what the answer took, and `note`, if it did not come to its own end. */
  end(figures, note) {
    this.#draw();
    this.#say("figures", figuresLine(figures));
    if (note) this.#say("note", note);
    this.#answered();
  }

  /** Show that it failed. `again`: called when its user wants it to be asked once more. */
  fail(message, again) {
    this.#draw();
    this.#say("error", message);
    const button = this.#part("again");
    button.hidden = false;
    button.addEventListener("click", () => {
      this.#element.remove();
      again();
    });
    this.#answered();
  }

  #answered() {
    this.#part("answer").setAttribute("aria-busy", "false"); // only now is it read out
    this.#element.dataset.state = "ended";
    this.#toEnd();
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const atEnd = this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < 40;
    for (const [name, text] of Object.entries(this.#waiting)) {
      if (text) this.#part(name).append(text);
      this.#waiting[name] = "";
    }
    this.#part("thinking").hidden = this.#part("reasoning").textContent === "";
    if (atEnd) this.#toEnd();
  }

  #toEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  #say(name, text) {
    this.#part(name).textContent = text;
    this.#part(name).hidden = false;
  }

  #part(name) {
    return this.#element.querySelector(`[data-${name}]`);
  }
}
