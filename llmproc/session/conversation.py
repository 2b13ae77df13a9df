"""A session: a conversation whose turns share one growing sequence of ids and one random stream.

The ids and the coin count are the whole state: a worker only caches what follows from them, so a session survives any
worker, and can be saved, loaded and continued byte for byte.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from llmproc.config import SamplingParams
from llmproc.errors import LlmprocError, RequestError
from llmproc.service.messages import Finish, Generate, Token
from llmproc.service.service import Service
from llmproc.service.ticket import Ticket
from llmproc.text.templates.template import ChatTemplate
from llmproc.text.tokenizers.streaming import StreamDecoder
from llmproc.text.tokenizers.tokenizer import Tokenizer
from llmproc.text.tokenizers.units import to_bytes

COURSE_TURN = 255  # tokens sampled in a turn of the course's exercise, before the closing id
_COURSE_CLOSING = 2
MOST_DRAWS = 1 << 24  # a saved count beyond it is no conversation's: a worker would draw them all to get there
_session_ids = itertools.count(1)


class Turn(msgspec.Struct):
    """One question and its answer. `start`: length of the sequence before the turn."""

    prompt: str
    start: int
    answer: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A turn that is ready to be sent: its ids are those of everything up to where the answer begins."""

    turn: Turn
    order: Generate
    earlier: list[Turn]


class SavedSession(msgspec.Struct, forbid_unknown_fields=True):
    """What /save writes; `model` and `tokenizer` say what it continues on."""

    model: str
    tokenizer: str
    ids: list[int]
    draws: int
    seed: int
    turns: list[Turn]
    template: str
    temperature: float
    top_p: float
    max_tokens: int
    system: str | None = None


class Answer:
    """One turn in progress: iterate the pieces of text, then read `finish`."""

    def __init__(
        self,
        session: Session,
        ticket: Ticket,
        turn: Turn,
        ids: list[int],
        earlier: list[Turn],
        hidden: frozenset[int],
    ) -> None:
        """`ids`: the prompt's, everything before it included; `earlier`: turns before this one; `hidden`: not shown."""
        self._session, self.ticket, self._hidden = session, ticket, hidden
        self.turn, self.ids, self.earlier = turn, ids, earlier
        self.finish: Finish | None = None
        self.tokens: list[int] = []
        self._decoder = StreamDecoder(session.tokenizer, ids[-1])

    def cancel(self) -> None:
        """Ask for the end; what was written stays."""
        self.ticket.cancel()

    def next(self, timeout: float | None = None) -> str | None:
        """The next piece of text (maybe ""), None when nothing came within `timeout`; RuntimeError after the end."""
        if self.finish is not None:
            raise RuntimeError("the answer is complete")
        event = self.ticket.next(timeout)
        if event is None:
            return None
        if isinstance(event, Finish):
            return self._complete(event)
        return self._piece(event)

    def __iter__(self) -> Iterator[str]:
        while self.finish is None:
            piece = self.next()
            if piece:
                yield piece

    def _piece(self, token: Token) -> str:
        self.tokens.append(token.token)
        if token.token in self._hidden or not token.sampled:
            return ""
        piece = self._decoder.feed(token.token)
        self.turn.answer += piece
        return piece

    def _complete(self, finish: Finish) -> str:
        self.finish = finish
        rest = self._decoder.flush()
        self.turn.answer += rest
        self.turn.reason = finish.reason
        self._session._completed(self)
        return rest


