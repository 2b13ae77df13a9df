"""Short stories, bedtime stories and poems made by a small grammar, and strings of jokes, facts and riddles."""

import random

from entries_smalltalk import ENTRIES
from wording import BARS, dress, lines, pool

WEIGHT = 10.0
SPLITS = True

# The subjects of the syllabus first; many more follow, so that the model learns to take the subject from the question.
ANIMALS = BARS.split(
    "penguin|cat|dog|dragon|bird|mouse|fox|bear|rabbit|frog|horse|cow|pig|duck|owl|wolf|lion|tiger|monkey"
    "|elephant|turtle|snail|bee|butterfly|whale|dolphin|hedgehog|squirrel|sheep|goat|hen|goose|swan|ant|spider|crab"
    "|panda|kitten|puppy|donkey|camel|zebra|deer|seal|parrot|raven|hamster|worm|fish|giraffe|kangaroo|koala|beaver"
    "|unicorn|ghost|monster|robot|giant|elf|dwarf|snowman|troll|dinosaur|lizard|crocodile|octopus|shark|fly|ladybird"
)
PEOPLE = {
    "she": BARS.split("girl|queen|princess|witch|grandmother|mother|woman|fairy|sister|aunt|daughter|mermaid|nurse"),
    "he": BARS.split("boy|king|prince|wizard|grandfather|father|man|knight|brother|uncle|son|pirate|farmer|baker"),
}
NAMES = {
    "she": BARS.split("Anna|Lisa|Emma|Mary|Julia|Sara|Lucy|Eva|Mia|Nora|Clara|Ella|Zoe|Ida|Rosa|Kate|Alice|Lena"),
    "he": BARS.split("Tom|Peter|Max|Paul|Leo|Ben|Sam|Jack|David|Adam|Felix|Oscar|Jim|Noah|Luke|Bob|Tim|Otto"),
}
THINGS = BARS.split(
    "star|moon|tree|ship|cloud|river|flower|house|lamp|boat|clock|bell|train|car|stone|mountain|kite|candle|bridge"
    "|lighthouse|balloon|snowflake|rainbow|doll|ball|book|chair|teapot|umbrella|bicycle|tractor|rocket|plane|leaf"
    "|shoe|hat|key|door|castle|island|pumpkin|apple|cake|potato|computer|drum|piano|garden"
)
TECH = {
    "process": [
        "Once there was a process with the PID 42.|It worked hard, but its data came slowly.|So it went to sleep and"
        " waited.|Then the disk called: your data is here!|The process woke up, finished its work and ended with 0.",
        "A young process was started by its shell.|It asked the kernel for memory and got some pages.|It counted to a"
        " million and printed the result.|Then it said goodbye with exit status 0.|The shell was proud of its process.",
    ],
    "thread": [
        "Once there was a thread that wanted to enter a small room.|A mutex stood at the door and said: wait, somebody"
        " is inside.|The thread waited and slept a little.|At last the mutex opened the door.|The thread did its work"
        " quickly and left the door open for the next thread.",
        "A thread lived in a process with three brothers.|They shared one memory and often fought over a number.|One"
        " day they found a mutex and took turns.|From then on every sum was right.|The thread was happy with its"
        " brothers.",
    ],
    "child process": [
        "Once there was a child process that was made by fork.|Its parent said: here is a copy of all I have.|The"
        " child ran a new program and did its task.|It ended with status 0 while its parent waited.|The parent said:"
        " well done, my child process.",
        "A child process lost its parent one day.|It was an orphan and felt alone.|But init came and adopted it.|The"
        " child finished its work in peace.|So the child process had a good home after all.",
    ],
    "fork": [
        "Once there was a process that felt alone.|It called fork, and suddenly there were two of it.|One got the"
        " number 0 and the other got a PID.|They shared their pages until one of them wrote.|So fork had made a family"
        " out of one process.",
        "A fork stood at the end of the road of a process.|On one way went the parent, on the other way the child.|The"
        " child got 0 as a present.|The parent got the PID of the child.|Both were glad that fork had shown them two"
        " ways.",
    ],
    "pipe": [
        "Once there was a pipe between two processes.|The writer filled it with bytes day and night.|Soon the pipe was"
        " full, and the writer had to wait.|Then the reader woke up and drank all the bytes.|The pipe was empty and"
        " happy again.",
        "A pipe connected a busy writer and a lazy reader.|The writer sent a letter of many bytes.|The reader read it"
        " and laughed.|At last the writer closed its end and the reader saw the end of file.|The pipe had done its job"
        " well.",
    ],
    "kernel": [
        "Once there was a kernel that cared for many processes.|Each of them wanted the CPU at once.|The kernel gave a"
        " short time slice to everyone.|Nobody had to wait too long.|All processes thanked the good kernel.",
    ],
    "scheduler": [
        "Once there was a scheduler with one CPU and ten hungry tasks.|Every task cried: me first!|The scheduler gave"
        " each of them a small slice.|In the end all tasks had eaten enough.|The scheduler smiled and began a new"
        " round.",
    ],
    "zombie": [
        "Once there was a zombie in the process table.|It had finished its work long ago.|It only waited for its"
        " parent to read its exit status.|One day the parent called wait.|Then the zombie could rest in peace.",
    ],
    "daemon": [
        "Once there was a daemon that lived in the background.|It had no terminal and nobody saw it.|Every night it"
        " cleaned up old files.|In the morning the users found a tidy disk.|They never saw the daemon, but they were"
        " grateful.",
    ],
    "signal": [
        "Once there was a small signal with an important message.|It ran to a process that was deep in work.|The"
        " process stopped, called its handler and listened.|The message said: please save your work.|The process"
        " thanked the signal.",
    ],
    "bug": [
        "Once there was a bug that hid in a program.|It made the sums wrong on every second day.|A programmer looked"
        " for it with a lamp and a debugger.|At last she found it in line 42.|She fixed the line, and the bug was"
        " gone.",
    ],
    "token": [
        "Once there was a token that did not know what came next.|It looked back at all its friends in the"
        " sentence.|They told it what they meant.|So the next word was easy to guess.|The token was proud of its"
        " sentence.",
    ],
    "language model": [
        "Once there was a small language model.|It knew only a few topics, but it tried its best.|A child asked it for"
        " a story.|It guessed one word after the other.|In the end the child smiled, and so did the language model.",
    ],
    "CPU": [
        "Once there was a CPU that never rested.|All day it added and compared numbers.|In the evening no task was"
        " left to run.|The kernel said: now you may sleep.|The CPU slept until the next interrupt.",
    ],
    "mutex": [
        "Once there was a mutex that guarded a counter.|Two threads came running at the same time.|The mutex let one"
        " in and made the other wait.|Both added one, and the sum was right.|The threads thanked the mutex.",
    ],
}
ALIVE = [
    "One day {p} lost the way in the {place}.|Night came, and {p} was afraid.|Then {helper} came and showed {o} the"
    " way.|At last {the} was home again and slept well.",
    "But {p} had no friend and felt alone.|One morning {p} met {helper}.|They played together all day.|From then on"
    " {the} was never alone again.",
    "One night {p} saw a falling star and made a wish.|{P} wished for {gift}.|In the morning it lay at the"
    " door.|{The} danced with joy.",
    "One day {p} found {gift} in the {place}.|It belonged to {helper}, who was very sad.|So {p} gave it back.|They"
    " became friends, and {the} was glad.",
    "{P} wanted to see the sea.|So {p} walked for three days and three nights.|At last the blue water lay before"
    " {o}.|{The} laughed and jumped into the waves.",
    "{P} wanted to {skill}, but could not.|Everybody laughed, yet {p} tried again every day.|After a year {p} could"
    " {skill} better than all others.|Then {the} was very proud.",
    "One day a great storm came to the {place}.|{P} heard {helper} cry for help.|{P} ran out into the rain and"
    " helped.|When the sun came back, all thanked {the}.",
    "One cold day {p} had only a little bread.|Then {helper} came and was hungry, too.|They shared the bread and told"
    " stories.|It was the best day for {the}.",
    "In the night {p} heard a strange noise.|{P} took a lamp and looked under the bed.|There sat {helper}, who was"
    " also afraid.|They laughed, and {the} fell asleep.",
    "One day there was a race through the {place}.|{P} was slow, but {p} never gave up.|The others stopped to rest,"
    " and {p} went on.|In the end {the} won the race.",
]
STILL = [
    "It stood in the same place every day and felt alone.|One evening {helper} came by and said hello.|They talked"
    " until the morning.|Since then {the} has had a friend.",
    "One night a great storm came.|The wind pushed and pulled, but it stayed strong.|In the morning the sky was blue"
    " again.|All were proud of {the}.",
    "It wanted to know what was behind the mountains.|A bird flew there and came back with stories.|It told of"
    " green hills and a wide sea.|{The} listened and was happy.",
    "One dark night {helper} was lost in the {place}.|It saw {the} and knew the way again.|So it came home"
    " safely.|Every evening it thanks {the}.",
    "Everybody walked past and did not look.|Only a small child stopped and smiled.|The child came back every day"
    " and told it a secret.|So {the} became the happiest of all.",
    "One day it was tired and wanted to rest.|A kind child cleaned it and sang a song.|Then it felt like new.|{The}"
    " shone in the sun again.",
]
OPEN = [
    "Once there was {adj} {s}.",
    "Once upon a time there was {adj} {s}.",
    "There once lived {adj} {s} in the {place}.",
    "Long ago there was {adj} {s}.",
]
POEMS = [
    "{The} woke up with the sun\nand said: today I will have fun.\nIt sang and danced till day was done,\nand"
    " {the} was loved by everyone.",
    "{The} looked up into the night\nand saw a star that shone so bright.\nIt closed its eyes and felt all"
    " right,\nand so I wish {the} good night.",
    "{The} went out into the rain\nand saw a long and shining train.\nIt went to France, it went to Spain,\nand"
    " now {the} is home again.",
    "{The} sat down beside the sea\nand drank a little cup of tea.\nIt said: the waves belong to me,\nand {the}"
    " was glad and free.",
    "{The} came in and closed the door\nand laid its toys upon the floor.\nIt counted one, two, three and"
    " four,\nand then {the} asked for some more.",
    "{The} has nothing much to do,\nit looks into the sky so blue.\nA cloud comes by, and then come two,\nand now"
    " {the} smiles back at you.",
]
HELPERS = BARS.split(
    "a kind owl|an old turtle|a small frog|a friendly dog|a grey mouse|a wise raven|a little bee|a young rabbit"
)
PLACES = BARS.split("forest|valley|garden|green field|small village|old town")
GIFTS = BARS.split("a golden key|a red ball|a silver bell|a warm coat|a little drum|a shiny ring")
SKILLS = BARS.split("sing|swim|dance|draw|jump|whistle")
ADJ = BARS.split("a little|a small|a young|a brave|a happy|a curious")
ADJ_THING = BARS.split("a little|a small|an old|a beautiful|a lonely|a big")

