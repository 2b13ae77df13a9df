"""Several agents on one question: experts answer side by side, a reader is asked about what they said."""

import asyncio

from llmproc import LLM, SamplingParams

GREEDY = SamplingParams(temperature=0)
EXPERTS = {
    "processes": "What is a process?",
    "threads": "What is a thread?",
    "memory": "What is virtual memory?",
    "pipes": "What is a pipe?",
}


async def expert(llm: LLM, subject: str, question: str) -> str:
    """Ask an agent with its own memory what a thing is and, remembering that, what it is good for."""
    agent = llm.session(system=f"You answer questions about {subject}.", params=GREEDY)
    first = await agent.aask(question)
    second = await agent.aask("What is it good for?")
    print(f"[{subject}] {first.text}\n    {second.text}")
    return first.text


async def main() -> None:
    """Let the experts work at the same time; the moderator waits for all of them."""
    async with LLM() as llm:
        said = await asyncio.gather(*(expert(llm, *duty) for duty in EXPERTS.items()))
        moderator = llm.session(params=GREEDY)
        longest = max(zip(EXPERTS, said, strict=True), key=lambda pair: len(pair[1]))[0]
        print(f"[moderator] {len(said)} experts, most words on {longest}.")
        print(f"    {(await moderator.aask('What is the difference between a process and a thread?')).text}")


if __name__ == "__main__":
    asyncio.run(main())
