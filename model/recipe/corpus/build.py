"""Composes the training conversations of the chat model from the entries and procedures of this folder.

conversations(seed, split) is an endless stream of conversations, each a list of (question, answer). The split `dev`
asks with wordings that `train` never uses (about 7 % of the hand-written questions and of the templates), so that a
training run can watch how well it understands wordings it has not seen.

    python3 build.py --sample 40 [--seed 1] [--split dev]    print some conversations
    python3 build.py --stats                                 print counts and complaints
"""

import argparse
import importlib
import random
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

import augment  # noqa: E402
import templates  # noqa: E402

DEV_PERCENT = 7
# The share of fresh questions each module gets; a module not named here gets a share by its size.
WEIGHTS: dict[str, float] = {
    "entries_processes": 12,
    "entries_threads": 9,
    "entries_pipes": 7,
    "entries_signals": 7,
    "entries_scheduling": 7,
    "entries_memory": 7,
    "entries_proc": 4.5,
    "entries_os": 7,
    "entries_language_models": 9.5,
    "entries_program": 7.5,
    "entries_smalltalk": 8.5,
    "entries_world": 5,
    "procedural_arithmetic": 8,
    "procedural_capitals": 5,
    "procedural_counting": 4.5,
    "procedural_facts": 4.5,
    "procedural_names": 4.5,
    "procedural_stories": 5,
}
PROCEDURAL_DEFAULT = 4.0
IMPERATIVES = frozenset(
    [
        "explain",
        "define",
        "tell",
        "give",
        "name",
        "list",
        "say",
        "describe",
        "show",
        "compare",
        "help",
        "teach",
        "remind",
        "draw",
        "say",
        "please",
        "count",
        "is",
    ]
)
# What may be added to a description such as "two threads that wait for each other".
TAILS = [
    "{}, what is that",
    "{}, what is that called",
    "{}, what is it called",
    "{}, what do you call that",
    "{}, what is the word for it",
    "{}, what am I speaking of",
    "what is it called: {}",
    "what do we call this: {}",
    "what is this: {}",
    "name this: {}",
    "which term fits: {}",
    "I look for a word: {}",
    "explain this: {}",
]
JOINED_WORDS = 44
JOINED_SHARE = 0.06
TURNS = [(1, 0.58), (2, 0.23), (3, 0.12), (4, 0.05), (5, 0.02)]
FACET_WEIGHT = {"what": 2.6, "why": 1.1, "how": 1.1, "more": 0.5, "example": 0.8}
MORE_ORDER = ("more", "how", "why", "example", "cause", "when", "what")
WHY_FACETS = ("why", "cause", "bad")
THANK = [
    "thanks",
    "thank you",
    "thanks a lot",
    "great, thanks",
    "ok, thank you",
    "thx",
    "cool, thanks",
    "many thanks",
    "thank you very much",
    "that helps, thanks",
    "perfect, thank you",
    "thank you, that was clear",
]
THANKS = "You are welcome."


def held_out(text: str) -> bool:
    """Whether a wording belongs to the dev split."""
    key = re.sub(r"[^a-z{}]+", " ", text.lower()).strip()
    return zlib.crc32(key.encode()) % 100 < DEV_PERCENT


def of_split(wordings: list[str], split: str) -> list[str]:
    """The wordings of one split."""
    return [w for w in wordings if held_out(w) == (split == "dev")]


def joined(a: dict, b: dict) -> str:
    """A difference nobody has written down, told by saying what each of the two is; empty if that is too long."""
    if not (a["names"] and b["names"] and "what" in a["answers"] and "what" in b["answers"]):
        return ""
    text = f"{a['answers']['what'][0]} {b['answers']['what'][0]}"
    return text if len(text.split()) <= JOINED_WORDS else ""


