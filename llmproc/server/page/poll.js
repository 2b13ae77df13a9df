// When to look: twice a second at most, one look at a time, none while the page is hidden.

/** Repeated looks. `look`: returns a promise; it is called again when that is settled and `every` ms have passed. */
export class Poll {
  #look;
  #every;
  #afterFailure;
  #page;
  #timer = null;
  #looking = false;
  #running = false;
  #last = -Infinity; // when the last look began

  constructor(look, { every = 500, afterFailure = 2000, page = document } = {}) {
    this.#look = look;
    this.#every = every;
    this.#afterFailure = afterFailure;
    this.#page = page;
    page.addEventListener("visibilitychange", () => this.#plan(0));
  }

  /** Begin, or go on after `stop`. */
  start() {
    this.#running = true;
    this.#plan(0);
  }

  /** Look no more, until `start`. */
  stop() {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  #plan(wait) {
    clearTimeout(this.#timer);
    if (!this.#running || this.#looking || this.#page.hidden) return;
    const soonest = this.#last + this.#every - performance.now();
    this.#timer = setTimeout(() => this.#once(), Math.max(0, wait, soonest));
  }

  async #once() {
    this.#looking = true;
    this.#last = performance.now();
    let wait = 0;
    try {
      await this.#look();
    } catch {
      wait = this.#afterFailure;
    }
    this.#looking = false;
    this.#plan(wait);
  }
}