ABOUT = lines("""
tell me a story about {a} | tell a story about {a} | a story about {a} | can you tell me a story about {a}
story about {a}
write a story about {a} | write a short story about {a} | make up a story about {a} | i want a story about {a}
i would like to hear a story about {a} | tell me a short story about {a} | give me a story about {a}
invent a story about {a}
do you know a story about {a} | tell me a tale about {a} | tell me something about {a} in a story | a tale of {a}
could you tell a little story about {a} | my child wants a story about {a} | i like stories about {p}, tell me one
let me hear a story with {a} | a short story with {a} in it | can you make up a tale about {a} | one story about {a}
write me a story in which {a} is the hero | once there was {a}, how does it go on | begin a story with {a}
tell my son a story about {a} | tell us about {a}, a made up story | tell me a nice story about {a}
a little tale with {a}
what happened to {a} once? tell me a story | story time: {a} | a story please, about {a} | please a story on {a}
""")
ANY = lines("""
tell me a story | tell a story | a story please | story | can you tell me a story | do you know a story | write a story
i want to hear a story | make up a story | give me a story | tell me a short story | read me a story
a short story please
invent a story | do you know any stories | let me hear a story | i would like a story | story time | once upon a time
could you tell a story | tell me a tale | a tale please | tell me something nice, a story | have you got a story for me
i am bored, tell me a story | my daughter wants a story | write me a little story | a little story please
tell us a story
""")
BEDTIME = lines("""
tell me a bedtime story | a bedtime story please | bedtime story | i want a bedtime story
tell me a story before i sleep
i cannot sleep, tell me a story | a good night story please | tell my child a bedtime story | a story to fall asleep
can you tell me a good night story | read me a bedtime story | do you know a bedtime story
i am in bed, tell me a story
a story for the night | make me sleepy with a story | write a bedtime story | put me to sleep with a story
""")
BEDTIME_ABOUT = lines("""
tell me a bedtime story about {a} | a bedtime story about {a} | a good night story about {a} | bedtime story with {a}
i cannot sleep, tell me a story about {a} | before i sleep i want a story about {a}
""")
POEM_ABOUT = lines("""
write a poem about {a} | a poem about {a} | tell me a poem about {a} | make a poem about {a}
write me a poem about {a}
can you write a poem about {a} | i want a poem about {a} | poem about {a} | make up a rhyme about {a}
a rhyme about {a}
give me a short poem about {a} | do you know a poem about {a} | compose a poem about {a}
four lines about {a} that rhyme
some verses about {a} | write a few rhymes on {a} | say a poem about {a}
""")
POEM = lines("""
write a poem | tell me a poem | a poem please | poem | can you write a poem | do you know a poem | make a poem
give me a poem
write me a short poem | make up a rhyme | a rhyme please | i want to hear a poem | say a poem | can you rhyme
are you a poet | some verses please | four lines that rhyme | compose a poem | recite a poem | be poetic
""")
ANOTHER = lines("""
another one | another story | one more | tell me another one | again, another story | one more story | and another one
another one please | one more please | more stories | do you know another one | a different one | and one more
tell me one more | next story | i want another one | give me another | a new one | a different story please
""")
AND_ABOUT = lines("""
and about {a} | and one about {a} | now about {a} | what about {a} | now one about {a} | and a story about {a}
one with {a}
another one about {a} | how about {a} | ok, and about {a} | the same about {a} | now with {a}
do you know one about {a}
""")
WHO = lines("""
what was the story about | who was the story about | about whom was that | what was it about | who was it about
what was that story about | whom was the story about | which story did you tell me
""")
LIKED = lines("""
nice story | that was nice | i like that story | beautiful | what a nice story | lovely | good story
that was beautiful
wonderful story | thank you for the story | thanks for the story | that was a good story | thanks, i liked it
""")
MORE_JOKES = lines("""
another one | one more | another joke | tell me another one | one more please | and another one | more | another
again
one more joke | do you know another one | next one | another one please | a different one | give me another one
""")
SHELF = {e["id"]: e for e in ENTRIES if e["id"] in ("joke", "fact", "riddle")}