class Corpus:
    """All modules of the folder, loaded and indexed."""

    def __init__(self) -> None:
        self.entries: dict[str, dict] = {}
        self.module_entries: dict[str, list[dict]] = {}
        self.module_of: dict[str, str] = {}
        self.pairs: list[dict] = []
        self.pair_of: dict[tuple[str, str], dict] = {}
        self.module_pairs: dict[str, list[dict]] = {}
        self.dialogues: dict[str, list[list[tuple[str, str]]]] = {}
        self.procedures: dict[str, object] = {}
        self.complaints: list[str] = []
        for path in sorted(HERE.glob("*.py")):
            if path.stem.startswith("entries_"):
                self._load_entries(path.stem)
            elif path.stem.startswith("procedural_"):
                self.procedures[path.stem] = importlib.import_module(path.stem)
        self._link()

    def _load_entries(self, name: str) -> None:
        module = importlib.import_module(name)
        self.module_entries[name] = []
        for raw in module.ENTRIES:
            entry = dict(raw)
            ident = entry["id"]
            if ident in self.entries:
                raise ValueError(f"{name}: the id {ident} is taken by {self.module_of[ident]}")
            if not entry.get("answers") or not all(entry["answers"].values()):
                raise ValueError(f"{name}: {ident} has a facet without an answer")
            for facet in list(entry.get("asks", {})) + list(entry.get("follow", {})):
                if facet not in entry["answers"]:
                    raise ValueError(f"{name}: {ident} asks for {facet}, which has no answer")
            for key, empty in (
                ("names", []),
                ("article", ""),
                ("plural", []),
                ("asks", {}),
                ("follow", {}),
                ("siblings", []),
            ):
                entry[key] = entry.get(key) or empty
            if entry["names"] and not entry["plural"] and entry["article"] in ("a", "an"):
                entry["plural"] = [templates.plural_of(n) for n in entry["names"][:2]]
            words = " ".join(entry["names"] + entry["plural"]).lower().replace("-", " ").split()
            entry["protect"] = frozenset(words)
            self.entries[ident] = entry
            self.module_of[ident] = name
            self.module_entries[name].append(entry)
        self.module_pairs[name] = list(getattr(module, "PAIRS", []))
        self.dialogues[name] = list(getattr(module, "DIALOGUES", []))

    def _link(self) -> None:
        for name, pairs in self.module_pairs.items():
            for pair in pairs:
                missing = [x for x in (pair["a"], pair["b"]) if x not in self.entries]
                if missing:
                    self.complaints.append(f"{name}: pair of unknown {missing}")
                    continue
                pair["known"] = True
                self.pairs.append(pair)
                self.pair_of[pair["a"], pair["b"]] = self.pair_of[pair["b"], pair["a"]] = pair
        for entry in self.entries.values():
            unknown = [s for s in entry["siblings"] if s not in self.entries]
            if unknown:
                self.complaints.append(f"{self.module_of[entry['id']]}: {entry['id']} has unknown siblings {unknown}")
            entry["siblings"] = [s for s in entry["siblings"] if s in self.entries and s != entry["id"]]
            partners = [b for a, b in self.pair_of if a == entry["id"]]
            entry["partners"] = partners


