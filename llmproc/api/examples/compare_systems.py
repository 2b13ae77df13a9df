"""A/B of two system prompts: the same questions and seeds under both, so that only the system prompt differs."""

from llmproc import LLM, SamplingParams

A = "You are a teaching assistant for an operating systems course."
B = "Answer in one short sentence."
QUESTIONS = (
    "What is a thread?",
    "What is a pipe?",
    "What is a zombie process?",
    "Tell me a short story.",
    "Who are you?",
)
SEEDS = (1, 2)


def main() -> None:
    """Run both arms in one call: they run side by side, on the same machine at the same time."""
    pairs = [(question, seed) for question in QUESTIONS for seed in SEEDS]
    prompts = [
        [{"role": "system", "content": system}, {"role": "user", "content": question}]
        for system in (A, B)
        for question, _ in pairs
    ]
    params = [SamplingParams(temperature=0.6, seed=seed) for _ in "AB" for _, seed in pairs]
    with LLM() as llm:
        results = llm.generate(prompts, params)
    arms = results[: len(pairs)], results[len(pairs) :]
    for (question, seed), a, b in zip(pairs, *arms, strict=True):
        print(f"{question} (seed {seed})\n  A {a.text}\n  B {'(the same)' if a.text == b.text else b.text}")
    words = [sum(len(result.text.split()) for result in arm) / len(arm) for arm in arms]
    same = sum(a.text == b.text for a, b in zip(*arms, strict=True))
    print(f"words per answer: A {words[0]:.1f}, B {words[1]:.1f}; {same} of {len(pairs)} answers the same")


if __name__ == "__main__":
    main()
