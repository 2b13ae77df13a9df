"""Plain completion: BOS and the text, later turns just their text."""

from __future__ import annotations

from llmproc.text.templates.template import TurnTemplate
from llmproc.text.tokenizers.contract import TextTokenizer


class PlainTemplate(TurnTemplate):
    """The template of models that continue a text and know no turns."""

    name = "plain"
    takes_messages = False

    def question(
        self, tokenizer: TextTokenizer, text: str | bytes, system: str | bytes | None, first: bool
    ) -> list[int]:
        """Return BOS, if the vocabulary has one and this is the first turn, and the text."""
        bos = [tokenizer.bos] if first and tokenizer.bos is not None else []
        return bos + tokenizer.encode(text)

    def close(self, tokenizer: TextTokenizer) -> list[int]:
        """Return no ids: the next turn goes on where the text stopped."""
        return []

    def end_tokens(self, tokenizer: TextTokenizer) -> frozenset[int]:
        """Return the tokenizer's end ids, and BOS, which separates texts in training (as in llama2.c)."""
        return frozenset(tokenizer.eos) | ({tokenizer.bos} if tokenizer.bos is not None else set())
