"""Conversations about capitals: forward, reversed, yes or no, follow-ups, and places that have none."""

import random

from wording import BARS, dress, lines, pool

WEIGHT = 10.0
SPLITS = True

# country names (the first is the usual one) | capital names | adjective
TABLE = """
France|Paris|French
Germany|Berlin|German
Italy|Rome|Italian
Spain|Madrid|Spanish
Portugal|Lisbon|Portuguese
the United Kingdom, England, the UK, Great Britain, Britain|London|British
Ireland|Dublin|Irish
the Netherlands, Holland|Amsterdam|Dutch
Belgium|Brussels|Belgian
Austria|Vienna|Austrian
Switzerland|Bern|Swiss
Poland|Warsaw|Polish
Czechia, the Czech Republic|Prague|Czech
Greece|Athens|Greek
Norway|Oslo|Norwegian
Sweden|Stockholm|Swedish
Finland|Helsinki|Finnish
Denmark|Copenhagen|Danish
Russia|Moscow|Russian
Ukraine|Kyiv|Ukrainian
Turkey|Ankara|Turkish
Egypt|Cairo|Egyptian
Japan|Tokyo|Japanese
China|Beijing|Chinese
India|New Delhi|Indian
South Korea|Seoul|South Korean
Canada|Ottawa|Canadian
the United States, the USA, the US, America, USA|Washington|American
Mexico|Mexico City|Mexican
Brazil|Brasilia|Brazilian
Argentina|Buenos Aires|Argentine
Australia|Canberra|Australian
Hungary|Budapest|Hungarian
"""
ROWS = [(c.split(", "), k, adj) for c, k, adj in (r.split("|") for r in TABLE.strip().splitlines())]
NONE = BARS.split(
    "the moon|the sun|Mars|the sea|the ocean|Jupiter|Venus|Saturn|the sky|Antarctica|the North Pole|the desert"
    "|the Atlantic|the forest|Mercury|Neptune|the Milky Way|a cloud"
)
CONTINENTS = BARS.split("Europe|Asia|Africa|South America|North America")
UNKNOWN = BARS.split(
    "Peru|Chile|Cuba|Iceland|Kenya|Nigeria|Iran|Iraq|Israel|Thailand|Vietnam|Indonesia|Malaysia|Nepal|Pakistan"
    "|Morocco|Algeria|Tunisia|Libya|Sudan|Ethiopia|Ghana|Mali|Angola|Zambia|Colombia|Venezuela|Ecuador|Bolivia|Uruguay"
    "|Paraguay|Panama|Costa Rica|Jamaica|Haiti|New Zealand|Fiji|Mongolia|Georgia|Armenia|Romania|Bulgaria|Serbia"
    "|Croatia|Slovenia|Slovakia|Estonia|Latvia|Lithuania|Albania|Malta|Cyprus|Luxembourg|Monaco|Syria|Jordan|Lebanon"
    "|Saudi Arabia|Qatar|Yemen|Oman|Somalia|Uganda|Tanzania|South Africa|Scotland|Wales|Texas|Bavaria"
)

ASK = lines("""
what is the capital of {c} | whats the capital of {c} | what's the capital city of {c} | capital of {c}
the capital of {c}
which city is the capital of {c} | name the capital of {c} | tell me the capital of {c}
do you know the capital of {c}
what is the name of the capital of {c} | how is the capital of {c} called | what is {c}'s capital | {c}'s capital
which is the capital city of {c} | {c} has which capital | what capital does {c} have | what is the capital city of {c}
can you name the capital of {c} | i forgot the capital of {c} | give me the capital of {c} | say the capital of {c}
what city is the capital in {c} | from which city is {c} governed | which capital belongs to {c} | {c} capital
i want to visit the capital of {c}, which city is that | i am flying to the capital of {c}, where do i land
my homework asks for the capital of {c} | help me, what is the capital of {c} | what do they call the capital of {c}
which city should i name as the capital of {c} | what would you say is the capital of {c} | {c}: capital
the capital city of {c} is which one | in {c}, which city is the capital | quiz: the capital of {c}
my friend lives in the capital of {c}, in which city is she | where is the capital of {c} | {c} - what is its capital
a quiz asks me for the capital of {c} | what is the main city of the government of {c} called, the capital
if i travel to the capital of {c}, which city do i see | we learn about {c} at school, what is its capital
which city is the head of {c}, i mean the capital | remind me what the capital of {c} is | does {c} have a capital
i live in {c}, what is my capital | what city would a king of {c} call his capital | the name of the capital in {c}
what is the seat of {c}, its capital | who knows the capital of {c} | can you tell me which city is the capital of {c}
""")
ADJ = lines("""
what is the {j} capital | the {j} capital | which city is the {j} capital | name the {j} capital
tell me the {j} capital
what is the name of the {j} capital | how is the {j} capital called | i travel to the {j} capital, which city is it
do you know the {j} capital | where is the {j} capital
""")
REVERSE = lines("""
{k} is the capital of which country | of which country is {k} the capital | which country has {k} as its capital
{k} is the capital of what | what country is {k} the capital of | which country's capital is {k}
of what is {k} the capital
{k} is the capital of | whose capital is {k} | {k} belongs to which country as capital | where is {k} the capital
name the country whose capital is {k} | the country with the capital {k} | {k} is a capital, but of which country
i am in {k}, the capital of which country is that | for which country is {k} the capital
{k}, which country is that the capital of
""")
WHERE = lines("""
where is {k} | in which country is {k} | what is {k} | what country is {k} in | which country is {k} in
tell me about {k}
what do you know about {k} | where do i find {k} | what kind of city is {k} | i live in {k}, which country is that
to which country does {k} belong | {k} is where | is {k} a capital | which country do i visit when i go to {k}
""")
YESNO = lines("""
is {k} the capital of {c} | {k} is the capital of {c}, right | is it true that {k} is the capital of {c}
is the capital of {c} {k}
i think {k} is the capital of {c} | is {c}'s capital {k} | my friend says {k} is the capital of {c}
isn't {k} the capital of {c}
am i right that {k} is the capital of {c} | would you say {k} is the capital of {c}
{k} is the capital of {c}, is it not
""")
AND = lines("""
and of {c} | and {c} | what about {c} | and the capital of {c} | how about {c} | ok, and {c}
and what is it for {c} | now {c}
then {c} | and for {c} | what about the capital of {c} | and which city for {c} | what is it in {c}
good, and of {c} | {c}
and that of {c} | do you know {c} as well | also {c} | next {c} | and in {c}
""")
TWO = lines("""
what are the capitals of {c} and {d} | the capitals of {c} and {d} | name the capitals of {c} and {d}
capitals of {c} and {d}
what is the capital of {c} and of {d} | which cities are the capitals of {c} and {d}
tell me the capitals of {c} and {d}
""")
AND_CITY = lines("""
and {k} | what about {k} | and of which country is {k} the capital | how about {k} | ok, and {k} | now {k}
""")
MANY = lines("""
which capitals do you know | name some capitals | list a few capitals | tell me some capitals | name three capitals
what capitals do you know | do you know any capitals | give me a few capital cities
""")
TEACH = lines("where is {c} | tell me about {c} | what do you know about {c} | what is {c} | i want to go to {c}")


