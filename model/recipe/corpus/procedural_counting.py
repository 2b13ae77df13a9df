"""Conversations about counting: up, down, from a to b, by twos, fives and tens, and the neighbours of a number."""

import random
from collections.abc import Iterable

from wording import dress, lines, pool, word

WEIGHT = 7.0
SPLITS = True

UP = lines("""
count to {n} | count up to {n} | please count to {n} | can you count to {n} | count from 1 to {n}
count from one to {n}
list the numbers from 1 to {n} | say the numbers from 1 to {n} | write the numbers from 1 to {n}
numbers from 1 to {n}
count until {n} | could you count up to {n} | show me how you count to {n} | give me the numbers 1 to {n} | 1 to {n}
what are the first {n} numbers, starting with 1 | i want to hear you count to {n} | let us count to {n}
tell me all numbers up to {n}
do you know how to count to {n} | how do you count to {n} | name the numbers up to {n} | count till {n}
print the numbers 1 to {n} | start at 1 and stop at {n} | let me see you count to {n} | count for me, up to {n}
i bet you cannot count to {n} | close your eyes and count to {n} | we play hide and seek, count to {n}
teach me to count to {n}
all numbers from 1 up to {n} | go from 1 to {n} | enumerate 1 to {n} | make a row of numbers from 1 to {n}
counting to {n}
""")
DOWN = lines("""
count down from {n} | count backwards from {n} | count down from {n} to 1 | count from {n} down to 1
count backwards from {n} to 1
can you count down from {n} | start a countdown from {n} | countdown from {n} | make a countdown from {n}
do a countdown from {n}
list the numbers from {n} to 1 | say the numbers backwards from {n} | count in reverse from {n} | from {n} back to 1
the rocket starts in {n}, count down | {n} to 1 backwards | please count down, start with {n} | count to 1 from {n}
give me the numbers from {n} down to 1 | go backwards from {n} | numbers from {n} down | write the numbers {n} to 1
begin at {n} and count down to 1 | how do you count backwards from {n} | reverse counting from {n}
count down, {n} first
""")
RANGE = lines("""
count from {a} to {b} | list the numbers from {a} to {b} | say the numbers from {a} to {b}
can you count from {a} to {b}
start at {a} and count to {b} | which numbers are from {a} to {b} | write the numbers {a} to {b}
numbers from {a} to {b}
begin with {a} and stop at {b} | {a} to {b} please | go from {a} to {b} | give me the numbers {a} to {b}
tell me all numbers from {a} up to {b} | please count, first {a}, last {b} | show the numbers {a} to {b}
print the numbers from {a} to {b} | let us count from {a} to {b} | count starting with {a} until {b}
what comes from {a} to {b}
""")
TWOS = lines("""
count by twos to {n} | count in twos to {n} | count to {n} by twos | count in steps of two up to {n}
count to {n} in steps of 2
list the even numbers up to {n} | what are the even numbers up to {n} | even numbers to {n} | count by 2 to {n}
skip count by 2 to {n}
say every second number up to {n}, start with 2 | give me the even numbers to {n} | 2, 4, 6 and so on up to {n}
which numbers up to {n} are even | can you count by twos up to {n} | count by twos until {n} | count two by two to {n}
""")
ODDS = lines("""
list the odd numbers up to {n} | what are the odd numbers up to {n} | odd numbers to {n}
give me the odd numbers to {n}
which numbers up to {n} are odd | say the odd numbers until {n} | 1, 3, 5 and so on up to {n}
count the odd numbers up to {n}
""")
STEPS = lines("""
count by {s} to {n} | count in steps of {s} to {n} | count to {n} by {s} | count in {s} up to {n}
can you count by {s} to {n}
skip count by {s} up to {n} | list the numbers by {s} up to {n} | go in steps of {s} until {n}
""")
AFTER = lines("""
what comes after {n} | which number comes after {n} | what is the next number after {n} | the number after {n}
next number after {n} | what number follows {n} | what follows {n} | what is one more than {n}
which number is next after {n}
after {n} comes what | i am at {n}, what is next | tell me the number after {n} | what do i say after {n} when i count
which number is right after {n} | what is the successor of {n} | {n}, and then | the next one after {n}
when i count, what comes after {n} | which number stands behind {n} | what number is 1 above {n}
""")
BEFORE_N = lines("""
what comes before {n} | which number comes before {n} | what is the number before {n} | the number before {n}
what number is before {n} | what is one less than {n} | before {n} comes what | tell me the number before {n}
which number is right before {n} | what is the previous number of {n} | the one just below {n} | what precedes {n}
which number is in front of {n} | what number is 1 below {n} | what do i say before {n} when i count
""")
BETWEEN = lines("""
which number is between {a} and {b} | what is between {a} and {b} | what number lies between {a} and {b}
the number between {a} and {b}
what comes between {a} and {b} | tell me the number between {a} and {b} | between {a} and {b} is which number
""")
SERIES = lines("""
{s}, what comes next | what comes next: {s} | continue: {s} | go on: {s} | continue the row {s}
which number follows in {s}
{s} and then | how does {s} go on | what is the next number in {s} | complete {s} | {s} ...
""")
BACK = lines("""
now backwards | and backwards | now in reverse | and the other way round | can you do it backwards | now count down
reverse it
""")
ON = lines("""
go on | continue | and then | keep counting | what comes next | more numbers | count on | and further | keep going
""")
OTHER = lines("""
and to {n} | now to {n} | what about {n} | and up to {n} | now count to {n} | ok, and to {n} | can you go to {n}
how about {n}
""")
AND_AFTER = lines("""
and after {n} | what about {n} | and {n} | and what comes after {n} | after {n} | now {n} | how about {n}
""")
AND_BEFORE = lines("""
and before {n} | what comes before {n} | and the one before {n} | before {n} | and what is before {n}
""")
FIB = lines("""
list the first {n} fibonacci numbers | the first {n} fibonacci numbers | give me {n} fibonacci numbers
what are the first {n} fibonacci numbers | write {n} fibonacci numbers | show {n} numbers of the fibonacci sequence
""")
PRIMES = lines("""
list the first {n} prime numbers | the first {n} primes | give me {n} prime numbers | what are the first {n} primes
name {n} prime numbers | write the first {n} prime numbers | tell me {n} primes
""")
FAR = lines("""
count to {n} | can you count to {n} | count from 1 to {n} | count up to {n} | list the numbers from 1 to {n}
""")