def article(noun: str) -> str:
    """A or an."""
    return "an" if noun[0] in "aeio" or noun.startswith(("uncle", "umb")) else "a"


def subject(rng: random.Random) -> dict:
    """Somebody or something to tell about."""
    r = rng.random()
    if r < 0.22:
        noun = rng.choice(list(TECH)[:5] if rng.random() < 0.6 else list(TECH))
        return {"kind": "tech", "s": noun, "p": "it", "name": False}
    if r < 0.55:
        noun = rng.choice([*ANIMALS[:7], "robot"] if rng.random() < 0.45 else ANIMALS)
        return {"kind": "alive", "s": noun, "p": "it", "name": False}
    if r < 0.70:
        p = rng.choice(["she", "he"])
        few = ["girl"] if p == "she" else ["boy", "king"]
        return {"kind": "alive", "s": rng.choice(few if rng.random() < 0.5 else PEOPLE[p]), "p": p, "name": False}
    if r < 0.78:
        p = rng.choice(["she", "he"])
        return {"kind": "alive", "s": rng.choice(NAMES[p]), "p": p, "name": True}
    noun = rng.choice(THINGS[:4] if rng.random() < 0.5 else THINGS)
    return {"kind": "still", "s": noun, "p": "it", "name": False}


def called(rng: random.Random, who: dict) -> dict:
    """The subject as a question names it."""
    s = who["s"]
    plural = "children" if s == "child" else s + ("es" if s.endswith(("s", "x", "sh", "ch")) else "s")
    if who["name"]:
        return {"a": s, "p": f"{s} and friends"}
    the = s in ("moon", "sun", "wind", "CPU", "kernel") or rng.random() < 0.12
    return {"a": f"the {s}" if the and s != "fork" else f"{article(s)} {s}", "p": plural}


