r"""ChatML: <|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n, and a system message before the first."""

from __future__ import annotations

from llmproc.errors import RequestError
from llmproc.text.templates.template import TurnTemplate
from llmproc.text.tokenizers.contract import TextTokenizer
from llmproc.text.tokenizers.specials import IM_END, IM_START

# The same as a model brings it: for files of formats that hold a template's text.
CHATML_JINJA = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


class ChatMLTemplate(TurnTemplate):
    """The template of the shipped model. The markers' ids come from templates only, never from a user's text."""

    name = "chatml"
    takes_system = True

    def question(
        self, tokenizer: TextTokenizer, text: str | bytes, system: str | bytes | None, first: bool
    ) -> list[int]:
        """Return the ids of a user's message; a later one begins with the newline after the last turn's <|im_end|>."""
        start, end = _marker(tokenizer, IM_START), _marker(tokenizer, IM_END)
        newline = tokenizer.encode("\n")
        ids = [] if first else newline
        if system:
            ids = [*ids, start, *tokenizer.encode(system, prefix=b"system\n"), end, *newline]
        return [*ids, start, *tokenizer.encode(text, prefix=b"user\n"), end, *newline]

    def answer_start(self, tokenizer: TextTokenizer) -> list[int]:
        r"""Return the ids of <|im_start|>assistant\n."""
        return [_marker(tokenizer, IM_START), *tokenizer.encode("assistant\n")]

    def close(self, tokenizer: TextTokenizer) -> list[int]:
        """Return the id of <|im_end|>."""
        return [_marker(tokenizer, IM_END)]

    def end_tokens(self, tokenizer: TextTokenizer) -> frozenset[int]:
        """Return <|im_end|> and the end ids that the tokenizer's sidecar lists."""
        return frozenset((*tokenizer.eos, _marker(tokenizer, IM_END)))


def _marker(tokenizer: TextTokenizer, piece: bytes) -> int:
    token = tokenizer.special.get(piece)
    if token is None:
        raise RequestError(f"the vocabulary has no {piece.decode()}, which the chat template needs")
    return token
