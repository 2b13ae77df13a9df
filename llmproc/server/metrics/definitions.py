"""Every metric of the server: its name, its type, its labels and what it means. The table of README.md says the same.

Names, units and labels of those marked `vllm` are vLLM's, with `llmproc:` in place of `vllm:`, so that dashboards made
for it need that one change. Source: docs/design/metrics.md and vllm/v1/metrics/loggers.py of the vLLM project, 2025;
its `model_name` label is theirs alone, and its `engine` label is left out: what is told by worker has names of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PREFIX = "llmproc:"
Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Definition:
    """One metric. `labels` without the `model_name` that vLLM's have."""

    name: str  # without prefix, and without the `_total` that a counter's samples have
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()
    vllm: bool = False

    @property
    def full_name(self) -> str:
        """Return the name with its prefix."""
        return PREFIX + self.name


DEFINITIONS: list[Definition] = []


def _define(kind: Kind, name: str, meaning: str, *labels: str, vllm: bool = False) -> Definition:
    DEFINITIONS.append(Definition(name, kind, meaning, labels, vllm))
    return DEFINITIONS[-1]


# -- requests, as the engine sees them: each of the n choices of an HTTP request is one ------------------------------

RUNNING = _define("gauge", "num_requests_running", "Requests that workers run.", vllm=True)
WAITING = _define("gauge", "num_requests_waiting", "Requests accepted, and not taken by a worker.", vllm=True)
PROMPT_TOKENS = _define("counter", "prompt_tokens", "Tokens of prompts that were read to their end.", vllm=True)
GENERATION_TOKENS = _define("counter", "generation_tokens", "Tokens generated, 0.3 s behind at most.", vllm=True)
PREFIX_QUERIES = _define("counter", "prefix_cache_queries", "Tokens of prompts that were looked up.", vllm=True)
PREFIX_HITS = _define("counter", "prefix_cache_hits", "Of them, tokens whose keys and values were there.", vllm=True)
PREEMPTIONS = _define("counter", "num_preemptions", "Sequences that lost their pages to older ones.", vllm=True)
KV_USAGE = _define("gauge", "kv_cache_usage_perc", "Share of all KV pages that sequences hold, 0 to 1.", vllm=True)
SUCCESS = _define(
    "counter", "request_success", "Choices that ended, by vLLM's words for why.", "finished_reason", vllm=True
)
TTFT = _define("histogram", "time_to_first_token_seconds", "From a request's arrival to its first token.", vllm=True)
ITL = _define("histogram", "inter_token_latency_seconds", "Between tokens of an answer, at the server.", vllm=True)
TPOT = _define("histogram", "request_time_per_output_token_seconds", "Mean time per token after the first.", vllm=True)
E2E = _define("histogram", "e2e_request_latency_seconds", "From arrival to end.", vllm=True)
QUEUE_TIME = _define("histogram", "request_queue_time_seconds", "From arrival until a worker took it.", vllm=True)
INFERENCE_TIME = _define("histogram", "request_inference_time_seconds", "From there to the end.", vllm=True)
PREFILL_TIME = _define("histogram", "request_prefill_time_seconds", "From there to the first token.", vllm=True)
DECODE_TIME = _define("histogram", "request_decode_time_seconds", "From the first token to the end.", vllm=True)
REQUEST_PROMPT = _define("histogram", "request_prompt_tokens", "Tokens of the prompt.", vllm=True)
REQUEST_TOKENS = _define("histogram", "request_generation_tokens", "Tokens of the answer.", vllm=True)
REQUEST_KV = _define("histogram", "request_kv_bytes", "Most bytes of KV pages that a request held.")
REQUEST_CPU = _define("counter", "request_cpu_seconds", "What ended requests cost, as answers state it.", "mode")
RETRIES = _define("counter", "request_retries", "Requests begun again because their worker died.")

# -- HTTP -------------------------------------------------------------------------------------------------------------

REQUESTS = _define("counter", "requests", "HTTP requests that were let in, by what came of them.", "outcome")
ERRORS = _define("counter", "request_errors", "HTTP requests answered with an error.", "interface", "status", "code")
IGNORED_OPTIONS = _define("counter", "ignored_options", "Options without effect here that clients sent.", "option")
FOREIGN_MODELS = _define("counter", "foreign_model_requests", "Requests that named another model.", "name")
LOOP_LAG = _define("histogram", "event_loop_lag_seconds", "How late the event loop ran a timer, looked at 4 a second.")
SPANS_EXPORTED = _define("counter", "spans_exported", "Spans of requests that a collector took; 0 without --otlp.")
SPANS_DROPPED = _define("counter", "spans_dropped", "Spans of requests that no collector got.", "reason")

# -- admission ---------------------------------------------------------------------------------------------------------

ADMITTED = _define("gauge", "admission_open", "Answers admitted, of requests that have not ended.")
ADMISSION_LIMIT = _define("gauge", "admission_limit", "Answers admitted at the same time, at most.")
ADMISSION_QUEUE = _define("gauge", "admission_queue", "Of those admitted, more than can run at the same time.")
SLO_REQUESTS = _define("counter", "slo_requests", "Requests that were answered: the SLO was kept, or not.", "kept")
SLO_SECONDS = _define("gauge", "slo_seconds", "The SLO's limits; absent without one.", "of")

# -- workers, and the processes as the kernel sees them ----------------------------------------------------------------

WORKER_UP = _define("gauge", "worker_up", "1 when the worker takes requests, else 0.", "worker")
WORKER_RUNNING = _define("gauge", "worker_requests_running", "Requests that it runs.", "worker")
WORKER_QUEUE = _define("gauge", "worker_queue", "Requests in its ring that no worker has taken.", "worker")
WORKER_TOKENS = _define("counter", "worker_generation_tokens", "Tokens that workers in this slot made.", "worker")
WORKER_STEPS = _define("counter", "worker_steps", "Steps since its process began: 0 after a restart.", "worker")
WORKER_STEALS = _define("counter", "worker_steals", "Requests it took from rings of others.", "worker")
WORKER_RESTARTS = _define("counter", "worker_restarts", "Processes that took the place of a dead one.", "worker")
WORKER_RANKS = _define("gauge", "worker_ranks_in_use", "Threads that compute in it now.", "worker")
KV_BYTES = _define("gauge", "kv_cache_held_bytes", "Bytes of KV pages that sequences hold.", "worker")
KV_SIZE = _define("gauge", "kv_cache_size_bytes", "Bytes of all its KV pages.", "worker")
SEQUENCE_KV = _define(
    "gauge", "sequence_kv_bytes", "KV pages of the sequence at one place, 0.3 s behind at most.", "worker", "place"
)
CPU_SECONDS = _define("counter", "process_cpu_seconds", "CPU time of the process.", "process", "worker", "mode")
CPU_PERCENT = _define(
    "gauge", "process_cpu_percent", "CPU use since the last look, 100 a core.", "process", "worker", "mode"
)
PSS = _define("gauge", "process_pss_bytes", "Memory, shared pages divided by users.", "process", "worker")
INFO = _define("gauge", "server_info", "Always 1.", "model", "fingerprint", "version")
