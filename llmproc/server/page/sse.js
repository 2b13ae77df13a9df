// Bytes of a response -> server-sent events, as the HTML standard frames them. Pure but for `events`, which reads.

/** Text in pieces of any size -> complete events. An event that its blank line does not end is none. */
export class EventParser {
  #rest = ""; // of a line that has not ended
  #name = "";
  #data = [];
  #skipFeed = false; // the last piece ended with CR: an LF that follows belongs to it

  /** Take the next piece; return the events that it completes, each {name, data}. */
  push(text) {
    if (text === "") return [];
    const begin = this.#skipFeed && text[0] === "\n" ? 1 : 0;
    this.#skipFeed = text.endsWith("\r");
    const lines = (this.#rest + text.slice(begin)).split(/\r\n|\r|\n/);
    this.#rest = lines.pop();
    return lines.map((line) => this.#take(line)).filter((event) => event !== null);
  }

  #take(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null; // a comment
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#name = value;
    if (field === "data") this.#data.push(value);
    return null;
  }

  #dispatch() {
    const event = { name: this.#name || "message", data: this.#data.join("\n") };
    const complete = this.#data.length > 0;
    this.#name = "";
    this.#data = [];
    return complete ? event : null;
  }
}

/** Yield the events of a response's body (a ReadableStream of bytes). Throws what reading it throws. */
export async function* events(body) {
  const parser = new EventParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    await reader.cancel().catch(() => {}); // the connection ends with the reading
  }
}
