"""A pipeline: what one stage writes, the next reads; every item moves on as soon as it is ready."""

import asyncio
import re

from llmproc import LLM, SamplingParams

GREEDY = SamplingParams(temperature=0, max_tokens=60)
COUNTRIES = ("France", "Italy", "Spain", "Japan", "Egypt")


async def ask(llm: LLM, question: str) -> str:
    """Return one answer; an empty one when the request failed."""
    (result,) = await llm.agenerate(question, GREEDY)
    return result.text if result.ok else ""


async def item(llm: LLM, country: str, number: int) -> str:
    """Ask, cut the fact out of the sentence, use it in the next question, put the parts together."""
    capital = re.search(r"is (\w+)\.", await ask(llm, f"What is the capital of {country}?"))
    letters = len(capital[1]) if capital else 0
    total = re.search(r"is (\d+)\.", await ask(llm, f"What is {letters} plus {number}?"))
    verdict = "right" if total and int(total[1]) == letters + number else "wrong"
    return f"{country}: {capital and capital[1]}, {letters} letters; plus {number} is {total and total[1]} ({verdict})"


async def main() -> None:
    """Work on all items at once; lines come in the order of the items."""
    async with LLM() as llm:
        for line in await asyncio.gather(*(item(llm, name, i) for i, name in enumerate(COUNTRIES, 1))):
            print(line)


if __name__ == "__main__":
    asyncio.run(main())