def named(rng: random.Random, names: list[str]) -> str:
    """A name of the country; the usual one more often."""
    return names[0] if rng.random() < 0.45 else rng.choice(names)


def forward(name: str, capital: str) -> str:
    """The answer for a country."""
    return f"The capital of {'the ' + name if name == 'USA' else name} is {capital}."


def backward(row: tuple[list[str], str, str]) -> str:
    """The answer for a capital."""
    return f"{row[1]} is the capital of {row[0][0]}."


def first(rng: random.Random, split: str) -> tuple[str, str, str]:
    """A first question, its answer and its kind."""
    pick = lambda w: rng.choice(pool(w, split))  # noqa: E731
    names, capital, adjective = row = rng.choice(ROWS)
    name = named(rng, names)
    r = rng.random()
    if r < 0.5:
        return pick(ASK).format(c=name), forward(name, capital), "ask"
    if r < 0.56:
        return pick(ADJ).format(j=adjective), forward(names[0], capital), "ask"
    if r < 0.70:
        return pick(REVERSE).format(k=capital), backward(row), "reverse"
    if r < 0.76:
        return pick(WHERE).format(k=capital), backward(row), "reverse"
    if r < 0.85:
        other = rng.choice(ROWS)[1] if rng.random() < 0.5 else capital
        yes = "Yes" if other == capital else "No"
        return pick(YESNO).format(k=other, c=name), f"{yes}, {forward(name, capital).replace('The', 'the', 1)}", "ask"
    if r < 0.92:
        return *none(rng, pick(ASK)), "ask"
    if r < 0.95:
        place = rng.choice(UNKNOWN)
        return pick(ASK).format(c=place), f"I do not know the capital of {place}.", "ask"
    if r < 0.965:
        other = rng.choice([x for x in ROWS if x is not row])
        answer = f"The capital of {name} is {capital}, and the capital of {other[0][0]} is {other[1]}."
        return pick(TWO).format(c=name, d=other[0][0]), answer, "ask"
    if r < 0.985:
        said = forward(name, capital)
        return pick(TEACH).format(c=name), f"{name[0].upper() + name[1:]} is a country. {said}", "ask"
    return pick(MANY), "Some capitals are Paris, Berlin, Rome, Madrid and London.", "ask"


def none(rng: random.Random, question: str) -> tuple[str, str]:
    """A question for the capital of a place that has none."""
    if rng.random() < 0.2:
        place = rng.choice(CONTINENTS)
        return question.format(c=place), f"{place} is a continent and has no capital."
    place = rng.choice(NONE[:6]) if rng.random() < 0.7 else rng.choice(NONE)
    said = place[0].upper() + place[1:]
    return question.format(c=place), f"{said} has no capital."


def generate(rng: random.Random, split: str = "train") -> list[tuple[str, str]]:
    """One conversation of 1 to 4 turns."""
    question, answer, kind = first(rng, split)
    turns = [(question, answer)]
    while rng.random() < 0.4 and len(turns) < 4:
        row = rng.choice(ROWS)
        name = named(rng, row[0])
        if kind == "reverse":
            turns.append((rng.choice(pool(AND_CITY, split)).format(k=row[1]), backward(row)))
        elif rng.random() < 0.15:
            turns.append(none(rng, rng.choice(pool(AND, split))))
        elif rng.random() < 0.06:
            place = rng.choice(UNKNOWN)
            turns.append((rng.choice(pool(AND, split)).format(c=place), f"I do not know the capital of {place}."))
        else:
            turns.append((rng.choice(pool(AND, split)).format(c=name), forward(name, row[1])))
    return [(dress(q, rng), a) for q, a in turns]
