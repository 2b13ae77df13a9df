"""Conversations with small tables of the world: opposites, legs, sounds, colours and units, with follow-ups."""

import random

from wording import BARS, dress, lines, pool

WEIGHT = 8.0
SPLITS = True

OPPOSITES = [
    p.split("-")
    for p in BARS.split(
        "hot-cold|big-small|up-down|good-bad|fast-slow|day-night|old-young|left-right|black-white|open-closed|high-low"
        "|long-short|light-dark|happy-sad|wet-dry|full-empty|early-late|rich-poor|strong-weak|hard-soft|loud-quiet"
        "|yes-no|in-out|on-off|true-false|first-last|north-south|east-west|begin-end|win-lose|buy-sell|push-pull"
        "|clean-dirty|near-far|thick-thin|heavy-light|new-old|inside-outside|love-hate|more-less|summer-winter|many-few"
        "|sweet-sour|awake-asleep|easy-difficult|wide-narrow|deep-shallow|give-take|remember-forget|start-stop|top-bottom"
        "|before-after|above-below|front-back|large-little|tall-short|cheap-expensive|safe-dangerous|alive-dead"
        "|success-failure|parallel-serial|read-write|lock-unlock|even-odd|plus-minus|question-answer|morning-evening"
    )
]
OPPOSITE = {}
for _a, _b in OPPOSITES:
    OPPOSITE.setdefault(_a, _b)
for _a, _b in OPPOSITES:
    OPPOSITE.setdefault(_b, _a)
LEGS = {w: f"{w[0].upper() + w[1:]} has 4 legs." for w in BARS.split(
    "a dog|a cat|a horse|a cow|a pig|a mouse|a sheep|a lion|a fox|an elephant|a rabbit|a bear|a frog|a wolf"
)}  # fmt: skip
SIX = BARS.split("an insect|an ant|a bee|a fly|a beetle|a butterfly")
LEGS |= {w: f"{w[0].upper() + w[1:]} has 6 legs." for w in SIX}
LEGS |= {"a spider": "A spider has 8 legs.", "a human": "A human has 2 legs.", "a person": "A person has 2 legs."}
LEGS |= {"a bird": "A bird has 2 legs and 2 wings.", "a snake": "A snake has no legs.", "a duck": "A duck has 2 legs."}
LEGS |= {"a fish": "A fish has no legs; it swims with fins.", "a penguin": "A penguin has 2 legs."}
LEGS |= {"a chicken": "A chicken has 2 legs.", "an octopus": "An octopus has 8 arms.", "a table": "A table has 4 legs."}
MAIN_LEGS = ["a dog", "a spider", "a human", "an insect", "a cat", "a bird"]
SOUNDS = dict(
    p.split("-") for p in BARS.split(
        "dog-woof|cat-meow|cow-moo|sheep-baa|duck-quack|pig-oink|bee-buzz|lion-roar|owl-hoot|frog-croak|mouse-squeak"
        "|bird-tweet|horse-neigh|snake-hiss|chicken-cluck|wolf-howl"
    )
)  # fmt: skip
COLOURS = {
    "grass": "Grass is green.", "the sky": "The sky is blue on a clear day.", "snow": "Snow is white.",
    "blood": "Blood is red.", "a banana": "A banana is yellow.", "coal": "Coal is black.", "milk": "Milk is white.",
    "an orange": "An orange is orange.", "a tomato": "A tomato is red.", "chocolate": "Chocolate is brown.",
    "the sun": "The sun looks yellow.", "a frog": "A frog is green.", "a lemon": "A lemon is yellow.",
    "the night": "The night is dark.", "an elephant": "An elephant is grey.", "a leaf": "A leaf is green.",
    "a carrot": "A carrot is orange.", "a fire engine": "A fire engine is red.", "salt": "Salt is white.",
}  # fmt: skip
WEEK = "A week has 7 days: Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday."
UNITS = [
    ("days", "a week", WEEK), ("days", "a year", "A year has 365 days, and a leap year has 366."),
    ("hours", "a day", "A day has 24 hours."), ("minutes", "an hour", "An hour has 60 minutes."),
    ("seconds", "a minute", "A minute has 60 seconds."), ("weeks", "a year", "A year has about 52 weeks."),
    ("seconds", "an hour", "An hour has 3600 seconds."), ("years", "a century", "A century is 100 years."),
    ("months", "a year", "A year has 12 months: January, February, March, April, May, June, July, August, September, "
     "October, November and December."), ("metres", "a kilometre", "A kilometre is 1000 metres."),
    ("grams", "a kilogram", "A kilogram is 1000 grams."), ("centimetres", "a metre", "A metre is 100 centimetres."),
    ("bits", "a byte", "A byte has 8 bits."), ("years", "a decade", "A decade is 10 years."),
    ("milliseconds", "a second", "A second has 1000 milliseconds."), ("fingers", "a hand", "A hand has 5 fingers, so a "
     "human has 10."), ("sides", "a triangle", "A triangle is a shape with 3 sides and 3 corners."),
    ("letters", "the alphabet", "The English alphabet has 26 letters, from A to Z."),
]  # fmt: skip
DAYS = BARS.split("Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday")
MONTHS = BARS.split("January|February|March|April|May|June|July|August|September|October|November|December")

