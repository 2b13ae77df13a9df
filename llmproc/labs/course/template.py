"""The exercise's chat template: ids 1 and 4093, a space and the text, ids 2 and 1, as its C program writes them."""

from __future__ import annotations

from llmproc.errors import RequestError
from llmproc.text.templates.template import TurnTemplate
from llmproc.text.tokenizers.contract import TextTokenizer
from llmproc.text.tokenizers.tokenizer import Tokenizer

START, END = 1, 2  # <|im_start|>, <|im_end|> in the exercise's vocabulary
USER = 4093  # `user` in the exercise's vocabulary


class CourseTemplate(TurnTemplate):
    """Fixed ids around the text, whatever the vocabulary calls them."""

    name = "course"

    def question(
        self, tokenizer: TextTokenizer, text: str | bytes, system: str | bytes | None, first: bool
    ) -> list[int]:
        """Return the ids of a user's message. A vocabulary without id 4093 gives `user` its own ids."""
        if tokenizer.vocab_size <= END:
            rule = f"the vocabulary has {tokenizer.vocab_size} ids"
            raise RequestError(f"the course's template needs ids {START} and {END}, {rule}")
        if not isinstance(tokenizer, Tokenizer):
            raise RequestError("the course's template needs a tokenizer.bin: its exercise encodes as llama2.c does")
        user = [USER] if tokenizer.vocab_size > USER else tokenizer.encode("user")
        return [START, *user, *tokenizer.encode_as_c(text), END]

    def answer_start(self, tokenizer: TextTokenizer) -> list[int]:
        """Return <|im_start|>, without a role."""
        return [START]

    def close(self, tokenizer: TextTokenizer) -> list[int]:
        """Return <|im_end|>."""
        return [END]

    def end_tokens(self, tokenizer: TextTokenizer) -> frozenset[int]:
        """Return no ids: an answer has a fixed length."""
        return frozenset()
