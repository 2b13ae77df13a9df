"""Two sequences: two questions are answered side by side by one worker, and printed as a dialogue each."""

from llmproc import LLM, SamplingParams

QUESTIONS = ("Hi there, how are you?", "How much is 6+6?")


def main() -> None:
    """Ask both questions in one call: the worker computes them in the same steps."""
    with LLM(sequences=len(QUESTIONS)) as llm:
        results = llm.generate(QUESTIONS, SamplingParams(temperature=0))
    for question, result in zip(QUESTIONS, results, strict=True):
        print(f"User: {question}\nAI: {result.text}")


if __name__ == "__main__":
    main()
