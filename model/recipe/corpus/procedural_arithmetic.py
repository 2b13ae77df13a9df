"""Conversations about small sums: plus, minus, times, divided by, double, half, even or odd, which is bigger."""

import random

from wording import dress, lines, pool, word

WEIGHT = 12.0
SPLITS = True

ADD = lines("""
what is {a} + {b} | what is {a}+{b} | {a} + {b} | {a}+{b} | {a} + {b} = | {a}+{b}= | how much is {a}+{b}
how much is {a} + {b} | what do i get if i add {a} and {b} | {a} plus {b} = | {a} plus {b} | what is {a} plus {b}
calculate {a} + {b} | compute {a}+{b} | add {a} to {b} | add {a} and {b} | the sum of {a} and {b}
what is the sum of {a} and {b} | how much is {a} plus {b} | whats {a} + {b} | what's {a} plus {b} | {a} and {b} make
what do {a} and {b} make | how much do {a} and {b} make | sum up {a} and {b} | what does {a} + {b} equal
{a} + {b} equals | {a} plus {b} equals what | what is the result of {a} + {b} | work out {a} + {b} | solve {a} + {b}
can you add {a} and {b} | can you calculate {a} + {b} | what comes out of {a} + {b} | {a} and {b} together
how much are {a} and {b} together | what number is {a} more than {b} | which number do i get from {a} + {b}
if i have {a} apples and get {b} more, how many do i have | i have {a} coins and find {b} more, how many are that
there are {a} birds and {b} more come, how many birds are there | tell me {a} + {b} | say what {a} plus {b} is
give me the sum of {a} and {b} | put {a} and {b} together | do you know what {a} + {b} is | {a}+{b} is what
what would {a} + {b} be | if you add {b} to {a}, what is it | how many is {a} and {b} | {a} increased by {b}
what is {b} more than {a} | {a} apples and {b} apples are how many apples | total of {a} and {b} | what is {a} and {b}
could you work out {a} plus {b} | help me with {a} + {b} | my homework says {a} + {b} | the answer to {a} + {b}
count {a} and {b} together | how many are {a} and {b} in total | what does {a} and {b} add up to
tom has {a} books and ann has {b} books, how many have they together | {a} added to {b} | {a} + {b} please
do the sum {a} + {b} | find {a} + {b} | evaluate {a} + {b} | {a} + {b} makes
two numbers, {a} and {b}, what is their sum
""")
SUB = lines("""
what is {a} - {b} | what is {a}-{b} | {a} - {b} | {a}-{b} | {a} - {b} = | {a}-{b}= | how much is {a} - {b}
how much is {a}-{b} | {a} minus {b} | {a} minus {b} = | what is {a} minus {b} | how much is {a} minus {b}
take {b} away from {a} | take {b} from {a} | subtract {b} from {a} | what is {b} less than {a} | {a} take away {b}
what is the difference of {a} and {b} | calculate {a} - {b} | compute {a}-{b} | what remains of {a} if i take away {b}
what is left of {a} after taking {b} away | if i have {a} apples and eat {b}, how many are left | whats {a} - {b}
what's {a} minus {b} | {a} minus {b} equals | what does {a} - {b} equal | work out {a} - {b} | solve {a} - {b}
i had {a} coins and lost {b}, how many do i have | {a} birds sit on a tree and {b} fly away, how many stay
can you subtract {b} from {a} | can you calculate {a} minus {b} | {a} less {b} | {a} reduced by {b} | tell me {a} - {b}
what do i get if i take {b} from {a} | what is the result of {a} - {b} | how much is left when i take {b} from {a}
{a} without {b} is how much | remove {b} from {a} | how many more is {a} than {b} | by how much is {a} more than {b}
do you know what {a} - {b} is | give me {a} minus {b} | {a}-{b} is what | help me with {a} - {b} | find {a} - {b}
there are {a} cookies and we eat {b}, how many cookies are left | from {a} take {b} | evaluate {a} - {b}
what would {a} minus {b} be | i pay {b} of my {a} coins, what is left | do the sum {a} - {b} | the answer to {a} - {b}
""")
MUL = lines("""
what is {a} * {b} | what is {a}*{b} | {a} * {b} | {a}*{b} | {a} * {b} = | {a}*{b}= | {a} x {b} | what is {a} x {b}
{a} times {b} | {a} times {b} = | what is {a} times {b} | how much is {a} times {b} | how much is {a} * {b}
multiply {a} by {b} | multiply {a} and {b} | {a} multiplied by {b} | what is {a} multiplied by {b}
calculate {a} * {b}
calculate {a} times {b} | the product of {a} and {b} | what is the product of {a} and {b} | compute {a}*{b}
whats {a} * {b}
what's {a} times {b} | {a} times {b} equals | what does {a} times {b} equal | work out {a} times {b} | solve {a} * {b}
what do i get if i multiply {a} and {b} | can you multiply {a} by {b} | tell me {a} times {b} | {a} groups of {b} make
{a} boxes with {b} pens each, how many pens are that | there are {a} rows of {b} chairs, how many chairs are there
how much is {a}x{b} | {a} x {b} = | do you know {a} times {b} | give me {a} times {b} | find {a} * {b}
evaluate {a}*{b}
if i buy {a} bags with {b} apples each, how many apples do i have | what is the result of {a} * {b}
how many is {a} times {b} | what comes out of {a} times {b} | help me with {a} times {b} | could you work out {a} x {b}
times tables: {a} times {b} | what would {a} times {b} be | the answer to {a} times {b} | {a} by {b} multiplied is what
""")
DIV = lines("""
what is {a} / {b} | what is {a}/{b} | {a} / {b} | {a}/{b} | {a} / {b} = | {a}/{b}= | {a} : {b} | {a} divided by {b}
{a} divided by {b} = | what is {a} divided by {b} | how much is {a} divided by {b} | how much is {a} / {b}
divide {a} by {b} | calculate {a} / {b} | calculate {a} divided by {b} | how often does {b} go into {a}
how many times does {b} fit into {a} | share {a} apples among {b} children, how many does each get | compute {a}/{b}
what do i get if i divide {a} by {b} | {a} over {b} | whats {a} / {b} | what's {a} divided by {b}
can you divide {a} by {b}
work out {a} divided by {b} | split {a} into {b} equal parts | what is {a} shared by {b} | solve {a} / {b}
{a} coins for {b} people, how many does each get | tell me {a} divided by {b} | the result of {a} / {b}
if {b} friends share {a} cookies, how many cookies does each get | find {a} / {b} | what does {a} / {b} equal
""")
DOUBLE = lines("""
what is double {a} | double {a} | what is twice {a} | twice {a} | the double of {a} | what is the double of {a}
how much is double {a} | how much is two times {a}, that is, the double | can you double {a}
what do i get if i double {a}
double the number {a} | what number is twice as big as {a} | what is two of {a} together | tell me the double of {a}
""")
HALF = lines("""
half of {a} | what is half of {a} | what is the half of {a} | how much is half of {a} | halve {a} | can you halve {a}
what do i get if i halve {a} | cut {a} in half | what is one half of {a} | the half of {a} | split {a} in half
what number is half as big as {a} | tell me the half of {a} | i give you half of my {a} apples, how many are that
""")
SQUARE = lines("""
what is {a} squared | {a} squared | the square of {a} | what is the square of {a} | square {a}
how much is {a} squared
what is {a} to the power of 2 | {a}^2 | what is {a}^2 | calculate {a} squared | {a} to the second power
""")
EVEN = lines("""
is {a} even | is {a} an even number | is the number {a} even | would you say {a} is even | {a} is even, right
tell me if {a} is even | can {a} be divided by 2 | is {a} divisible by 2 | does {a} belong to the even numbers
i think {a} is even, is it | do you know if {a} is even
""")
ODD = lines("""
is {a} odd | is {a} an odd number | is the number {a} odd | would you say {a} is odd | {a} is odd, right
tell me if {a} is odd | does {a} belong to the odd numbers | i think {a} is odd, is it | do you know if {a} is odd
""")
EITHER = lines("""
is {a} even or odd | is {a} odd or even | {a}: even or odd | even or odd: {a} | tell me if {a} is even or odd
is the number {a} odd or even | what is {a}, even or odd | does {a} count as even or as odd | {a}, odd or even
what kind of number is {a}, odd or even
""")
PRIME = lines("""
is {a} prime | is {a} a prime | is {a} a prime number | is the number {a} prime | {a} is prime, right
prime or not: {a}
tell me if {a} is a prime number | would you call {a} a prime | do you know if {a} is prime
does {a} belong to the primes
""")
BIGGER = lines("""
which is bigger, {a} or {b} | what is bigger, {a} or {b} | {a} or {b}, which is bigger
which number is larger, {a} or {b}
which one is greater, {a} or {b} | the bigger of {a} and {b} | which is more, {a} or {b} | is {a} or {b} bigger
the larger one of {a} and {b} | what is the maximum of {a} and {b} | max of {a} and {b} | {a} or {b}, what is more
which of the numbers {a} and {b} is bigger | tell me the bigger number: {a} or {b}
compare {a} and {b}, which is larger
who has more, somebody with {a} apples or somebody with {b} | would i rather have {a} or {b} coins to have more
what is the greater number of {a} and {b} | which is higher, {a} or {b} | between {a} and {b}, which is larger
""")
SMALLER = lines("""
which is smaller, {a} or {b} | what is smaller, {a} or {b} | {a} or {b}, which is smaller
which number is less, {a} or {b}
which one is lower, {a} or {b} | the smaller of {a} and {b} | which is less, {a} or {b} | is {a} or {b} smaller
what is the minimum of {a} and {b} | min of {a} and {b} | tell me the smaller number: {a} or {b}
{a} or {b}, what is less
which of the numbers {a} and {b} is smaller | who has less, somebody with {a} apples or somebody with {b}
""")
IS_BIGGER = lines("""
is {a} bigger than {b} | is {a} larger than {b} | is {a} more than {b} | is {a} greater than {b}
{a} is bigger than {b}, right
do you think {a} is larger than {b} | would you say {a} is more than {b} | is the number {a} bigger than {b}
{a} > {b}?
""")
CHECK = lines("""
is {e} = {c} | is it true that {e} is {c} | is {e} equal to {c} | does {e} make {c} | {e} is {c}, right | is {e} {c}
i think {e} is {c} | {e} = {c}, correct | check this: {e} = {c} | do you agree that {e} is {c}
my teacher says {e} is {c}
did i get it right: {e} = {c} | i say {e} is {c}, what do you say
""")
FACTORIAL = lines("""
what is {a}! | {a}! | what is {a} factorial | {a} factorial | the factorial of {a} | what is the factorial of {a}
calculate {a}! | how much is {a} factorial | compute the factorial of {a}
what is the product of all numbers from 1 to {a}
""")
THREE = lines("""
what is {a} + {b} + {c} | {a} + {b} + {c} | {a}+{b}+{c} | how much is {a}+{b}+{c} | {a} plus {b} plus {c}
add {a}, {b} and {c}
what is the sum of {a}, {b} and {c} | calculate {a} + {b} + {c} | how much do {a}, {b} and {c} make together
""")
BIG = lines("""
what is {a} * {b} | {a} + {b} | how much is {a} - {b} | {a} times {b} | what is {a} / {b} | calculate {a} * {b}
{a}*{b}
what is {a} plus {b} | multiply {a} by {b} | the sum of {a} and {b} | what is {a} divided by {b} | {a}+{b}= | {a} x {b}
""")
ZERO = lines("""
what is {a} / 0 | {a} divided by 0 | divide {a} by zero | what is {a} divided by zero | can i divide {a} by 0 | {a}/0
how much is {a} / 0 | how often does 0 go into {a}
""")
NEXT = lines("""
and {e} | what about {e} | and what is {e} | ok and {e} | then {e} | how about {e} | now {e} | and how much is {e}
next: {e}
{e} | so what is {e} | good, and {e} | and if it is {e} | let us try {e} | and now {e}
""")
RESULT = {
    "+": lines("and plus {b} | plus {b} | now add {b} | add {b} | and {b} more | add {b} to that | plus {b} more"),
    "-": lines("""
and minus {b} | minus {b} | now take {b} away | subtract {b} | take away {b} | and {b} less | minus {b} then
"""),
    "*": lines("and times {b} | times {b} | multiply that by {b} | now times {b} | and that times {b}"),
    "2": lines("double it | and double that | now double it | twice that | what is the double of that | and doubled"),
    "/2": lines("and half of that | halve it | now half of it | what is half of that | and cut in half"),
    "even": lines("""
is that even | is that even or odd | is it an odd number | is the result even | odd or even | even or odd
"""),
}
BIGANSWER = "Numbers that big are too much for me; I am good only at small sums."