def row(ns: Iterable[int]) -> str:
    """Numbers as an answer."""
    return ", ".join(map(str, ns)) + "."


def shown(rng: random.Random, n: int) -> str:
    """A number in digits, sometimes in words."""
    return word(n) if rng.random() < 0.2 and n <= 100 else str(n)


def generate(rng: random.Random, split: str = "train") -> list[tuple[str, str]]:
    """One conversation of 1 to 3 turns."""
    pick = lambda w: rng.choice(pool(w, split))  # noqa: E731
    kind = rng.choices(
        lines("up|down|range|twos|odds|steps|after|before|between|series|fib|primes|far"),
        [10, 6, 6, 4, 2, 2, 6, 4, 2, 2, 1, 1, 0.4],
    )[0]
    turns = []
    n = rng.choice([3, 5, 5, 7, 10, 10, 10, 12, 15, 20]) if rng.random() < 0.4 else rng.randint(2, 20)
    if kind == "up":
        turns.append((pick(UP).format(n=shown(rng, n)), row(range(1, n + 1))))
        r = rng.random()
        if r < 0.15 and n <= 10:
            turns.append((pick(BACK), row(range(n, 0, -1))))
        elif r < 0.25:
            turns.append((pick(ON), row(range(n + 1, n + 6))))
        elif r < 0.38:
            m = rng.randint(2, 20)
            turns.append((pick(OTHER).format(n=shown(rng, m)), row(range(1, m + 1))))
    elif kind == "down":
        n = rng.choice([3, 5, 10]) if rng.random() < 0.4 else rng.randint(2, 10)
        turns.append((pick(DOWN).format(n=shown(rng, n)), row(range(n, 0, -1))))
        if rng.random() < 0.2:
            m = rng.randint(2, 10)
            q = rng.choice(["and from {n}", "now from {n}", "what about from {n}", "and down from {n}"])
            turns.append((q.format(n=shown(rng, m)), row(range(m, 0, -1))))
    elif kind == "range":
        a = rng.randint(0, 18)
        b = rng.randint(a + 1, min(20, a + 10))
        if rng.random() < 0.2:
            a, b = b, a
        x, y = shown(rng, a), shown(rng, b)
        numbers = range(a, b + 1) if a < b else range(a, b - 1, -1)
        turns.append((pick(RANGE).format(a=x, b=y), row(numbers)))
        if rng.random() < 0.15:
            turns.append((pick(BACK), row(reversed(numbers))))
    elif kind in ("twos", "odds"):
        first = 2 if kind == "twos" else 1
        n = rng.randint(4, 20)
        turns.append((pick(TWOS if first == 2 else ODDS).format(n=shown(rng, n)), row(range(first, n + 1, 2))))
    elif kind == "steps":
        step, name, top = rng.choice([(5, "fives", 50), (10, "tens", 100), (3, "threes", 30), (4, "fours", 40)])
        n = step * rng.randint(3, 10)
        n = min(n, top)
        q = pick(STEPS)
        s = str(step) if "steps of" in q or rng.random() < 0.3 else name
        turns.append((q.format(s=s, n=n), row(range(step, n + 1, step))))
    elif kind in ("after", "before"):
        after = kind == "after"
        n = rng.randint(0, 20) if rng.random() < 0.6 else rng.randint(1, 100)
        n = max(n, 0 if after else 1)
        answer = f"After {n} comes {n + 1}." if after else f"Before {n} comes {n - 1}."
        turns.append((pick(AFTER if after else BEFORE_N).format(n=shown(rng, n)), answer))
        while rng.random() < 0.3 and len(turns) < 3:
            m = rng.randint(1, 50)
            answer = f"After {m} comes {m + 1}." if after else f"Before {m} comes {m - 1}."
            turns.append((pick(AND_AFTER if after else AND_BEFORE).format(n=m), answer))
    elif kind == "between":
        a = rng.randint(0, 30)
        q = pick(BETWEEN).format(a=shown(rng, a), b=shown(rng, a + 2))
        turns.append((q, f"{a + 1} is between {a} and {a + 2}."))
    elif kind == "series":
        step = rng.choice([1, 1, 1, 2, 2, 5, 10])
        a = rng.randint(1, 15) if step < 5 else step
        ns = [a + i * step for i in range(rng.choice([3, 4]))]
        q = pick(SERIES).format(s=", ".join(map(str, ns)))
        turns.append((q, f"After {ns[-1]} comes {ns[-1] + step}."))
    elif kind == "fib":
        n, ns = rng.randint(5, 10), [0, 1]
        while len(ns) < n:
            ns.append(ns[-1] + ns[-2])
        turns.append((pick(FIB).format(n=shown(rng, n)), row(ns)))
    elif kind == "primes":
        n = rng.randint(3, 10)
        turns.append((pick(PRIMES).format(n=shown(rng, n)), row([2, 3, 5, 7, 11, 13, 17, 19, 23, 29][:n])))
    else:
        n = rng.choice([50, 100, 200, 500, 1000, 5000, 1000000])
        turns.append((pick(FAR).format(n=n), f"{n} is too far for me; I count only to 20."))
    return [(dress(q, rng), a) for q, a in turns]