def story(rng: random.Random, who: dict, bedtime: bool = False) -> str:
    """A story of four to six short sentences."""
    if who["kind"] == "tech":
        text = rng.choice(TECH[who["s"]]).replace("|", " ")
        return text + (f" Good night, little {who['s']}." if bedtime else "")
    s, p = who["s"], who["p"]
    the = s if who["name"] else f"the {s}"
    helper = rng.choice([h for h in HELPERS if not h.endswith(s)])
    values = {"s": s, "p": p, "P": p.capitalize(), "o": {"it": "it", "she": "her", "he": "him"}[p], "helper": helper}
    values |= {"the": the, "The": the[0].upper() + the[1:], "place": rng.choice(PLACES), "gift": rng.choice(GIFTS)}
    values |= {"skill": rng.choice(SKILLS)}
    if who["name"]:
        start = f"Once there was a {'girl' if p == 'she' else 'boy'} named {s}."
    else:
        still = who["kind"] == "still"
        values["adj"] = rng.choice(ADJ_THING if still else ADJ)
        start = rng.choice(OPEN[:2] if still else OPEN).format(**values)
    plots = ALIVE if who["kind"] == "alive" else STILL
    body = rng.choice(plots).replace("|", " ").format(**values)
    end = f" Good night, {'little ' if not who['name'] else ''}{s}." if bedtime else ""
    return f"{start} {body}{end}"