def say(a: int, op: str, b: int) -> str:
    """The answer of one sum."""
    if op == "+":
        return f"{a} + {b} is {a + b}."
    if op == "-":
        return f"{a} - {b} is {a - b}."
    if op == "*":
        return f"{a} times {b} is {a * b}."
    return f"{a} divided by {b} is {a // b}."


def value(a: int, op: str, b: int) -> int:
    """The result of one sum."""
    return {"+": a + b, "-": a - b, "*": a * b, "/": a // b if b else 0}[op]


def numbers(rng: random.Random, op: str) -> tuple[int, int]:
    """Two numbers that suit the operation."""
    if op == "+":
        top = 10 if rng.random() < 0.4 else 20
        return rng.randint(0, top), rng.randint(0, top)
    if op == "-":
        a = rng.randint(0, 20)
        return a, rng.randint(0, a)
    if op == "*":
        return rng.randint(0, 10), rng.randint(0, 10)
    b = rng.randint(1, 10)
    return b * rng.randint(0, 10), b


def shown(rng: random.Random, *ns: int) -> list[str]:
    """The numbers in digits, sometimes in words."""
    in_words = rng.random() < 0.14 and max(ns) <= 100
    return [word(n) if in_words else str(n) for n in ns]


def expression(rng: random.Random, a: int, op: str, b: int) -> str:
    """A sum in short form, as part of a question."""
    names = {"+": ["+", " + ", " plus "], "-": ["-", " - ", " minus "], "*": ["*", " * ", " times ", " x "]}
    names["/"] = ["/", " / ", " divided by "]
    sign = rng.choice(names[op])
    x, y = shown(rng, a, b)
    return f"{x} {sign.strip()} {y}" if x.isalpha() else f"{x}{sign}{y}"


def parity(n: int) -> str:
    """Even or odd."""
    return "odd" if n % 2 else "even"


def single(rng: random.Random, split: str) -> tuple[str, str]:
    """One question that is not a plain sum."""
    kind = rng.choices(
        lines("double|half|square|even|odd|either|prime|bigger|smaller|isbigger|check|factorial|three|big|zero"),
        [4, 5, 2, 4, 3, 5, 2, 7, 4, 3, 3, 1, 2, 1.5, 0.5],
    )[0]
    pick = lambda w: rng.choice(pool(w, split))  # noqa: E731
    a, b, c = rng.randint(0, 20), rng.randint(0, 20), rng.randint(0, 9)
    if rng.random() < 0.2:
        a = rng.randint(0, 100)
    if kind == "double":
        a = rng.randint(0, 20) if rng.random() < 0.8 else 10 * rng.randint(1, 10)
        return pick(DOUBLE).format(a=shown(rng, a)[0]), f"Double {a} is {2 * a}."
    if kind == "half":
        a = 2 * rng.randint(0, 20) if rng.random() < 0.85 else 20 * rng.randint(1, 5)
        return pick(HALF).format(a=shown(rng, a)[0]), f"Half of {a} is {a // 2}."
    if kind == "square":
        a = rng.randint(0, 10)
        return pick(SQUARE).format(a=a), f"{a} squared is {a * a}."
    if kind in ("even", "odd"):
        q = pick(EVEN if kind == "even" else ODD).format(a=shown(rng, a)[0])
        return q, f"{'Yes' if parity(a) == kind else 'No'}, {a} is {parity(a)}."
    if kind == "either":
        return pick(EITHER).format(a=shown(rng, a)[0]), f"{a} is {parity(a)}."
    if kind == "prime":
        a = rng.randint(1, 30)
        good = a > 1 and all(a % d for d in range(2, a))
        return pick(PRIME).format(a=a), f"Yes, {a} is a prime number." if good else f"No, {a} is not a prime number."
    if kind in ("bigger", "smaller"):
        if rng.random() < 0.3:
            b = rng.randint(0, 100)
        x, y = shown(rng, a, b)
        q = pick(BIGGER if kind == "bigger" else SMALLER).format(a=x, b=y)
        if a == b:
            return q, f"{a} and {b} are the same."
        first, last = (max(a, b), min(a, b)) if kind == "bigger" else (min(a, b), max(a, b))
        return q, f"{first} is {kind} than {last}."
    if kind == "isbigger":
        x, y = shown(rng, a, b)
        q = pick(IS_BIGGER).format(a=x, b=y)
        if a == b:
            return q, f"No, {a} and {b} are the same."
        return q, f"Yes, {a} is bigger than {b}." if a > b else f"No, {a} is smaller than {b}."
    if kind == "check":
        op = rng.choice("++-*")
        a, b = numbers(rng, op)
        right = value(a, op, b)
        c = right if rng.random() < 0.5 else max(0, right + rng.choice([-2, -1, 1, 2, 3]))
        q = pick(CHECK).format(e=expression(rng, a, op, b), c=c)
        return q, ("Yes, " if c == right else "No, ") + say(a, op, b)
    if kind == "factorial":
        a, product = rng.randint(1, 6), 1
        for i in range(2, a + 1):
            product *= i
        return pick(FACTORIAL).format(a=a), f"{a} factorial is {product}."
    if kind == "three":
        a, b = rng.randint(0, 9), rng.randint(0, 9)
        return pick(THREE).format(a=a, b=b, c=c), f"{a} + {b} + {c} is {a + b + c}."
    if kind == "zero":
        return pick(ZERO).format(a=a), f"{a} cannot be divided by 0."
    return pick(BIG).format(a=rng.randint(120, 9999), b=rng.randint(120, 9999)), BIGANSWER


def generate(rng: random.Random, split: str = "train") -> list[tuple[str, str]]:
    """One conversation of 1 to 4 turns."""
    turns = []
    if rng.random() < 0.27:
        turns.append(single(rng, split))
        while rng.random() < 0.25 and len(turns) < 3:
            turns.append(single(rng, split))
        return [(dress(q, rng), a) for q, a in turns]
    op = rng.choices("+-*/", [10, 7, 7, 3])[0]
    a, b = numbers(rng, op)
    x, y = shown(rng, a, b)
    q = rng.choice(pool({"+": ADD, "-": SUB, "*": MUL, "/": DIV}[op], split)).format(a=x, b=y)
    turns.append((q, say(a, op, b)))
    total = value(a, op, b)
    while rng.random() < 0.38 and len(turns) < 4:
        if rng.random() < 0.55:
            op = op if rng.random() < 0.6 else rng.choice("++-*")
            a, b = numbers(rng, op)
            q = rng.choice(pool(NEXT, split)).format(e=expression(rng, a, op, b))
            turns.append((q, say(a, op, b)))
            total = value(a, op, b)
            continue
        kinds = ["even"]
        kinds += ["+", "+"] if total <= 20 else []
        kinds += ["-", "-"] if total <= 20 else []
        kinds += ["*"] if total <= 10 else []
        kinds += ["2"] if total <= 20 else []
        kinds += ["/2"] if total % 2 == 0 and total <= 40 else []
        kind = rng.choice(kinds)
        b = rng.randint(1, 10) if kind != "-" else rng.randint(0, total)
        q = rng.choice(pool(RESULT[kind], split)).format(b=shown(rng, b)[0])
        if kind == "even":
            turns.append((q, f"{total} is {parity(total)}."))
        elif kind == "2":
            turns.append((q, f"Double {total} is {2 * total}."))
            total *= 2
        elif kind == "/2":
            turns.append((q, f"Half of {total} is {total // 2}."))
            total //= 2
        else:
            turns.append((q, say(total, kind, b)))
            total = value(total, kind, b)
    return [(dress(q, rng), a) for q, a in turns]
