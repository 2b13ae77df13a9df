"""A conversation: turns that share one growing sequence of ids and one random stream. It needs no service.

The ids and the number of draws are the whole state: a worker only caches what follows from them, so a conversation
survives any worker, and can be saved, loaded and continued byte for byte.

    text --prepare--> PreparedTurn (ids, order) --sent by session.py--> tokens, Finish --complete--> ids, draws, turns

Over a built-in template a turn's ids are appended to those that stand, which stay as they are. A template that a model
brings renders all messages again for every turn, and what it renders counts; a worker finds what both begin with.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Sequence
from typing import Any

from llmproc.config import SamplingParams
from llmproc.errors import ContextLengthError, MissingPackageError, RequestError
from llmproc.grammars.forms import SchemaForm
from llmproc.service.messages import Finish, Generate, with_grammar
from llmproc.session.history import check_messages, common_prefix, history
from llmproc.session.option_texts import option_text, other_options, with_options
from llmproc.session.rules import ORDINARY, ChatRules
from llmproc.session.turns import PreparedTurn, SavedConversation, Turn
from llmproc.text.templates.messages import ChatMessage
from llmproc.text.templates.system import check_system
from llmproc.text.templates.template import ChatTemplate, TurnTemplate
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
        ends: Iterable[int] = (),
    ) -> None:
        """Begin without turns. `seq_len`: positions it may fill; `rules`: how long a turn is, how ids become text.

        `ends`: ids that end an answer by what the model says, beside those of tokenizer and template.
        """
        self.tokenizer, self.template, self.seq_len, self.rules = tokenizer, template, seq_len, rules
        self.sampling, self.system = sampling, system
        self.ids: list[int] = []
        self.draws = 0
        self.turns: list[Turn] = []
        self.placed: list[ChatMessage] = []  # before the first turn; a saved file has none
        fixed = rules.turn.tokens is not None  # such answers are not ended by a token
        self.end_tokens = template.end_tokens(tokenizer) | frozenset(() if fixed else ends)

    @property
    def length(self) -> int:
        """Return the positions used so far."""
        return len(self.ids)

    # -- turns ------------------------------------------------------------------------------------------------------

    def prepare(self, text: str) -> PreparedTurn:
        """Make the next turn's ids and order. RequestError: text without tokens, or no room in the context."""
        return self._prepared(text, self.turns, len(self.ids))

    def prepare_again(self) -> PreparedTurn:
        """Prepare the last prompt once more, with the stream where it stands now. RequestError without a prompt.

        The old answer is forgotten when the new one has its first token, not before.
        """
        if not self.turns:
            raise RequestError("nothing to repeat: no prompt has been answered yet")
        last = self.turns[-1]
        return self._prepared(last.prompt, self.turns[:-1], last.start)

    def prepare_ids(self, ids: Sequence[int]) -> PreparedTurn:
        """Prepare a turn of ids as they are, without template, in a new conversation. RequestError as `prepare`."""
        for token in ids:
            if not 0 <= token < self.tokenizer.vocab_size:
                raise RequestError(f"token {token}: this model has 0 to {self.tokenizer.vocab_size - 1}")
        if not ids:
            raise RequestError("the prompt has no tokens")
        return self._ordered("", list(ids), 0, [])

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
        if isinstance(self.template, TurnTemplate):
            self.ids = self._appended(self.template, prompt, self.turns, len(self.ids)) + self.tokenizer.encode(answer)
        self.turns = [*self.turns, turn]

    def place_messages(self, messages: Sequence[ChatMessage]) -> str:
        """Begin with messages in any order that the model's own template takes; return the last one, the user's.

        RequestError for what no template can be given; what this one refuses is seen by `prepare`.
        """
        check_messages(messages)
        *placed, last = messages
        check_system(self.template, next((m.content for m in placed if m.role == "system"), None))
        if placed and placed[0].role == "system":
            self.system = None
        self.placed = placed
        return str(last.content)

    # -- state ------------------------------------------------------------------------------------------------------

    def fork(self) -> Conversation:
        """Return another conversation with the same ids and random stream. Both go on alone."""
        other = copy.copy(self)
        other.ids, other.turns = list(self.ids), [copy.copy(turn) for turn in self.turns]
        return other

    def clear(self) -> None:
        """Forget the turns; the random stream goes on."""
        self.ids, self.turns, self.placed = [], [], []

    def reseed(self, seed: int) -> None:
        """Start the random stream over from `seed`."""
        self.sampling, self.draws = self.sampling.changed(seed=seed), 0

    def saved(self, model: str, tokenizer: str) -> SavedConversation:
        """Return the state, for a file."""
        chosen = self.sampling
        return SavedConversation(
            model, tokenizer, self.ids, self.draws, chosen.seed, self.turns,
            self.template.name, chosen.temperature, chosen.top_p, chosen.max_tokens, self.system,
            other_options(chosen),
        )  # fmt: skip

    def restore(self, saved: SavedConversation) -> None:
        """Continue a saved conversation. LlmprocError when it does not fit this model; nothing has changed then."""
        if len(saved.ids) > self.seq_len:
            raise RequestError(f"the saved conversation has {len(saved.ids)} positions: this model has {self.seq_len}")
        counts = 0 <= saved.draws <= MAX_DRAWS and -(1 << 63) <= saved.seed < 1 << 64
        if not counts or any(not 0 <= token < self.tokenizer.vocab_size for token in saved.ids):
            raise RequestError("the saved conversation holds ids or counts that this tokenizer does not have")
        if saved.template != self.template.name:
            raise RequestError(f"the saved template is {saved.template}: here it is {self.template.name}")
        starts = [turn.start for turn in saved.turns]
        rendered = not isinstance(self.template, TurnTemplate)  # a later rendering may be shorter than an earlier one
        if not rendered and (starts != sorted(starts) or any(not 0 <= start < len(saved.ids) for start in starts)):
            raise RequestError("the turns of the saved conversation do not lie in its ids")
        plain = SamplingParams(saved.temperature, saved.top_p, saved.max_tokens, saved.seed)
        self.sampling = with_options(plain, saved.sampling)
        self.ids, self.draws, self.turns, self.system = list(saved.ids), saved.draws, saved.turns, saved.system
        self.placed = []

    def facts(self) -> dict[str, Any]:
        """Return settings and state, for /show."""
        return {
            "temperature": self.sampling.temperature,
            "top_p": self.sampling.top_p,
            "max_tokens": self.sampling.max_tokens,
            "seed": self.sampling.seed,
            **{name: option_text(name, value) for name, value in other_options(self.sampling).items()},
            "draws": self.draws,
            "positions": f"{self.length} of {self.seq_len}",
            "turns": len(self.turns),
            "template": self.template.name,
            "system": self.system,
        }

    # -- ids --------------------------------------------------------------------------------------------------------

    def _appended(self, template: TurnTemplate, text: str, turns: list[Turn], start: int) -> list[int]:
        """Return the first `start` ids, which `turns` fill, and a turn's own, up to where its answer begins.

        An answer that did not end itself is closed first, unless turns have a closing id of their own.
        """
        first, unended = not start, bool(turns) and turns[-1].reason != "end" and self.rules.turn.closing is None
        closing = template.close(self.tokenizer) if unended else []
        opening = template.open(self.tokenizer, to_bytes(text), self.system if first else None, first)
        return [*self.ids[:start], *closing, *opening]

    def _rendered(self, text: str, turns: list[Turn]) -> list[int]:
        """Return the ids of everything that was said and `text`, up to where the answer begins."""
        check_system(self.template, self.system)
        said = history(self.template, self.system, self.placed, turns)
        return self.template.render(self.tokenizer, [*said, ChatMessage("user", text)])

    def _prepared(self, text: str, turns: list[Turn], start: int) -> PreparedTurn:
        """Prepare a turn after `turns`, which fill the first `start` ids."""
        if isinstance(self.template, TurnTemplate):
            opened = self._appended(self.template, text, turns, start)
        else:
            opened = self._rendered(text, turns)
            start = min(common_prefix(self.ids, opened), len(opened) - 1)
        return self._ordered(text, opened, start, turns)

    def _ordered(self, text: str, opened: list[int], start: int, turns: list[Turn]) -> PreparedTurn:
        """Return the turn that continues `opened`."""
        turn = Turn(text, start)
        if self.seq_len - len(opened) < 1:
            raise ContextLengthError(
                f"the conversation would need {len(opened)} positions and the context has {self.seq_len}"
            )
        rules = self.rules.turn
        order = Generate.sampled(
            opened,
            self.sampling,
            max_tokens=rules.tokens,
            end_tokens=[] if self.sampling.ignore_eos else sorted(self.end_tokens),
            draws=self.draws,
            closing=rules.closing,
        )
        return PreparedTurn(turn, with_grammar(order, self._grammar()), turns)

    def _grammar(self) -> str:
        """Return the grammar of the schema that answers keep; "" without one. RequestError."""
        if not self.sampling.json_schema:
            return ""
        form = SchemaForm(json.loads(self.sampling.json_schema), "json_schema")
        try:
            form.check()
        except MissingPackageError as error:
            raise RequestError(str(error)) from None
        return form.grammar(self.template.opens_reasoning)