Q_OPPOSITE = lines("""
what is the opposite of {w} | opposite of {w} | the opposite of {w} | what's the opposite of {w}
tell me the opposite of {w}
which word is the opposite of {w} | name the opposite of {w} | not {w}, but what | what do you call the opposite of {w}
what is the contrary of {w} | {w} and its opposite | if something is not {w}, what is it | give me the opposite of {w}
what word means the opposite of {w} | say the opposite of {w} | the contrary of {w} is
i say {w}, you say the opposite
do you know the opposite of {w} | what stands against {w} | what is the reverse of {w}
which word is the contrary of {w}
i need the opposite of the word {w} | {w} has which opposite | find the opposite of {w} | antonym of {w}
what is an antonym of {w}
""")
Q_LEGS = lines("""
how many legs does {w} have | how many legs has {w} | how many legs has {w} got | {w} has how many legs | legs of {w}
tell me how many legs {w} has | number of legs of {w} | what is the number of legs of {w}
on how many legs does {w} stand
count the legs of {w} | do you know how many legs {w} has | how many feet does {w} have
with how many legs does {w} walk
how many legs can you count on {w} | if i draw {w}, how many legs do i draw | {w}: how many legs
how many legs are on {w}
i want to draw {w}, how many legs does it need | how many shoes would {w} need | the legs of {w}, how many are there
""")
Q_SOUND = lines("""
what does a {w} say | which sound does a {w} make | what sound does a {w} make | how does a {w} sound
what noise does a {w} make
the sound of a {w} | how does a {w} go | tell me what a {w} says | make the sound of a {w}
what do you hear from a {w}
""")
Q_COLOUR = lines("""
what colour is {w} | which colour does {w} have | what color is {w} | the colour of {w} | what is the colour of {w}
color of {w}
which colour has {w} | tell me the colour of {w} | in which colour should i paint {w} | what color does {w} have
""")
Q_UNIT = lines("""
how many {x} are in {w} | how many {x} does {w} have | how many {x} has {w} | {w} has how many {x}
number of {x} in {w}
tell me how many {x} are in {w} | how many {x} are there in {w} | {x} in {w} | how many {x} make {w}
do you know how many {x} {w} has
what is the number of {x} in {w} | count the {x} in {w} | how many {x} can i find in {w} | of how many {x} is {w} made
{w} is how many {x} | i forgot how many {x} {w} has | the {x} in {w}, how many are they
""")
Q_NEXT = lines("""
what comes after {w} | which {k} comes after {w} | what is the next {k} after {w} | the {k} after {w}
which {k} follows {w}
after {w} comes which {k} | today it is {w}, what is next | what {k} follows {w} | {w}, and then which {k}
""")
Q_PREV = lines("""
what comes before {w} | which {k} comes before {w} | what is the {k} before {w} | the {k} before {w}
which {k} is right before {w}
""")
AND = lines("""
and {w} | what about {w} | how about {w} | ok, and {w} | now {w} | and of {w} | {w} | then {w} | and for {w} | so {w}
""")


def fact(rng: random.Random, split: str, kind: str, follow: bool) -> tuple[str, str]:
    """One question of a kind and its answer."""
    pick = lambda w: rng.choice(pool(AND if follow else w, split))  # noqa: E731
    if kind == "opposite":
        w = rng.choice(list(OPPOSITE)[:14] if rng.random() < 0.35 else list(OPPOSITE))
        return pick(Q_OPPOSITE).format(w=w), f"The opposite of {w} is {OPPOSITE[w]}."
    if kind == "legs":
        w = rng.choice(MAIN_LEGS if rng.random() < 0.5 else list(LEGS))
        return pick(Q_LEGS).format(w=w), LEGS[w]
    if kind == "sound":
        w = rng.choice(list(SOUNDS))
        return pick(Q_SOUND).format(w=f"a {w}" if follow else w), f"A {w} says {SOUNDS[w]}."
    if kind == "colour":
        w = rng.choice(list(COLOURS))
        return pick(Q_COLOUR).format(w=w), COLOURS[w]
    if kind == "unit":
        x, w, answer = rng.choice(UNITS[:5] + UNITS[8:9] if rng.random() < 0.5 else UNITS)
        if follow:
            return rng.choice(["and {x} in {w}", "how many {x} in {w}", "and how many {x} does {w} have"]).format(
                x=x, w=w
            ), answer
        return pick(Q_UNIT).format(x=x, w=w), answer
    row, k = (DAYS, "day") if kind == "day" else (MONTHS, "month")
    i = rng.randrange(len(row))
    if rng.random() < 0.7 or follow:
        q = "and after {w}" if follow else rng.choice(pool(Q_NEXT, split))
        return q.format(w=row[i], k=k), f"After {row[i]} comes {row[(i + 1) % len(row)]}."
    return rng.choice(pool(Q_PREV, split)).format(w=row[i], k=k), f"Before {row[i]} comes {row[i - 1]}."


def generate(rng: random.Random, split: str = "train") -> list[tuple[str, str]]:
    """One conversation of 1 to 3 turns."""
    kind = rng.choices(BARS.split("opposite|legs|sound|colour|unit|day|month"), [9, 6, 2, 3, 6, 1.5, 1])[0]
    turns = [fact(rng, split, kind, False)]
    while rng.random() < 0.35 and len(turns) < 3:
        turns.append(fact(rng, split, kind, True))
    return [(dress(q, rng), a) for q, a in turns]