def poem(rng: random.Random, who: dict) -> str:
    """A poem of four lines."""
    the = who["s"] if who["name"] else f"the {who['s']}"
    text = rng.choice(POEMS)
    if who["p"] != "it":
        own = "her" if who["p"] == "she" else "his"
        text = text.replace("It ", who["p"].capitalize() + " ").replace(" its ", f" {own} ")
        text = text.replace("\nit ", f"\n{who['p']} ")
    return text.format(the=the, The=the[0].upper() + the[1:])


def shelf(rng: random.Random, split: str) -> list[tuple[str, str]]:
    """Jokes, facts or riddles, one after the other."""
    entry = SHELF[rng.choices(["joke", "fact", "riddle"], [5, 2, 1])[0]]
    answers = rng.sample(entry["answers"]["reply"], min(rng.choice([1, 1, 2, 2, 3]), len(entry["answers"]["reply"])))
    questions = [rng.choice(pool(entry["asks"]["reply"], split))]
    questions += [rng.choice(pool(MORE_JOKES, split)) for _ in answers[1:]]
    return list(zip(questions, answers, strict=True))


def generate(rng: random.Random, split: str = "train") -> list[tuple[str, str]]:
    """One conversation of 1 to 4 turns."""
    pick = lambda w: rng.choice(pool(w, split))  # noqa: E731
    r = rng.random()
    if r < 0.16:
        return [(dress(q, rng), a) for q, a in shelf(rng, split)]
    who = subject(rng)
    names = called(rng, who)
    what = "story"
    if r < 0.52:
        turns = [(pick(ABOUT).format(**names), story(rng, who))]
    elif r < 0.68:
        turns = [(pick(ANY), story(rng, who))]
    elif r < 0.75:
        turns = [(pick(BEDTIME), story(rng, who, True))]
    elif r < 0.78:
        turns = [(pick(BEDTIME_ABOUT).format(**names), story(rng, who, True))]
    else:
        what = "poem"
        named = rng.random() < 0.65
        turns = [(pick(POEM_ABOUT).format(**names) if named else pick(POEM), poem(rng, who))]
    while rng.random() < 0.32 and len(turns) < 4:
        r = rng.random()
        tell = story if what == "story" else poem
        if r < 0.4:
            who = subject(rng) if rng.random() < 0.6 else who
            question = pick(ANOTHER)
            if what == "poem":
                question = question.replace("story", "poem").replace("stories", "poems")
            turns.append((question, tell(rng, who)))
        elif r < 0.75:
            who = subject(rng)
            question = pick(AND_ABOUT).format(**called(rng, who))
            turns.append((question.replace("story", what), tell(rng, who)))
        elif r < 0.88:
            about = who["s"] if who["name"] else f"{article(who['s'])} {who['s']}"
            turns.append((pick(WHO).replace("story", what), f"The {what} was about {about}."))
        else:
            turns.append((pick(LIKED).replace("story", what), f"I am glad that you like the {what}!"))
            break
    return [(dress(q, rng), a) for q, a in turns]
