// The right side: the server in one line, and a card for each worker slot, brought up to date look by look.

import { bytes, percent, rate } from "./format.js";
import { cpuRates, happened, History, TokenRate } from "./rates.js";
import { Strip } from "./strip.js";

const LOOKS = 4;

/** All of the right side. `root`: its element; `template`: of a card. */
export class Workers {
  #root;
  #template;
  #cards = new Map(); // by slot
  #mains = []; // main at the last looks: over half a second a tick of its CPU time would show as 2 %

  constructor(root, template) {
    this.#root = root;
    this.#template = template;
  }

  /** Show what /workers told. */
  show(told) {
    const main = { ...told.main, t: told.t };
    const cpu = cpuRates(this.#mains[0], main);
    this.#mains = [...this.#mains, main].slice(-LOOKS);
    const { running, waiting, limit } = told.requests;
    this.#say("model", told.model);
    this.#say("requests", `${running} running, ${waiting} waiting (${limit} at most)`);
    this.#say("main", `pid ${main.pid}, ${cpu ? percent(cpu.user + cpu.system) : "–"} CPU, ${bytes(main.pss_bytes)}`);
    for (const record of told.workers) this.#card(record.slot).show(record, told.t);
  }

  /** Say in one word whether what is shown is of now. `text`: "" if it is. */
  state(word, text = "") {
    this.#root.dataset.state = word;
    this.#say("word", word);
    this.#say("trouble", text);
  }

  #card(slot) {
    if (!this.#cards.has(slot)) {
      const element = this.#template.content.firstElementChild.cloneNode(true);
      this.#root.querySelector("[data-cards]").append(element);
      this.#cards.set(slot, new Card(element, slot));
    }
    return this.#cards.get(slot);
  }

  #say(name, text) {
    say(this.#root.querySelector(`[data-${name}]`), text);
  }
}

/** One worker slot. */
class Card {
  #element;
  #strip;
  #history = new History();
  #tokens = new TokenRate();
  #before = null;
  #pid = 0; // of its last process

  constructor(element, slot) {
    this.#element = element;
    const title = element.querySelector("[data-title]");
    title.id = `worker-${slot}`;
    element.setAttribute("aria-labelledby", title.id);
    say(title, `Worker ${slot}`);
    this.#strip = new Strip(element.querySelector("[data-strip]"));
  }

  show(record, t) {
    const reading = { ...record, t };
    const cpu = cpuRates(this.#before, reading);
    const tokensPerS = this.#tokens.take(reading);
    this.#before = reading;
    this.#history.add(t, cpu);
    this.#strip.draw(this.#history, record.ranks ?? 1);
    this.#news(record);
    this.#words(record, cpu, tokensPerS);
  }

  #words(record, cpu, tokensPerS) {
    this.#element.dataset.state = record.state;
    this.#say("word", record.state);
    this.#say("pid", record.pid ? `pid ${record.pid}` : "no process");
    for (const name of ["user", "system", "wait"]) this.#say(name, percent(cpu ? cpu[name] : null));
    this.#say("sequences", record.requests);
    this.#say("queue", record.queue);
    this.#say("speed", rate(tokensPerS));
    this.#say("pss", bytes(record.pss_bytes));
    this.#say("threads", threads(record));
    this.#say("restarts", record.restarts);
  }

  #news(record) {
    const text = happened(this.#pid, record.pid);
    if (text) this.#say("news", `${new Date().toLocaleTimeString()}: ${text}`);
    if (record.pid) this.#pid = record.pid;
  }

  #say(name, text) {
    say(this.#element.querySelector(`[data-${name}]`), text);
  }
}

function threads({ ranks, ranks_in_use }) {
  if (ranks === null) return "–";
  return ranks_in_use === ranks || ranks_in_use === null ? `${ranks}` : `${ranks_in_use} of ${ranks}`;
}

/** Set an element's text if it is another one: what does not change is not announced or laid out again. */
function say(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}
