// The turns of a conversation, and the messages they are for the server. Pure.

/** Questions and their answers. A turn's `state`: open, done, stopped, failed. */
export class Conversation {
  turns = [];

  /** Add a question; return its turn. */
  begin(question) {
    const turn = { question, answer: "", state: "open" };
    this.turns.push(turn);
    return turn;
  }

  /** Take a turn out, as if it had not been asked. */
  remove(turn) {
    this.turns = this.turns.filter((each) => each !== turn);
  }

  /**
   * Return the messages up to and including the open turn's question. Reasoning is left out, and so are turns that
   * failed or were stopped before they had text: the model would see two questions in a row.
   */
  messages(system) {
    const said = system.trim() === "" ? [] : [{ role: "system", content: system }];
    for (const turn of this.turns) {
      const answered = turn.state !== "failed" && turn.state !== "open" && turn.answer !== "";
      if (answered || turn.state === "open") said.push({ role: "user", content: turn.question });
      if (answered) said.push({ role: "assistant", content: turn.answer });
    }
    return said;
  }
}