class Composer:
    """Makes conversations of one split with one generator of random numbers."""

    def __init__(self, corpus: Corpus, split: str, rng: random.Random) -> None:
        self.c = corpus
        self.split = split
        self.rng = rng
        self.facets = {f: of_split(templates.lines(t), split) for f, t in templates.FACETS.items()}
        self.follow = {
            f: of_split(templates.lines(t), split) or templates.lines(t) for f, t in templates.FOLLOW.items()
        }
        self.another = of_split(templates.lines(templates.ANOTHER), split) or templates.lines(templates.ANOTHER)
        self.pair_t = of_split(templates.lines(templates.PAIR), split)
        self.pair_follow = of_split(templates.lines(templates.PAIR_FOLLOW), split) or templates.lines(
            templates.PAIR_FOLLOW
        )
        self.pair_half = of_split(templates.lines(templates.PAIR_HALF), split) or templates.lines(templates.PAIR_HALF)
        self.recall = of_split(templates.lines(templates.RECALL), split) or templates.lines(templates.RECALL)
        self.asks = {
            (e["id"], f): of_split(e["asks"].get(f, []), split) for e in corpus.entries.values() for f in e["answers"]
        }
        self.tables = {}
        names, shares = [], []
        for name, entries in corpus.module_entries.items():
            items, weights = [], []
            for e in entries:
                for facet in e["answers"]:
                    if self._askable(e, facet):
                        items.append((e, facet))
                        weights.append(e.get("weight", 1.0) * self._facet_weight(e, facet))
            for p in corpus.module_pairs[name]:
                if not p.get("known") or not (self._named(p) or of_split(p.get("asks", []), split)):
                    continue
                items.append((p, "pair"))
                weights.append(1.6 * p.get("weight", 1.0))
            for d in corpus.dialogues[name]:
                if held_out(d[0][0]) == (split == "dev"):
                    items.append((d, "dialogue"))
                    weights.append(0.5)
            if items:
                self.tables[name] = (items, weights)
                names.append(name)
                shares.append(WEIGHTS.get(name, 0.12 * sum(weights)))
        for name in corpus.procedures:
            names.append(name)
            shares.append(WEIGHTS.get(name, PROCEDURAL_DEFAULT))
        self.names, self.shares = names, shares

    def _facet_weight(self, entry: dict, facet: str) -> float:
        asks = len(entry["asks"].get(facet, []))
        weight = FACET_WEIGHT.get(facet, 1.0)
        return weight * (0.35 + min(asks, 24) / 14)

    def _named(self, pair: dict) -> bool:
        return bool(self.c.entries[pair["a"]]["names"] and self.c.entries[pair["b"]]["names"])

    def _askable(self, entry: dict, facet: str) -> bool:
        if self.asks[entry["id"], facet]:
            return True
        return bool(entry["names"] and self.facets.get(facet))

    # ---- wordings

    def fill(self, template: str, entry: dict) -> str | None:
        """The template with the names of the entry, or None where one is lacking."""
        name = self.rng.choice(entry["names"][:1] * 2 + entry["names"])
        article = entry["article"]
        if article in ("a", "an") and name != entry["names"][0]:
            article = templates.article_of(name)
        values = {"n": name, "a": f"{article} {name}".strip()}
        if entry["plural"]:
            values["pl"] = self.rng.choice(entry["plural"][:1] * 2 + entry["plural"])
        if "a {n}" in template:
            if entry["article"] not in ("a", "an"):
                return None
            template = template.replace("a {n}", "{a}")
        try:
            return template.format(**values)
        except KeyError:
            return None

    def fill_any(self, options: list[str], entry: dict) -> str | None:
        """Some template of the list, filled."""
        for _ in range(30):
            text = self.fill(self.rng.choice(options), entry)
            if text:
                return text
        return None

    def fill_pair(self, template: str, a: dict, b: dict) -> str | None:
        """The template with the names of two entries."""
        one, two = self.fill("{a}|{n}", a).split("|"), self.fill("{a}|{n}", b).split("|")
        values = {"a": one[0], "an": one[1], "b": two[0], "bn": two[1]}
        if a["plural"]:
            values["apl"] = self.rng.choice(a["plural"])
        if b["plural"]:
            values["bpl"] = self.rng.choice(b["plural"])
        try:
            return template.format(**values)
        except KeyError:
            return None

    def answer(self, entry: dict, facet: str) -> str:
        """One answer; the first wording is the usual one."""
        options = entry["answers"][facet]
        return options[0] if self.rng.random() < 0.7 else self.rng.choice(options)

    def question(self, entry: dict, facet: str) -> str:
        """A first question for a facet, plain."""
        asks = self.asks[entry["id"], facet]
        general = self.facets.get(facet, []) if entry["names"] else []
        share = len(asks) / (len(asks) + 9) if general else 1.0
        if self.split == "dev":
            share = max(share, 0.6)
        if asks and self.rng.random() < share:
            ask = self.rng.choice(asks)
            bare = len(ask.split()) > 2 and not augment.is_question(ask) and ask.split()[0] not in IMPERATIVES
            if facet == "what" and entry["names"] and bare and ask[-1].isalnum() and self.rng.random() < 0.45:
                ask = self.rng.choice(TAILS).format(ask)
            return ask
        text = self.fill_any(general, entry) if general else None
        return text or self.rng.choice(asks or entry["asks"].get(facet) or [f"what is {entry['id']}"])

    def dress(self, text: str, entry: dict | None = None, later: bool = False) -> str:
        """The question as typed."""
        return augment.dress(text, self.rng, entry["protect"] if entry else frozenset(), later)

    # ---- turns

    def fresh(self, state: dict, later: bool = False) -> list[tuple[str, str]]:
        """A question on a new subject; procedures and dialogues give several turns at once."""
        name = self.rng.choices(self.names, self.shares)[0]
        if name in self.c.procedures:
            state.clear()
            return self.procedure(self.c.procedures[name])
        items, weights = self.tables[name]
        item, kind = self.rng.choices(items, weights)[0]
        if kind == "dialogue":
            state.clear()
            return [(augment.dress(q, self.rng, frozenset(), i > 0, 0.5), a) for i, (q, a) in enumerate(item)]
        if kind == "pair":
            return [self.pair_turn(item, state, later)]
        if kind == "what" and item["siblings"] and self.rng.random() < JOINED_SHARE:
            other = self.c.entries[self.rng.choice(item["siblings"])]
            said = joined(item, other)
            if said and (item["id"], other["id"]) not in self.c.pair_of:
                return [self.pair_turn({"a": item["id"], "b": other["id"], "answers": [said]}, state, later)]
        return [self.entry_turn(item, kind, state, later)]

    def procedure(self, module: object) -> list[tuple[str, str]]:
        """A conversation of a procedural module, in wordings of this split where the module knows the splits."""
        return list(
            module.generate(self.rng, self.split) if getattr(module, "SPLITS", False) else module.generate(self.rng)
        )

    def entry_turn(self, entry: dict, facet: str, state: dict, later: bool = False) -> tuple[str, str]:
        """One question on a facet of an entry."""
        turn = (self.dress(self.question(entry, facet), entry, later), self.answer(entry, facet))
        self.remember(state, entry, facet, turn[1])
        return turn

    def remember(self, state: dict, entry: dict, facet: str, said: str) -> None:
        """Notes the subject of the turn just made."""
        if state.get("entry") is not entry:
            state["before"] = state.get("entry")
            state["told"] = set()
        state.update(entry=entry, facet=facet, said=said, compared=False)
        state["told"].add(facet)

    def pair_turn(self, pair: dict, state: dict, later: bool = False) -> tuple[str, str]:
        """One question for a difference."""
        a, b = self.c.entries[pair["a"]], self.c.entries[pair["b"]]
        asks = of_split(pair.get("asks", []), self.split)
        text = None
        general = self.pair_t if a["names"] and b["names"] else []
        if asks and (not general or self.rng.random() < len(asks) / (len(asks) + 9)):
            text = self.rng.choice(asks)
        for _ in range(30):
            if text or not general:
                break
            one, two = (a, b) if self.rng.random() < 0.6 else (b, a)
            text = self.fill_pair(self.rng.choice(general), one, two)
        text = text or f"what is the difference between {a['names'][0]} and {b['names'][0]}"
        said = self.rng.choice(pair["answers"])
        state.clear()
        state.update(entry=b, before=a, facet="pair", said=said, told={"what"}, compared=True)
        return augment.dress(text, self.rng, a["protect"] | b["protect"], later), said

    def moves(self, state: dict) -> list[tuple[str, float]]:
        """What may come next, with weights."""
        moves = [("fresh", 2.2)]
        entry, before = state.get("entry"), state.get("before")
        if not entry:
            return moves
        moves += [("again", 0.12), ("thanks", 0.3)]
        if entry["names"]:
            moves += [("recall", 0.2), ("simple", 0.4)]
        if before and not state["compared"] and (before["id"], entry["id"]) in self.c.pair_of:
            moves += [("differ", 8.0)]
        elif before and not state["compared"] and joined(before, entry):
            moves += [("differ", 1.5)]
        elif entry["partners"] and not state["compared"]:
            moves += [("half", 0.7)]
        if state["facet"] != "pair":
            if entry["names"]:
                moves += [("another", 4.0)]
            left = [
                f for f in entry["answers"] if f not in state["told"] and (f in self.follow or entry["follow"].get(f))
            ]
            moves += [("facet", min(len(left), 3) * 1.3)] if left else []
            moves += [("more", 0.5)] if entry["names"] else []
        else:
            moves += [("facet", 0.6)] if any(f in self.follow for f in entry["answers"]) else []
        return moves

    def later(self, state: dict) -> list[tuple[str, str]]:
        """One more turn of a conversation, or several."""
        moves = self.moves(state)
        move = self.rng.choices([m for m, _ in moves], [w for _, w in moves])[0]
        entry = state.get("entry")
        if move == "fresh":
            return self.fresh(state, later=True)
        if move == "another":
            return self.turn_another(state)
        if move == "differ":
            pair = self.c.pair_of.get((state["before"]["id"], entry["id"]))
            said = self.rng.choice(pair["answers"]) if pair else joined(state["before"], entry)
            state.update(said=said, compared=True, facet="pair")
            return [(self.dress(self.rng.choice(self.pair_follow), None, True), said)]
        if move == "half":
            other = self.c.entries[self.rng.choice(entry["partners"])]
            pair = self.c.pair_of[entry["id"], other["id"]]
            named = other["names"] and entry["names"]
            text = self.fill_pair(self.rng.choice(self.pair_half), entry, other) if named else None
            if not text:
                return self.fresh(state, later=True)
            said = self.rng.choice(pair["answers"])
            state.update(before=entry, entry=other, said=said, compared=True, facet="pair", told={"what"})
            return [(self.dress(text, other, True), said)]
        if move == "facet":
            return self.turn_facet(state)
        if move == "again":
            return [(self.dress(self.rng.choice(self.follow["again"]), None, True), state["said"])]
        if move == "thanks":
            return [(self.dress(self.rng.choice(THANK)), THANKS)]
        if move == "recall":
            name = self.fill("{a}", entry)
            if state["facet"] == "pair" and state["before"]["names"]:
                name = f"{self.fill('{a}', state['before'])} and {name}"
            return [(self.dress(self.rng.choice(self.recall)), f"You asked about {name}.")]
        if move == "simple":
            facet = "simple" if "simple" in entry["answers"] and state["facet"] == "what" else state["facet"]
            said = entry["answers"].get(facet, [state["said"]])[0]
            state["said"] = said
            return [(self.dress(self.rng.choice(self.follow["simple"]), None, True), said)]
        facet = next((f for f in MORE_ORDER if f in entry["answers"] and f not in state["told"]), "what")
        if facet not in entry["answers"]:
            facet = next(iter(entry["answers"]))
        said = entry["answers"][facet][0]
        self.remember(state, entry, facet, said)
        return [(self.dress(self.rng.choice(self.follow["more"]), None, True), said)]

    def turn_another(self, state: dict) -> list[tuple[str, str]]:
        """And X? The facet of the turn before, for another subject, mostly a sibling."""
        entry, facet = state["entry"], state["facet"]
        r = self.rng.random()
        if r < 0.3 and entry["partners"]:
            pool = [self.c.entries[i] for i in entry["partners"]]
        elif r < 0.7 and (entry["siblings"] or entry["partners"]):
            pool = [self.c.entries[i] for i in entry["siblings"] + entry["partners"]]
        elif r < 0.92:
            pool = self.c.module_entries[self.c.module_of[entry["id"]]]
        else:
            pool = list(self.c.entries.values())
        pool = [e for e in pool if e["names"] and e is not entry]
        same = [e for e in pool if facet in e["answers"]]
        if not same:
            if facet != "what" and self.rng.random() < 0.7:
                return self.turn_facet(state)
            same = [e for e in pool if "what" in e["answers"]]
        if not same:
            return self.fresh(state, later=True)
        other = self.rng.choice(same)
        facet = facet if facet in other["answers"] else "what"
        text = self.fill_any(self.another, other)
        said = self.answer(other, facet)
        self.remember(state, other, facet, said)
        return [(self.dress(text, other), said)]

    def turn_facet(self, state: dict) -> list[tuple[str, str]]:
        """Why? An example? Another facet of the same subject, which the question does not name."""
        entry = state["entry"]
        left = [f for f in entry["answers"] if f not in state["told"] and (f in self.follow or entry["follow"].get(f))]
        if not left:
            return self.fresh(state, later=True)
        facet = self.rng.choice(left)
        if facet in ("cause", "bad") and "why" in entry["answers"]:
            general = [t for t in self.follow[facet] if t not in ("why", "why is that")]
        else:
            general = self.follow.get(facet, [])
        own = of_split(entry["follow"].get(facet, []), self.split) or entry["follow"].get(facet, [])
        text = self.rng.choice(own) if own and (not general or self.rng.random() < 0.4) else self.rng.choice(general)
        said = self.answer(entry, facet)
        self.remember(state, entry, facet, said)
        return [(self.dress(text, entry, True), said)]

    def conversation(self) -> list[tuple[str, str]]:
        """One conversation."""
        state: dict = {}
        want = self.rng.choices([n for n, _ in TURNS], [w for _, w in TURNS])[0]
        turns: list[tuple[str, str]] = []
        hello = self.c.entries.get("hello") or self.c.entries.get("greeting")
        if hello and want > 1 and self.rng.random() < 0.06:
            facet = next(iter(hello["answers"]))
            turns.append((self.dress(self.question(hello, facet)), self.answer(hello, facet)))
        turns += self.fresh(state, later=bool(turns))
        while len(turns) < want:
            turns += self.later(state)
        return turns[: TURNS[-1][0]]


