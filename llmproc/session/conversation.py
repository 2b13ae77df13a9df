"""A conversation: turns that share one growing sequence of ids and one random stream. It needs no service.

The ids and the number of draws are the whole state: a worker only caches what follows from them, so a conversation
survives any worker, and can be saved, loaded and continued byte for byte.

    text --prepare--> PreparedTurn (ids, order) --sent by session.py--> tokens, Finish --complete--> ids, draws, turns
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from llmproc.config import SamplingParams
from llmproc.errors import RequestError
from llmproc.service.messages import Finish, Generate
from llmproc.session.rules import ORDINARY, ChatRules
from llmproc.session.turns import PreparedTurn, SavedConversation, Turn
from llmproc.text.templates.template import ChatTemplate
from llmproc.text.tokenizers.contract import TextTokenizer
from llmproc.text.tokenizers.units import to_bytes

MAX_DRAWS = 1 << 24  # a worker draws a saved count one by one: a larger one is refused


class Conversation:
    """The state of one conversation. Not for several threads at once."""

    def __init__(
        self,
        tokenizer: TextTokenizer,
        template: ChatTemplate,
        seq_len: int,
        sampling: SamplingParams,
        system: str | None = None,
        rules: ChatRules = ORDINARY,
    ) -> None:
        """Begin without turns. `seq_len`: positions it may fill; `rules`: how long a turn is, how ids become text."""
        self.tokenizer, self.template, self.seq_len, self.rules = tokenizer, template, seq_len, rules
        self.sampling, self.system = sampling, system
        self.ids: list[int] = []
        self.draws = 0
        self.turns: list[Turn] = []
        self.end_tokens = template.end_tokens(tokenizer)

    @property
    def length(self) -> int:
        """Return the positions used so far."""
        return len(self.ids)

    # -- turns ------------------------------------------------------------------------------------------------------

    def prepare(self, text: str) -> PreparedTurn:
        """Make the next turn's ids and order. RequestError: text without tokens, or no room in the context."""
        return self._prepared(text, self.ids, self.turns)

    def prepare_again(self) -> PreparedTurn:
        """Prepare the last prompt once more, with the stream where it stands now. RequestError without a prompt.

        The old answer is forgotten when the new one has its first token, not before.
        """
        if not self.turns:
            raise RequestError("nothing to repeat: no prompt has been answered yet")
        last = self.turns[-1]
        return self._prepared(last.prompt, self.ids[: last.start], self.turns[:-1])

    def complete(self, prepared: PreparedTurn, tokens: Sequence[int], finish: Finish) -> None:
        """Append a turn whose answer has ended; one that failed before its first token leaves no trace."""
        if finish.reason in ("failed", "cancelled") and not tokens:
            return
        self.ids = [*prepared.order.ids, *tokens]
        self.draws = finish.draws
        self.turns = [*prepared.earlier, prepared.turn]

    def place(self, prompt: str, answer: str) -> None:
        """Append a turn as if it had been generated; its answer's ids are those of its text. Raises as `prepare`."""
        turn = Turn(prompt, len(self.ids), answer, "length")  # unended: the next turn puts its closing ids
        self.ids = self._opened(prompt, self.ids, self.turns) + self.tokenizer.encode(answer)
        self.turns = [*self.turns, turn]

    # -- state ------------------------------------------------------------------------------------------------------

    def fork(self) -> Conversation:
        """Return another conversation with the same ids and random stream. Both go on alone."""
        other = Conversation(self.tokenizer, self.template, self.seq_len, self.sampling, self.system, self.rules)
        other.ids, other.draws, other.turns = list(self.ids), self.draws, [copy.copy(turn) for turn in self.turns]
        return other

    def clear(self) -> None:
        """Forget the turns; the random stream goes on."""
        self.ids, self.turns = [], []

    def reseed(self, seed: int) -> None:
        """Start the random stream over from `seed`."""
        self.sampling, self.draws = self.sampling.changed(seed=seed), 0

    def saved(self, model: str, tokenizer: str) -> SavedConversation:
        """Return the state, for a file."""
        chosen = self.sampling
        return SavedConversation(
            model, tokenizer, self.ids, self.draws, chosen.seed, self.turns,
            self.template.name, chosen.temperature, chosen.top_p, chosen.max_tokens, self.system,
        )  # fmt: skip

    def restore(self, saved: SavedConversation) -> None:
        """Continue a saved conversation. LlmprocError when it does not fit this model; nothing has changed then."""
        if len(saved.ids) > self.seq_len:
            raise RequestError(f"the saved conversation has {len(saved.ids)} positions: this model has {self.seq_len}")
        counts = 0 <= saved.draws <= MAX_DRAWS and -(1 << 63) <= saved.seed < 1 << 64
        if not counts or any(not 0 <= token < self.tokenizer.vocab_size for token in saved.ids):
            raise RequestError("the saved conversation holds ids or counts that this tokenizer does not have")
        starts = [turn.start for turn in saved.turns]
        if starts != sorted(starts) or any(not 0 <= start < len(saved.ids) for start in starts):
            raise RequestError("the turns of the saved conversation do not lie in its ids")
        if saved.template != self.template.name:
            raise RequestError(f"the saved template is {saved.template}: here it is {self.template.name}")
        self.sampling = SamplingParams(saved.temperature, saved.top_p, saved.max_tokens, saved.seed)
        self.ids, self.draws, self.turns, self.system = list(saved.ids), saved.draws, saved.turns, saved.system

    def facts(self) -> dict[str, Any]:
        """Return settings and state, for /show."""
        return {
            "temperature": self.sampling.temperature,
            "top_p": self.sampling.top_p,
            "max_tokens": self.sampling.max_tokens,
            "seed": self.sampling.seed,
            "draws": self.draws,
            "positions": f"{self.length} of {self.seq_len}",
            "turns": len(self.turns),
            "template": self.template.name,
            "system": self.system,
        }

    # -- ids --------------------------------------------------------------------------------------------------------

    def _opened(self, text: str, ids: list[int], turns: list[Turn]) -> list[int]:
        """Return `ids` and a turn's own, up to where its answer begins.

        An answer that did not end itself is closed first, unless turns have a closing id of their own.
        """
        first, unended = not ids, bool(turns) and turns[-1].reason != "end" and self.rules.turn.closing is None
        closing = self.template.close(self.tokenizer) if unended else []
        opening = self.template.open(self.tokenizer, to_bytes(text), self.system if first else None, first)
        return [*ids, *closing, *opening]

    def _prepared(self, text: str, ids: list[int], turns: list[Turn]) -> PreparedTurn:
        """Prepare a turn after `turns`, which fill `ids`."""
        turn, opened = Turn(text, len(ids)), self._opened(text, ids, turns)
        if self.seq_len - len(opened) < 1:
            raise RequestError(
                f"the conversation would need {len(opened)} positions and the context has {self.seq_len}"
            )
        rules = self.rules.turn
        order = Generate.sampled(
            opened,
            self.sampling,
            max_tokens=rules.tokens,
            end_tokens=sorted(self.end_tokens),
            draws=self.draws,
            closing=rules.closing,
        )
        return PreparedTurn(turn, order, turns)
