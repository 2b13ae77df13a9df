// One answer as it comes: chunks of the stream -> text, reasoning, and what it took. Pure; moments are given, in ms.

/** An answer. `began`: when it was asked for; `seed`: sent with the question. */
export class Answer {
  text = "";
  reasoning = "";
  finish = ""; // the server's word for why it ended: stop, length
  #began;
  #first = null;
  #last = null;
  #pieces = 0;
  #tokens = null;
  #speed = null;

  constructor(began, seed) {
    this.#began = began;
    this.seed = seed;
  }

  /** Take a chunk that came at `now`; return what it adds: {text, reasoning}. */
  take(chunk, now) {
    const choice = chunk.choices?.[0];
    if (chunk.usage) this.#tokens = chunk.usage.completion_tokens;
    if (chunk.seed != null) this.seed = chunk.seed;
    const text = choice?.delta?.content ?? "";
    const reasoning = choice?.delta?.reasoning_content ?? "";
    if (choice?.finish_reason) this.finish = choice.finish_reason;
    if (choice?.timings) this.#speed = choice.timings.tokens_per_s || null;
    if (text || reasoning) {
      this.#first ??= now;
      this.#last = now;
      this.#pieces += 1;
    }
    this.text += text;
    this.reasoning += reasoning;
    return { text, reasoning };
  }

  /**
   * Return what is known: {seed, tokens, exact, tokensPerS, firstS}; null where it is not known. `exact`: the server
   * counted. Else pieces are counted, of which each token has one, as long as it has text.
   */
  figures() {
    const span = this.#pieces > 1 ? (this.#last - this.#first) / 1000 : 0;
    return {
      seed: this.seed,
      tokens: this.#tokens ?? (this.#pieces || null),
      exact: this.#tokens !== null,
      tokensPerS: this.#speed ?? (span > 0 ? (this.#pieces - 1) / span : null),
      firstS: this.#first === null ? null : (this.#first - this.#began) / 1000,
    };
  }
}
