"""Which program of programs/ shows which client's documented use, and what it needs in its environment."""

from __future__ import annotations

PROGRAMS = {
    "openai2": "openai_python.py",
    "openai3": "openai_python.py",
    "openai-js": "openai_node.mjs",
    "ollama": "ollama_python.py",
    "ollama-js": "ollama_node.mjs",
    "litellm": "litellm_python.py",
    "langchain-openai": "langchain_openai_python.py",
    "langchain-ollama": "langchain_ollama_python.py",
    "llama-index": "llama_index_python.py",
    "llm": "llm_program.py",
    "ai-sdk": "ai_sdk_node.mjs",
    "guidellm": "guidellm_program.py",
    "aiperf": "aiperf_program.py",
    "schemathesis": "schemathesis_program.py",
}
RECORDED = tuple(client for client in PROGRAMS if client != "schemathesis")  # that one sends no use of its own
# Cases that ask again for what other cases ask, or that differ from run to run: of use to tests, not to a recording.
NOT_RECORDED = {
    "together",
    "parsed",
    "called",
    "impatient",
    "closed_early",
    "aborted",
    "hundred_streams",
    "responses_retrieved",
    "responses_helper",
    "batch_completed",
    "batch_cancelled",
    "batch_expired",
    "batch_with_errors",
    "batch_begun",
    "batch_fetched",
}
SETTINGS = {
    "litellm": {"LITELLM_LOCAL_MODEL_COST_MAP": "True"},  # else its import tries to fetch a price list
}
RECORDING = {"guidellm": {"REQUESTS": "2"}, "aiperf": {"REQUESTS": "2"}}
