"""Many users at once, each with a conversation of their own, over one model."""

import asyncio

from llmproc import LLM, SamplingParams

USERS = {
    "Ada": ("What is a process?", "And a thread?"),
    "Bob": ("What is a pipe?", "And a signal?"),
    "Eve": ("What is the capital of France?", "And of Italy?"),
    "Max": ("What is 3 plus 4?", "Thank you!"),
}


async def talk(llm: LLM, name: str, questions: tuple[str, ...]) -> int:
    """Play one user: ask, read the answer, ask again. Return the tokens that were written."""
    session, tokens = llm.session(params=SamplingParams(temperature=0)), 0
    for question in questions:
        answer = await session.aask(question)
        tokens += answer.new_tokens
        print(f"{name}: {question}\n     {answer.text}  [{answer.cached_tokens} of {answer.prompt_tokens} cached]")
    return tokens


async def main() -> None:
    """Serve all of them side by side."""
    async with LLM(sequences=len(USERS)) as llm:
        tokens = await asyncio.gather(*(talk(llm, name, questions) for name, questions in USERS.items()))
    print(f"{len(tokens)} users, {sum(tokens)} tokens")


if __name__ == "__main__":
    asyncio.run(main())
