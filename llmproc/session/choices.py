"""The n answers to one turn: what to ask for each of them. Answer i is what a request alone gives with seed + i.

Used by everything that takes SamplingParams.n: the Python API, the prompt loop, batch. Pure.
"""

from __future__ import annotations

import copy

from msgspec import structs

from llmproc.session.conversation import Conversation
from llmproc.session.turns import PreparedTurn


def choices_of(conversation: Conversation, prepared: PreparedTurn) -> list[tuple[Conversation, PreparedTurn]]:
    """Return a conversation and its turn for each of the `n` answers to a turn that `conversation` prepared.

    The first are those given. The others stand where `conversation` stands now, and go on alone with their seeds; a
    prompt becomes ids once.
    """
    found = [(conversation, prepared)]
    for index in range(1, conversation.sampling.n):
        other = conversation.fork()
        other.sampling = conversation.sampling.choice(index)
        order = structs.replace(prepared.order, seed=other.sampling.seed)
        earlier = other.turns[: len(prepared.earlier)]
        found.append((other, PreparedTurn(copy.copy(prepared.turn), order, earlier)))
    return found
