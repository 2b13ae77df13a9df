"""The rows of OpenAI's paths in the published document. Used by `app`, which serves them."""

from __future__ import annotations

from llmproc.server.document import ALWAYS, ANSWERING, WITH_BODY, DocumentedPath
from llmproc.server.openai.dialects import SSE
from llmproc.server.openai.errors import ErrorAnswer
from llmproc.server.openai.models import ModelCard, ModelList
from llmproc.server.openai.requests import ChatRequest, CompletionRequest
from llmproc.server.openai.response_object import EVENT_NAMES, ResponseEvent, ResponseObject
from llmproc.server.openai.response_requests import ResponseRequest
from llmproc.server.openai.responses import ChatChunk, ChatCompletion, TextChunk, TextCompletion
from llmproc.server.openai.tokenizing import (
    Detokenized,
    DetokenizeRequest,
    Tokenized,
    TokenizeMessages,
    TokenizeText,
)

OPENAI_PATHS = (
    DocumentedPath(
        "/v1/chat/completions", "post", "Answer a conversation.", ChatCompletion, ErrorAnswer,
        asks=ChatRequest, chunks=ChatChunk, stream=SSE, stream_end="[DONE]", statuses=ANSWERING,
    ),
    DocumentedPath(
        "/v1/completions", "post", "Continue texts.", TextCompletion, ErrorAnswer,
        asks=CompletionRequest, chunks=TextChunk, stream=SSE, stream_end="[DONE]", statuses=ANSWERING,
    ),
    DocumentedPath(
        "/v1/responses", "post", "Answer a text or a conversation.", ResponseObject, ErrorAnswer,
        asks=ResponseRequest, chunks=ResponseEvent, stream=SSE, events=EVENT_NAMES, statuses=ANSWERING,
    ),
    DocumentedPath("/v1/models", "get", "List the models that answer.", ModelList, ErrorAnswer),
    DocumentedPath(
        "/v1/models/{model}", "get", "Tell of one model.", ModelCard, ErrorAnswer, statuses=(*ALWAYS, 404)
    ),
    DocumentedPath(
        "/tokenize", "post", "Make a text or a conversation into token ids.", Tokenized, ErrorAnswer,
        asks=(TokenizeText, TokenizeMessages), statuses=(*WITH_BODY, 404),
    ),
    DocumentedPath(
        "/detokenize", "post", "Make token ids into text.", Detokenized, ErrorAnswer,
        asks=DetokenizeRequest, statuses=(*WITH_BODY, 404),
    ),
)  # fmt: skip
