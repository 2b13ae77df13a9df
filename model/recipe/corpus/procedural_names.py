"""Conversations about the name of the user, and about what was asked or said before."""

import random
from functools import cache
from importlib import import_module
from pathlib import Path

from wording import BARS, dress, lines, pool

WEIGHT = 8.0
SPLITS = True

NAMES = BARS.split(
    "Anna|Ben|Carl|Diana|Emma|Felix|Greta|Hugo|Ida|Jack|Kate|Leo|Mary|Nina|Oscar|Paul|Rosa|Sam|Tina|Uma|Victor|Wendy"
    "|Zoe|Adam|Alex|Alice|Amy|Andrea|Andrew|Andy|Angela|Arthur|Barbara|Bea|Bella|Bill|Bob|Boris|Brian|Bruno|Carla"
    "|Carmen|Caroline|Cecilia|Charles|Charlie|Chris|Clara|Colin|Cora|Daniel|Dave|David|Dora|Dorothy|Edgar|Edith|Edward"
    "|Elena|Elias|Elisa|Ella|Ellen|Eric|Erika|Esther|Eva|Evelyn|Fiona|Florian|Frank|Fred|Gabor|George|Gina|Gloria|Grace"
    "|Hanna|Harry|Helen|Henry|Igor|Irene|Isabel|Ivan|Jacob|James|Jane|Janos|Jenny|Jim|Joan|Joe|John|Jonas|Jose|Judith"
    "|Julia|Karen|Karl|Kevin|Kim|Klara|Kurt|Lara|Laszlo|Laura|Lena|Leon|Lily|Linda|Lisa|Liam|Lola|Lucas|Lucy|Luis|Lukas"
    "|Maria|Mark|Marta|Martin|Max|Maya|Mia|Michael|Mike|Miguel|Milo|Mohamed|Mona|Monica|Nadia|Nancy|Natalie|Nick|Nora"
    "|Olaf|Olga|Oliver|Olivia|Omar|Otto|Pablo|Pamela|Patrick|Paula|Pedro|Peter|Petra|Philip|Rachel|Ralph|Raj|Rita|Robert"
    "|Robin|Roger|Roman|Ruth|Sandra|Sara|Sarah|Sebastian|Simon|Sofia|Sonia|Stefan|Stella|Steve|Susan|Tamas|Tanya|Theo"
    "|Thomas|Tim|Toby|Tom|Tony|Ursula|Vera|Veronica|Viktor|Vivian|Walter|Will|William|Yuki|Yusuf|Zoltan|Zsofia|Ahmed|Aiko"
    "|Chen|Li|Wei|Priya|Ravi|Hiro|Kenji|Fatima|Layla|Noah|Ava|Emily|Ethan|Jacki|Mateo|Ingrid|Lars|Sven|Astrid|Pierre"
    "|Claire|Jean|Luca|Giulia|Marco|Hans|Heidi|Katya|Dmitri|Agnes|Balazs|Bence|Dorka|Eszter|Gergely|Ildiko|Jozsef|Kati"
    "|Levente|Matyas|Noemi|Orsolya|Reka|Szilvia|Timea|Vilmos|Arjun|Deepa|Kofi|Amara|Tariq|Selma|Elif|Deniz|Emre"
)
GIVE = lines("""
my name is {n} | i am {n} | i'm {n} | call me {n} | you can call me {n} | my name's {n} | hi, i am {n}
hello, my name is {n}
hi, my name is {n} | hello, i am {n} | i am called {n} | people call me {n} | my friends call me {n} | this is {n}
{n} here
hey, i'm {n} | they call me {n} | nice to meet you, i am {n} | let me introduce myself: i am {n} | the name is {n}
please call me {n} | good morning, i am {n} | i want to tell you my name, it is {n} | just so you know, my name is {n}
for the record, my name is {n} | remember my name: {n} | remember that my name is {n} | good evening, my name is {n}
i go by {n} | everybody calls me {n} | name's {n} | it is {n} speaking | hi there, {n} here | hello from {n}
i was named {n}
my first name is {n} | my parents named me {n} | you are talking to {n} | may i introduce myself, {n}
hey llmproc, i am {n}
""")
ASK = lines("""
what is my name | whats my name | what's my name | do you know my name | do you remember my name | who am i
tell me my name
how am i called | what did i say my name was | can you tell me my name | say my name | my name is what
what was my name
do you still know my name | do you recall my name | have you forgotten my name | which name did i give you
and my name
who are you talking to | how do you call me | what do people call me | you know my name, right | remember my name
what name did i tell you | i forgot, what is my name | can you remember what i am called | now what was my name again
is my name known to you | what should you call me | repeat my name | with whom are you talking | guess my name
do you know who i am | did you keep my name in mind | by which name do you know me
""")
REPLY = lines("{n} | it is {n} | i am {n} | my name is {n} | {n} of course | it's {n}")
YESNO = lines("""
is my name {n} | am i {n} | is my name {n} or not | do you think my name is {n} | my name is {n}, right
so i am {n}, right
did i say that i am {n} | you think i am called {n}, right
""")
CHANGE = lines("""
no, my name is {n} | call me {n} instead | actually my name is {n} | my real name is {n} | sorry, i meant {n}
i was joking, my name is {n} | wait, i am {n} | please call me {n} from now on | no, i am {n}
""")
FRIEND = lines("""
my {r} is called {n} | my {r}'s name is {n} | i have a {r} named {n} | the name of my {r} is {n} | my {r} is {n}
i have a {r}, {n} is the name | i call my {r} {n}
""")
ASK_FRIEND = lines("""
what is the name of my {r} | what is my {r} called | do you know the name of my {r} | how is my {r} called
what is my {r}'s name
what did i say about the name of my {r} | do you remember what my {r} is called | who is my {r}
""")
RELATIONS = BARS.split(
    "dog|cat|sister|brother|friend|mother|father|son|daughter|teacher|horse|bird|wife|husband|hamster|boss"
)
LAST = lines("""
what did i just ask | what did i ask you | what was my question | what did i just ask you | do you remember my question
what did i want to know | what was my last question | repeat my question | which question did i ask
what did i ask before
what was it that i asked | what have i just asked | what did i ask about | can you repeat what i asked
my last question was what
i forgot what i asked | what were we talking about | what is the topic | what did we talk about
what was the last thing i asked
tell me what i asked | about what did i ask | remind me of my question | what was i asking
""")
FIRST = lines("""
what was my first question | what did i ask first | which question did i ask first | what did i ask at the beginning
what did i want to know first | do you remember my first question | how did our talk begin
what was the first thing i asked
""")
REPEAT = lines("""
can you repeat that | repeat that | say that again | say it again | what did you just say | what did you say
once more please | repeat your answer | pardon, can you say that again | i did not hear you, say it again | come again
please repeat your last answer | could you say that once more | tell me that again
""")
CALM = {
    "how are you": "I am fine, thank you! How are you?",
    "what is your name": "My name is llmproc.",
    "how old are you": "I have no age; I am as old as my last training.",
    "what is your favourite colour": "My favourite colour is green, like text on an old terminal.",
    "what is your favourite number": "My favourite number is 42.",
    "thanks": "You are welcome.",
    "where do you live": "I live in the memory of your computer.",
    "are you a robot": "No, I am not a person; I am a computer program.",
    "ok": "Okay! What would you like to know next?",
    "what can you do": "I can explain processes, threads, memory and language models, do small sums, count, tell"
    " stories and jokes, and chat a little.",
}
FORMS = BARS.split(
    "what is {}|tell me about {}|explain {}|what does {} mean|what's {}|describe {}|can you explain {}|define {}|{}"
)
START = BARS.split(
    "A|Ba|Be|Bo|Ca|Da|De|E|Fa|Fe|Ga|Go|Ha|I|Ja|Jo|Ka|Ko|La|Le|Lo|Ma|Me|Mi|Na|Ni|O|Pa|Ra|Ri|Sa|Si|Ta|To|Va|Vi|Za"
)
MIDDLE = BARS.split("ba|da|di|do|fi|ga|ka|la|li|lo|ma|mi|na|no|ra|ri|ro|sa|si|ta|ti|to|va|vi|za||||")
END = BARS.split("n|r|s|l|m|na|la|ra|ko|ta|no|lin|ron|dan|vin|lia|nia|rik|bert|mar|x|th|k")


