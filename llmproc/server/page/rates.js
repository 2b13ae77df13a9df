// Counters of /workers, look by look -> rates. Pure.

const LONGEST_S = 2.5; // between two looks that make a rate; after a longer pause there is a gap
const STALE_S = 1.5; // a running request that was not heard of for so long makes no tokens now

/** Return {user, system, wait} in percent of one core between two readings of one process; null if there is none. */
export function cpuRates(before, after) {
  if (!before || !after || before.pid !== after.pid || after.pid === 0) return null;
  const elapsed = after.t - before.t;
  if (!(elapsed > 0) || elapsed > LONGEST_S) return null;
  const rate = (name) => {
    const used = after.cpu_s[name] - before.cpu_s[name];
    return after.cpu_s[name] === null || before.cpu_s[name] === null ? null : Math.max(0, (100 * used) / elapsed);
  };
  const rates = { user: rate("user"), system: rate("system"), wait: rate("wait") };
  return rates.user === null || rates.system === null ? null : { ...rates, wait: rates.wait ?? 0 };
}

/** Tokens per second of one slot. */
export class TokenRate {
  #before = null;
  #perS = null;

  /** Take a reading {t, tokens, tokens_at, requests}; return the rate, null as long as it is not known. */
  take(reading) {
    const before = this.#before;
    this.#before = reading;
    if (before === null || reading.t - before.t > LONGEST_S) {
      this.#perS = null;
    } else if (reading.tokens_at > before.tokens_at) {
      this.#perS = Math.max(0, reading.tokens - before.tokens) / (reading.tokens_at - before.tokens_at);
    } else if (reading.requests === 0 || reading.t - reading.tokens_at > STALE_S) {
      this.#perS = 0;
    }
    return this.#perS;
  }
}

/** The last minute of one slot: moments, and rates of CPU time at them, in arrays of one length. */
export class History {
  t = [];
  user = [];
  system = [];
  wait = [];
  #seconds;

  constructor(seconds = 60) {
    this.#seconds = seconds;
  }

  /** Add a moment; `rates` null: a gap. */
  add(t, rates) {
    this.t.push(t);
    for (const name of ["user", "system", "wait"]) this[name].push(rates === null ? null : rates[name]);
    while (this.t[0] < t - this.#seconds) {
      for (const list of [this.t, this.user, this.system, this.wait]) list.shift();
    }
  }

  /** Return [moments, user + system + wait, user + system, user]: areas to be drawn in this order. */
  stacked() {
    const sum = (...lists) =>
      this.t.map((_, i) => (lists[0][i] === null ? null : lists.reduce((total, list) => total + list[i], 0)));
    return [this.t, sum(this.user, this.system, this.wait), sum(this.user, this.system), this.user];
  }
}

/** Return what became of a slot's last process, "" for nothing. `last`: the pid it had, 0 for none yet. */
export function happened(last, pid) {
  if (last === 0 || last === pid) return "";
  return pid === 0 ? `process ${last} ended` : `process ${last} ended; ${pid} took over`;
}
