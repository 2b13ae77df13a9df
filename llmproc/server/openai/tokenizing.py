"""POST /tokenize and POST /detokenize: text or messages to ids as an answer would see them, and back.

Source of the shapes: vLLM's OpenAI-compatible server. Used by `server.app`. No I/O, but a long text takes its time: a
megabyte some tenths of a second.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from llmproc.errors import RequestError, UsageError
from llmproc.server.one_line import one_line
from llmproc.server.openai.forms import plain_messages
from llmproc.server.openai.reading import check_ids, checked_variables, refused
from llmproc.server.openai.requests import OnlyFalse, RequestMessage, TokenId
from llmproc.server.refusals import RefusedError
from llmproc.server.validating import BodyReader, read_plain
from llmproc.text.templates.messages import ChatMessage
from llmproc.text.templates.registry import template_for
from llmproc.text.templates.template import ChatTemplate
from llmproc.text.tokenizers.contract import TextTokenizer


class TokenizeText(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A text to be made into ids."""

    prompt: str
    model: str | None = None
    add_special_tokens: Annotated[
        bool | None, Meta(description="Begin as every text of the model does. Absent: true.")
    ] = None
    return_token_strs: Annotated[bool | None, Meta(description="Tell the vocabulary's entries, too.")] = None


class TokenizeMessages(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A conversation to be made into ids."""

    messages: Annotated[list[RequestMessage], Meta(min_length=1)]
    model: str | None = None
    add_generation_prompt: Annotated[
        bool | None, Meta(description="With what an answer begins after. Absent: true.")
    ] = None
    return_token_strs: Annotated[bool | None, Meta(description="Tell the vocabulary's entries, too.")] = None
    add_special_tokens: Annotated[OnlyFalse | None, Meta(description="The chat template writes them.")] = None
    continue_final_message: OnlyFalse | None = None
    chat_template_kwargs: dict[str, Any] | None = None


class Tokenized(msgspec.Struct):
    """The ids. `max_model_len`: positions of a sequence; `token_strs`: the entries, if asked for."""

    count: int
    max_model_len: int
    tokens: list[int]
    token_strs: list[str] | None


class DetokenizeRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Ids to be made into text."""

    tokens: list[TokenId]
    model: str | None = None


class Detokenized(msgspec.Struct):
    """The text; bytes that are not UTF-8 are U+FFFD."""

    prompt: str


class Tokenizing:
    """Answers both paths for one model."""

    def __init__(self, tokenizer: TextTokenizer, template: ChatTemplate, context: int) -> None:
        """Take what turns text into ids, and the positions of a sequence."""
        self._tokenizer, self._template, self._context = tokenizer, template, context
        self._text, self._messages = BodyReader(TokenizeText), BodyReader(TokenizeMessages)
        self._ids = BodyReader(DetokenizeRequest)

    def tokenize(self, body: bytes) -> bytes:
        """Return the body of the answer of /tokenize. RefusedError that names the field."""
        value = read_plain(body)
        if isinstance(value, dict) and "messages" in value:
            ids, strings = self._of_messages(self._messages.read(body))
        else:
            ids, strings = self._of_text(self._text.read(body))
        entries = [self._tokenizer.entry(token).decode("utf-8", "replace") for token in ids] if strings else None
        return one_line(Tokenized(len(ids), self._context, ids, entries))

    def detokenize(self, body: bytes) -> bytes:
        """Return the body of the answer of /detokenize. RefusedError that names the field."""
        ids = self._ids.read(body).tokens
        check_ids("tokens", ids, self._tokenizer.vocab_size)
        return one_line(Detokenized(self._tokenizer.decode(ids).decode("utf-8", "replace")))

    def _of_text(self, request: TokenizeText) -> tuple[list[int], bool | None]:
        bos = self._tokenizer.bos if request.add_special_tokens is not False else None
        try:
            ids = self._tokenizer.encode(request.prompt)
        except RequestError as error:
            raise RefusedError(str(error), param="prompt", code="invalid_value") from None
        return ids if bos is None else [bos, *ids], request.return_token_strs

    def _of_messages(self, request: TokenizeMessages) -> tuple[list[int], bool | None]:
        if request.add_special_tokens:
            raise refused("add_special_tokens", "is true: must be false, the chat template writes them")
        if request.continue_final_message:
            raise refused("continue_final_message", "is true: must be false")
        messages = [ChatMessage(one["role"], one["content"]) for one in plain_messages(request.messages)]
        opened = request.add_generation_prompt is not False
        try:
            ids = self._with(request.chat_template_kwargs).render(self._tokenizer, messages, opened)
        except RequestError as error:
            raise RefusedError(str(error), param="messages", code="invalid_value") from None
        return ids, request.return_token_strs

    def _with(self, variables: dict[str, Any] | None) -> ChatTemplate:
        """Return the template with its variables set."""
        if not checked_variables(variables):
            return self._template
        try:
            return template_for(self._tokenizer, variables)
        except UsageError as error:
            raise RefusedError(str(error), param="chat_template_kwargs", code="invalid_value") from None
