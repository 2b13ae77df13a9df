"""Evaluate many prompts: greedy and sampled with several seeds, scored by a word the answer must hold."""

from llmproc import LLM, SamplingParams

QUESTIONS = {
    "What is a zombie process?": "wait",
    "What does fork return in the child?": "0",
    "What is a pipe?": "bytes",
    "What is SIGKILL?": "caught",
    "What is the capital of France?": "Paris",
    "What is 12 plus 7?": "19",
    "What is a signal?": "kernel",
    "What is virtual memory?": "address",
}
RUNS = {"greedy": SamplingParams(temperature=0)}
RUNS |= {f"seed {seed}": SamplingParams(temperature=0.9, seed=seed) for seed in (1, 2, 3)}


def main() -> None:
    """Ask every question under every setting, all in one call."""
    prompts = [question for _ in RUNS for question in QUESTIONS]
    params = [chosen for chosen in RUNS.values() for _ in QUESTIONS]
    with LLM() as llm:
        results = llm.generate(prompts, params)
    for index, name in enumerate(RUNS):
        mine = results[index * len(QUESTIONS) : (index + 1) * len(QUESTIONS)]
        wrong = [r.prompt for r, word in zip(mine, QUESTIONS.values(), strict=True) if not r.ok or word not in r.text]
        print(f"{name:<8} {len(mine) - len(wrong)} of {len(mine)} right; wrong: {', '.join(map(str, wrong)) or 'none'}")
    ttft = sorted(r.timings.ttft_s for r in results)[len(results) // 2]
    print(f"{len(results)} requests, {sum(not r.ok for r in results)} failed, median TTFT {1000 * ttft:.0f} ms")


if __name__ == "__main__":
    main()