def name_of(rng: random.Random) -> str:
    """A usual name, or one made of syllables, so that the model learns to copy names it has never met."""
    if rng.random() < 0.72:
        return rng.choice(NAMES)
    return rng.choice(START) + rng.choice(MIDDLE) + rng.choice(END)


@cache
def topics() -> list[tuple[str, str]]:
    """Subjects with their answers, from all the entries of this folder."""
    found = []
    for path in sorted(Path(__file__).resolve().parent.glob("entries_*.py")):
        for e in import_module(path.stem).ENTRIES:
            if e.get("names") and "what" in e["answers"]:
                name = f"{e.get('article', '')} {e['names'][0]}".strip()
                found.append((name, e["answers"]["what"][0]))
    return found


def question(rng: random.Random) -> tuple[str, str, str]:
    """A question, its answer, and what it was about."""
    r = rng.random()
    if r < 0.72:
        name, answer = rng.choice(topics())
        return rng.choice(FORMS).format(name), answer, name
    if r < 0.9:
        a, b = rng.randint(0, 10), rng.randint(0, 10)
        return (
            rng.choice(["what is {} + {}", "{} plus {}", "how much is {}+{}", "add {} and {}"]).format(a, b),
            f"{a} + {b} is {a + b}.",
            f"{a} + {b}",
        )
    land, city = rng.choice([("France", "Paris"), ("Italy", "Rome"), ("Spain", "Madrid"), ("Hungary", "Budapest")])
    return f"what is the capital of {land}", f"The capital of {land} is {city}.", f"the capital of {land}"


