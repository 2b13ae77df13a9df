"""What people type in the five systems that llmproc unites, and what does the same here: one table for hints and page.

Used by the command line, which answers a word of another system with the command that does it here, and by
`llmproc/coming-from.md`, which is this table as a page (a test holds them together, and runs every command of ours):

    python3 -c 'from llmproc.apps.coming_from import page; print(page(), end="")' > llmproc/coming-from.md

Facts about the other systems are from their READMEs and from `--help`. Nothing here starts anything.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath


@dataclass(frozen=True, slots=True)
class Counterpart:
    """One thing of another system. `ours`: a shell command or Python; "" when there is none, and `note` says why."""

    theirs: str
    ours: str = ""
    note: str = ""
    words: tuple[str, ...] = ()  # what may be typed as a command here

    @property
    def is_python(self) -> bool:
        """Return whether `ours` is Python: it stands in a program that has an LLM called `llm`."""
        return bool(self.ours) and not self.ours.startswith(("python3 ", "tools/", "printf "))


@dataclass(frozen=True, slots=True)
class OtherSystem:
    """One of the systems that people come from."""

    title: str
    rows: tuple[Counterpart, ...]


_NO_GPU = "not here, because llmproc computes on CPUs only"

COURSE = OtherSystem(
    "The processes course (a C chatbot on llama2.c)",
    (
        Counterpart(
            "`make prepare`: download model and tokenizer",
            note="`python3 -m llmproc fetch course`: into this folder, where `--course` finds them; a model ships, too",
            words=("prepare", "make", "wget"),
        ),
        Counterpart(
            "`./main 42 2>log.txt`",
            "printf 'What is a pipe?\\n' | python3 -m llmproc.main --course 42 2>log.txt",
            "./model.bin and ./tokenizer.bin are used when they are there",
            ("main", "inference", "llama2"),
        ),
        Counterpart(
            '`./seq 42 "prompt"`', "python3 -m llmproc threads 0 42 'What is a pipe?'", "0: no team of threads"
        ),
        Counterpart(
            '`./parallel 4 42 "prompt"`, n threads in one forward pass',
            "python3 -m llmproc threads 4 42 'What is a pipe?'",
            words=("parallel", "thr", "llama2_parallel"),
        ),
        Counterpart(
            "`python3 avg_cpu_use.py log.txt`", "tools/avg_cpu_use.py log.txt", words=("avg_cpu_use.py", "avg")
        ),
        Counterpart(
            "a plot of log.txt", "tools/plot_cpu.py log.txt -o cpu.png", words=("plot_cpu.py", "plot", "plot_timing.py")
        ),
        Counterpart(
            "`SCHED_POLICY` and `nice` in the source",
            "printf 'What is a pipe?\\n' | python3 -m llmproc.main --policy batch --nice 10",
            "while it runs: /sched and /nice",
            ("sched", "nice"),
        ),
        Counterpart(
            "`kill -INT`, `kill -9` on a child", "python3 -m llmproc top --once", "shows the pids", ("ps", "htop")
        ),
        Counterpart(
            "`gcc main.c inference.c`: writing it yourself", "python3 -m llmproc lab list", words=("gcc", "exercise")
        ),
        Counterpart(
            "`time ./main`, or another C program under watch",
            "python3 -m llmproc record -- python3 -c 'print(sum(range(10**6)))'",
            words=("time", "perf", "strace"),
        ),
    ),
)

GO = OtherSystem(
    "Sequential, parallel and work-stealing requests (a Go program, Ollama)",
    (
        Counterpart(
            "`seq`: one prompt after the other",
            "python3 -m llmproc batch prompts.txt -o seq.jsonl --mode seq",
            words=("seq", "sequential", "-seq"),
        ),
        Counterpart(
            "`sp 4`: dealt to 4 workers",
            "python3 -m llmproc batch prompts.txt -o sp.jsonl --mode sp --workers 4 --threads 1",
            words=("sp", "static"),
        ),
        Counterpart(
            "`ws 4`: dealt, and idle workers steal",
            "python3 -m llmproc batch prompts.txt -o ws.jsonl --mode ws --workers 4 --threads 1",
            words=("ws", "steal", "stealing", "workstealing", "work-stealing"),
        ),
        Counterpart(
            "the elapsed seconds it prints",
            "python3 -m llmproc batch prompts.txt --mode seq --elapsed",
            words=("elapsed",),
        ),
        Counterpart(
            "streaming instead of whole answers",
            "python3 -m llmproc batch prompts.txt --mode seq --stream",
            words=("stream", "streaming", "nonstreaming"),
        ),
        Counterpart(
            "the speedup chart over 2, 4, 6, 8, 12 threads",
            "python3 -m llmproc compare-modes --work wait --unit 0.0005 --workers 2,4,6,8,12 --repeat 1 --out speedup",
            "without `--work wait`: real prompts; with `--url URL --connections 2,4,6`: Ollama's answers",
            ("speedup", "graph", "chart", "benchmark", "compare"),
        ),
        Counterpart(
            "`go test -run Streaming`", note="`python3 -m pytest -k streaming`, in a checkout", words=("test", "go")
        ),
        Counterpart(
            "`ollama pull llama3.2`, `ollama run llama3.2`",
            note="`python3 -m llmproc chat --model ollama:llama3.2`, after the pull: Ollama's own files are read",
            words=("pull", "run"),
        ),
        Counterpart(
            "Ollama's URL, `ollama serve`",
            note="`python3 -m llmproc serve --ollama` listens there; `batch --url localhost:11434/v1` asks Ollama",
            words=("ollama",),
        ),
    ),
)

NODE = OtherSystem(
    "Parallel sequences over one loaded model (node-llama-cpp)",
    (
        Counterpart(
            "`node batch.js`: two questions at once",
            "python3 -m llmproc.api.examples.two_sequences",
            words=("batch.js", "node", "sequences"),
        ),
        Counterpart(
            "`getLlama()`, `loadModel({modelPath})`",
            "LLM()",
            "`LLM(model=path)` takes a GGUF file with its tokenizer and template; close it, or use `with`",
        ),
        Counterpart(
            "`npx node-llama-cpp pull`, `hf download owner/name`",
            "python3 -m llmproc fetch --list",
            "`fetch owner/name` or `--model HF://owner/name` gets any model of Hugging Face's",
            ("npx", "hf", "huggingface-cli", "download"),
        ),
        Counterpart("`createContext({sequences: 2})`", "LLM(sequences=2)", "the KV memory is shared by all sequences"),
        Counterpart("`batchSize: 1024`", "LLM(batch_tokens=1024)", "tokens of one step"),
        Counterpart("`contextSize: 512`", "LLM(context=512)", "positions of each sequence, not divided among them"),
        Counterpart("`context.getSequence()`, `new LlamaChatSession`", "llm.session()"),
        Counterpart("`systemPrompt`", "llm.session(system='Answer in one sentence.')"),
        Counterpart("`session.prompt(q)`", "llm.session().ask('Hi there, how are you?').text"),
        Counterpart("`onTextChunk`", "''.join(llm.session().stream('How much is 6+6?'))", "pieces, as they come"),
        Counterpart("`Promise.all([...])`", "llm.generate(['Hi there, how are you?', 'How much is 6+6?'])"),
        Counterpart(
            "`maxTokens`, `temperature`, `topP`, `seed`", "SamplingParams(max_tokens=9, temperature=0, top_p=0.9)"
        ),
        Counterpart(
            "`topK`, `minP`, `repeatPenalty`, `customStopTriggers`",
            "SamplingParams(top_k=40, min_p=0.05, repetition_penalty=1.1, stop='END')",
        ),
        Counterpart("`session.getChatHistory()`", "llm.session().history"),
        Counterpart(
            "`npx node-llama-cpp inspect gguf model.gguf`",
            "python3 -m llmproc show",
            "give it a file or folder; without one it is the shipped model",
            ("inspect", "gguf-dump", "gguf_dump.py"),
        ),
        Counterpart(
            "`convert_hf_to_gguf.py`, `llama-quantize in.gguf out.gguf q8_0`",
            "python3 -m llmproc synth --shape tiny --format gguf -o tiny.gguf && "
            "python3 -m llmproc convert tiny.gguf q8_0.gguf --to gguf --weights q8_0 --force",
            "`convert` takes folders and files of llama2.c too",
            ("convert_hf_to_gguf.py", "llama-quantize", "quantize", "export.py"),
        ),
        Counterpart("`model.tokenize`, grammars, embeddings", note="not here yet"),
        Counterpart("`gpuLayers`", note=_NO_GPU),
    ),
)

REQUESTS = OtherSystem(
    "Single, parallel and mass requests (LiteLLM, SGLang, Langfuse)",
    (
        Counterpart(
            "`python single_inference.py`: one by one",
            "python3 -m llmproc batch prompts.txt --mode seq --json",
            "on a server: `python3 -m llmproc bench serve --mode single`, with the same `.env`",
            words=("single_inference.py", "single"),
        ),
        Counterpart(
            "`python parallel_inference.py`: `batch_completion(batch_size=5)`",
            "python3 -m llmproc batch prompts.txt --sequences 5 --json",
            "on a server: `python3 -m llmproc bench serve --concurrency 5`",
            words=("parallel_inference.py", "batch_completion"),
        ),
        Counterpart(
            "`python optimal_inference.py`: 5,000 at once",
            "python3 -m llmproc batch prompts.txt --workers 2 --threads 1 --sequences 32 --json",
            "any number of rows; on a server: `python3 -m llmproc bench serve --mode stress`",
            ("optimal_inference.py", "stress", "optimal"),
        ),
        Counterpart("`num_retries=3`", "python3 -m llmproc batch prompts.txt -o seq.jsonl --resume --retry-failed"),
        Counterpart(
            "`python -m sglang.launch_server --model-path M`",
            note="`python3 -m llmproc serve --model-path M`; it prints the line for `.env`",
            words=("server", "launch_server", "sglang", "vllm"),
        ),
        Counterpart(
            "`api_base`, `api_key`",
            note="`python3 -m llmproc serve` prints the first; any key does, unless `--api-key` gave it one",
        ),
        Counterpart('`success_callback = ["langfuse"]`', note="not here yet; each run folder keeps events.jsonl"),
        Counterpart("`conda env create`", note="not here, because pip is all it needs", words=("conda",)),
    ),
)

TENSOR = OtherSystem(
    "Tensor parallelism and overlap (MLC-LLM, a parallel-architecture course)",
    (
        Counterpart(
            "`python run_baseline.py --num-runs 3 --max-tokens 16`",
            "python3 -m llmproc bench --shape tiny -p 64 -n 16 --batched 1,4 --repeat 3 --no-limits",
            words=("run_baseline.py", "baseline"),
        ),
        Counterpart(
            "`python run_tensor_parallel.py --tp-sizes 1 2`",
            "python3 -m llmproc threads 2 42 'What is a pipe?'",
            "ranks are threads that share the weights; shards and exchanges: not here yet",
            ("run_tensor_parallel.py", "tensor_parallel", "tensor-parallel", "tp"),
        ),
        Counterpart(
            "`python overlap_experiment.py --overlap-modes none prefetch`",
            note="not here yet",
            words=("overlap_experiment.py", "overlap"),
        ),
        Counterpart(
            "`./profile_gpu.sh -m basic -s run_baseline.py`",
            "python3 -m llmproc record -- python3 -m llmproc bench --shape tiny -p 16 -n 4 --batched none --no-limits",
            "what the system sees of each process",
            ("profile_gpu.sh", "profile", "nsys", "ncu"),
        ),
        Counterpart("`--enable-trace`, trace_utils.py", note="not here yet", words=("trace_utils.py", "trace")),
        Counterpart("`--mock`", note="not here, because nothing is made up; timed waits are marked as simulated"),
        Counterpart(
            "`--model HF://...-MLC`",
            note="not here, because MLC weights are compiled for GPUs; "
            "`--model HF://owner/name` takes the same model as safetensors or GGUF",
        ),
        Counterpart("`--device cuda`", note=_NO_GPU),
    ),
)

SYSTEMS = (COURSE, GO, NODE, REQUESTS, TENSOR)


def rows() -> Iterator[Counterpart]:
    """Yield every row of every system."""
    for system in SYSTEMS:
        yield from system.rows


def hint(word: str) -> str:
    """Return the line that answers a word of another system, "" when the table does not know it."""
    name = PurePath(word).name.lower()
    for row in rows():
        if name in row.words:
            if row.ours:
                return f"{name} is a command of another program; here: {row.ours}"
            return f"{name} is a command of another program: {row.note}"
    return ""


def nearest(word: str, commands: Iterable[str]) -> str:
    """Return the command that is spelled most like `word`, "" when none is like it."""
    found = difflib.get_close_matches(word, list(commands), n=1)
    return found[0] if found else ""


def page() -> str:
    """Return the table as Markdown."""
    lines = ["# Coming from another system", "", "What you type there, and what does the same here.", ""]
    for system in SYSTEMS:
        lines += [f"## {system.title}", "", "| there | here | |", "|---|---|---|"]
        lines += [f"| {row.theirs} | {f'`{row.ours}`' if row.ours else ''} | {row.note} |" for row in system.rows]
        lines.append("")
    return "\n".join(lines).replace("' | python3", "' \\| python3").rstrip() + "\n"
