"""The prompts of `doctor --exact`: short and long ones, some of which begin alike, each asked greedily and sampled."""

from __future__ import annotations

from dataclasses import dataclass

from llmproc.text.templates.messages import ChatMessage
from llmproc.text.templates.template import ChatTemplate
from llmproc.text.tokenizers.contract import TextTokenizer

_STORY = (
    "A kitchen has two cooks, one stove and a shelf of recipes. Each cook takes a recipe, reads it line by line and "
    "needs the stove now and then. When both want it at once, one of them waits at the door until the other is done. "
)
_LIST = "Here are the rules of the house: knock before you enter, put things back, turn off the light. "
TEXTS = (
    "Hi",
    "What is a pipe?",
    "What is a pipe good for?",
    "What is a process, and how does it differ from a program that lies on a disk?",
    _STORY + "Who is the stove?",
    _STORY + "Who are the cooks?",
    _STORY + "What happens when one of the cooks falls asleep in front of the stove, and the others let it sleep?",
    _STORY + _STORY + "Tell it again in one sentence.",
    _LIST + "Which rule comes first?",
    _LIST + "Which rule comes last?",
    _LIST + _STORY + "Which rule would help the cooks?",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37",
)


@dataclass(frozen=True, slots=True)
class Question:
    """One request of the set."""

    name: str
    ids: list[int]
    temperature: float
    top_p: float
    seed: int


def questions(tokenizer: TextTokenizer, template: ChatTemplate, context: int, tokens: int) -> list[Question]:
    """Make a greedy and a sampled question of every text, cut so that `tokens` of answer fit into `context`."""
    found = []
    for number, text in enumerate(TEXTS, 1):
        ids = template.render(tokenizer, [ChatMessage("user", text)])[: max(1, context - tokens)]
        found.append(Question(f"prompt {number}, greedy", ids, 0.0, 1.0, number))
        found.append(Question(f"prompt {number}, sampled", ids, 0.8, 0.95, 1000 + number))
    return found