def filler(rng: random.Random) -> tuple[str, str]:
    """A turn about something else."""
    if rng.random() < 0.5:
        return rng.choice(list(CALM.items()))
    return question(rng)[:2]


def naming(rng: random.Random, split: str) -> list[tuple[str, str]]:
    """The user gives a name and asks for it."""
    pick = lambda w: rng.choice(pool(w, split))  # noqa: E731
    if rng.random() < 0.14:
        turns = [(pick(ASK), "I do not know your name yet. What is it?")]
        if rng.random() < 0.5:
            n = name_of(rng)
            turns.append((rng.choice(REPLY).format(n=n), f"Nice to meet you, {n}!"))
        return turns
    if rng.random() < 0.14:
        n, r = name_of(rng), rng.choice(RELATIONS)
        turns = [(pick(FRIEND).format(n=n, r=r), f"{n} is a nice name for your {r}.")]
        if r not in ("dog", "cat", "horse", "bird", "hamster"):
            turns = [(turns[0][0], f"{n} is a nice name.")]
        if rng.random() < 0.25:
            turns.append(filler(rng))
        turns.append((pick(ASK_FRIEND).format(r=r), f"Your {r} is called {n}."))
        return turns
    n = name_of(rng)
    turns = [(pick(GIVE).format(n=n), f"Nice to meet you, {n}!")]
    if rng.random() < 0.4:
        return turns
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        turns.append(filler(rng))
    r = rng.random()
    if r < 0.12 and len(turns) < 3:
        n = name_of(rng)
        turns.append((pick(CHANGE).format(n=n), f"Nice to meet you, {n}!"))
    if r < 0.9:
        turns.append((pick(ASK), f"Your name is {n}."))
    else:
        m = n if rng.random() < 0.5 else name_of(rng)
        turns.append((pick(YESNO).format(n=m), f"{'Yes' if m == n else 'No'}, your name is {n}."))
    return turns


def recalling(rng: random.Random, split: str) -> list[tuple[str, str]]:
    """The user asks what was asked or said."""
    pick = lambda w: rng.choice(pool(w, split))  # noqa: E731
    r = rng.random()
    if r < 0.08:
        return [(pick(LAST), "You have not asked me anything yet.")]
    asked = [question(rng) for _ in range(rng.choice([1, 1, 1, 2, 2, 3]))]
    turns = [(q, a) for q, a, _ in asked]
    if r < 0.7:
        turns.append((pick(LAST), f"You asked about {asked[-1][2]}."))
    elif r < 0.82:
        turns.append((pick(FIRST), f"You asked about {asked[0][2]} first."))
    else:
        turns.append((pick(REPEAT), asked[-1][1]))
    return turns


def generate(rng: random.Random, split: str = "train") -> list[tuple[str, str]]:
    """One conversation of 1 to 4 turns."""
    naming_now = rng.random() < 0.68
    turns = naming(rng, split) if naming_now else recalling(rng, split)
    return [(dress(q, rng, not naming_now), a) for q, a in turns[:4]]