class Session:
    """One conversation over a service. Not for several threads at once."""

    def __init__(
        self,
        service: Service,
        tokenizer: Tokenizer,
        template: ChatTemplate,
        seq_len: int,
        sampling: SamplingParams,
        system: str | None = None,
        lasting: bool = True,
    ) -> None:
        """`template.name == "course"` makes every turn 255 sampled tokens and the closing id, as in the exercise.

        `lasting`: there will be further turns, for which its worker is remembered.
        """
        self.service, self.tokenizer, self.template, self.seq_len = service, tokenizer, template, seq_len
        self.sampling, self.system = sampling, system
        self.session_id = next(_session_ids) if lasting else 0
        self.ids: list[int] = []
        self.draws = 0
        self.turns: list[Turn] = []
        self._end_tokens = template.end_tokens(tokenizer)

    @property
    def length(self) -> int:
        """Positions used so far."""
        return len(self.ids)

    def ask(self, text: str, notify: Callable[[], None] | None = None) -> Answer:
        """Start a turn. RequestError when the text has no tokens or the context has no room for it.

        `notify`: called on the I/O thread whenever the answer's `next(0)` has something.
        """
        return self.send(self.prepare(text), notify)

    def prepare(self, text: str) -> Prepared:
        """A turn that `send` starts, later and maybe from another thread; needs no service. RequestError as `ask`."""
        return self._prepared(text, self.ids, self.turns)

    def send(self, prepared: Prepared, notify: Callable[[], None] | None = None) -> Answer:
        """Start a turn that `prepare` made of this session as it stands."""
        order, turn = prepared.order, prepared.turn
        ticket = self.service.submit(order, self.session_id, turn.start, notify)
        return Answer(self, ticket, turn, order.ids, prepared.earlier, self._end_tokens)

    def place(self, prompt: str, answer: str) -> None:
        """Add a turn as if it had been made; its answer's ids are those of its text. RequestError as `ask`."""
        turn = Turn(prompt, len(self.ids), answer, "length")  # unended: the next turn puts its closing ids
        self.ids = self._opened(prompt, self.ids, self.turns) + self.tokenizer.encode(answer)
        self.turns = [*self.turns, turn]

    def fork(self) -> Session:
        """Another session that stands where this one stands: same ids, same random stream. Both go on alone."""
        other = Session(self.service, self.tokenizer, self.template, self.seq_len, self.sampling, self.system)
        other.ids, other.draws, other.turns = list(self.ids), self.draws, [copy.copy(turn) for turn in self.turns]
        return other

    def regenerate(self) -> Answer:
        """Answer the last prompt once more, with the stream where it stands now. RequestError without a prompt.

        The old answer is forgotten when the new one has its first token, not before.
        """
        if not self.turns:
            raise RequestError("there is no answer to make again")
        last = self.turns[-1]
        return self.send(self._prepared(last.prompt, self.ids[: last.start], self.turns[:-1]))

    def clear(self) -> None:
        """Forget the conversation; the random stream goes on."""
        self.ids, self.turns = [], []

    def reseed(self, seed: int) -> None:
        """Start the random stream anew."""
        self.sampling, self.draws = self.sampling.changed(seed=seed), 0

    def saved(self, model: str, tokenizer: str) -> SavedSession:
        """The state, for a file."""
        chosen = self.sampling
        return SavedSession(
            model, tokenizer, self.ids, self.draws, chosen.seed, self.turns,
            self.template.name, chosen.temperature, chosen.top_p, chosen.max_tokens, self.system,
        )  # fmt: skip

    def restore(self, saved: SavedSession) -> None:
        """Continue a saved conversation. LlmprocError when it does not fit this model; nothing has changed then."""
        if len(saved.ids) > self.seq_len:
            raise RequestError(f"the saved conversation has {len(saved.ids)} positions: this model has {self.seq_len}")
        if not 0 <= saved.draws <= MOST_DRAWS or any(not 0 <= token < self.tokenizer.vocab_size for token in saved.ids):
            raise RequestError("the saved conversation holds ids or counts that this tokenizer does not have")
        starts = [turn.start for turn in saved.turns]
        if starts != sorted(starts) or any(not 0 <= start < len(saved.ids) for start in starts):
            raise RequestError("the turns of the saved conversation do not lie in its ids")
        if saved.template != self.template.name:
            raise RequestError(f"the saved template is {saved.template}: here it is {self.template.name}")
        self.sampling = SamplingParams(saved.temperature, saved.top_p, saved.max_tokens, saved.seed)
        self.ids, self.draws, self.turns, self.system = list(saved.ids), saved.draws, saved.turns, saved.system

    def _opened(self, text: str, ids: list[int], turns: list[Turn]) -> list[int]:
        """`ids` and a turn's own, up to where its answer begins. An answer that did not end itself is closed first."""
        first, unended = not ids, bool(turns) and turns[-1].reason != "end" and self.template.name != "course"
        closing = self.template.close(self.tokenizer) if unended else []
        opening = self.template.open(self.tokenizer, to_bytes(text), self.system if first else None, first)
        return [*ids, *closing, *opening]

    def _prepared(self, text: str, ids: list[int], turns: list[Turn]) -> Prepared:
        """A turn after `turns`, which fill `ids`."""
        turn, opened = Turn(text, len(ids)), self._opened(text, ids, turns)
        if self.seq_len - len(opened) < 1:
            raise RequestError(
                f"the conversation would need {len(opened)} positions and the context has {self.seq_len}"
            )
        course = self.template.name == "course"
        order = Generate.sampled(
            opened,
            self.sampling,
            max_tokens=COURSE_TURN if course else None,
            end_tokens=sorted(self._end_tokens),
            draws=self.draws,
            closing=_COURSE_CLOSING if course else None,
        )
        return Prepared(turn, order, turns)

    def _completed(self, answer: Answer) -> None:
        finish = answer.finish
        assert finish is not None
        if finish.reason in ("failed", "cancelled") and not answer.tokens:
            return  # nothing happened: the next prompt stands where this one stood
        self.ids = answer.ids + answer.tokens
        self.draws = finish.draws
        self.turns = [*answer.earlier, answer.turn]


def read_saved(data: bytes, name: object) -> SavedSession:
    """A session from the bytes of a file; LlmprocError naming the file and what is wrong."""
    try:
        found = msgspec.json.decode(data)
        if isinstance(found, dict) and "coins" in found and "draws" not in found:
            found["draws"] = found.pop("coins")  # the name of files written before
        return msgspec.convert(found, SavedSession)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise LlmprocError(f"{name}: not a saved session: {error}") from None


def session_facts(session: Session) -> dict[str, Any]:
    """Settings and state, for /show."""
    return {
        "temperature": session.sampling.temperature,
        "top_p": session.sampling.top_p,
        "max_tokens": session.sampling.max_tokens,
        "seed": session.sampling.seed,
        "draws": session.draws,
        "positions": f"{session.length} of {session.seq_len}",
        "turns": len(session.turns),
        "template": session.template.name,
        "system": session.system,
    }