def conversations(seed: int, split: str = "train") -> Iterator[list[tuple[str, str]]]:
    """An endless stream of conversations of a split, the same for the same seed."""
    if split not in ("train", "dev"):
        raise ValueError(f"no such split: {split}")
    composer = Composer(Corpus(), split, random.Random(f"{seed} {split}"))
    while True:
        yield composer.conversation()


def print_stats() -> None:
    """Counts per module, the mix of a sample, and what looks wrong."""
    corpus = Corpus()
    print(f"{'module':28}{'entries':>8}{'facets':>8}{'asks':>8}{'pairs':>7}{'dialogues':>11}")
    total = [0] * 5
    for name, entries in corpus.module_entries.items():
        row = [
            len(entries),
            sum(len(e["answers"]) for e in entries),
            sum(len(a) for e in entries for a in e["asks"].values())
            + sum(len(p.get("asks", [])) for p in corpus.module_pairs[name]),
            len(corpus.module_pairs[name]),
            len(corpus.dialogues[name]),
        ]
        total = [a + b for a, b in zip(total, row, strict=True)]
        print(f"{name:28}{row[0]:8}{row[1]:8}{row[2]:8}{row[3]:7}{row[4]:11}")
    print(f"{'all':28}{total[0]:8}{total[1]:8}{total[2]:8}{total[3]:7}{total[4]:11}")
    print("procedures:", ", ".join(corpus.procedures) or "none")
    for facet, text in templates.FACETS.items():
        wordings = templates.lines(text)
        print(f"templates {facet}: {len(wordings)}, {len(of_split(wordings, 'dev'))} for dev", end="; ")
    print()
    composer = Composer(corpus, "train", random.Random(1))
    whole = sum(composer.shares)
    print(
        "fresh questions by module:",
        {n: f"{s / whole:.1%}" for n, s in zip(composer.names, composer.shares, strict=True)},
    )
    stream = conversations(1)
    sample = [next(stream) for _ in range(20000)]
    turns = [len(s) for s in sample]
    print("conversations by turns:", {n: f"{turns.count(n) / len(turns):.1%}" for n in sorted(set(turns))})
    words = sum(len(q.split()) + len(a.split()) for s in sample for q, a in s)
    print(
        f"words per conversation: {words / len(sample):.1f}; distinct questions in 20000 conversations:",
        len({q for s in sample for q, _ in s}),
        "of",
        sum(turns),
    )
    answers = {a for e in corpus.entries.values() for f in e["answers"].values() for a in f}
    answers |= {a for p in corpus.pairs for a in p["answers"]}
    strange = sorted({c for a in answers for c in a if ord(c) > 126})
    print(f"distinct written answers: {len(answers)}; characters outside ASCII: {strange}")
    for text in sorted(answers, key=len, reverse=True)[:400]:
        if len(text.split()) > 40:
            print(f"  long ({len(text.split())} words): {text}")
    seen: dict[str, str] = {}
    for e in corpus.entries.values():
        for facet, asks in e["asks"].items():
            for ask in asks:
                key = re.sub(r"[^a-z0-9$|<>/&*+-]+", " ", ask.lower()).strip()
                here = f"{e['id']}/{facet}"
                if seen.get(key, here) != here:
                    print(f"  asked twice: {ask!r} by {seen[key]} and {here}")
                seen[key] = here
    owner: dict[str, str] = {}
    for e in corpus.entries.values():
        for name in {n.lower() for n in e["names"] + e["plural"]}:
            if owner.get(name, e["id"]) != e["id"]:
                print(f"  the name {name!r} belongs to {owner[name]} and {e['id']}")
            owner[name] = e["id"]
    for complaint in corpus.complaints:
        print(" ", complaint)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="print N conversations")
    parser.add_argument("--stats", action="store_true", help="print counts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", default="train", choices=["train", "dev"])
    args = parser.parse_args()
    if args.stats:
        print_stats()
    stream = conversations(args.seed, args.split)
    for _ in range(args.sample):
        for question, said in next(stream):
            print(f"> {question}\n{said}")
        print()


if __name__ == "__main__":
    main()
