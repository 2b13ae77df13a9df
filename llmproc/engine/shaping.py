"""How a request's logits are changed before one id is drawn, and what is said of the ids that were drawn.

Used by `service`, where both cross a pipe as they are, and by `engine.choosing`, which does what they say. Imports
neither NumPy nor kernels, for main reads these too.
"""

from __future__ import annotations

import msgspec

ROUNDS_TO_ZERO = 2.0**-150  # the largest temperature that is 0 in fp32: half of the smallest subnormal, ties to even


class Shaping(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Options of a request beyond temperature and top_p, in the order in which they act.

    bias -> penalties -> grammar -> min_tokens -> temperature -> top_k -> top_p -> min_p. `given`: how many of the
    request's ids are its prompt's: the others count as generated, for all of these, also in a replay.
    """

    given: int
    bias: list[tuple[int, float]] = []  # id, what is added to its logit
    min_tokens: int = 0  # generated before an end token may come
    repetition: float = 1.0  # of ids that stand in prompt or answer (CTRL, Keskar et al. 2019): logit / or * this
    frequency: float = 0.0  # subtracted once for every time an id stands in the answer
    presence: float = 0.0  # subtracted from every id that stands in the answer
    top_k: int = 0  # only the k likeliest; 0: all
    min_p: float = 0.0  # only those with at least this share of the likeliest one's probability
    logprobs: int = -1  # how many of the likeliest ids are told with each drawn one; -1: nothing is told
    grammar: str = ""  # of the answer's text, as llguidance reads it (`llmproc.grammars`); "": any text


class Likely(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The model's own judgement where an id was drawn: natural logarithms of probabilities, before any option.

    They are told to 2**-24 (6e-8).
    """

    logprob: float  # of the drawn id
    top: list[tuple[int, float]] = []  # the likeliest ids, likeliest first; the lower id on ties


PLACED = Likely(0.0)  # of an id that the closing rule put there: it was certain, and the model was not asked
