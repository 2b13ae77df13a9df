"""Ask a training state in PyTorch, before there is a checkpoint: one conversation, a line of input each turn.

    printf 'What is a process?\\nAnd a thread?\\n' | python model/recipe/ask.py RUN/state.pt

For looking at a run while it trains; `--dev N` asks N conversations of the dev split instead and prints the share of
answers given word for word, with what went wrong.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import sys
from pathlib import Path

import torch
from data import conversations
from encoding import END, Turns, WordTokenizer, chatml_prompt
from network import Network, Shape

ROOT = Path(__file__).resolve().parents[2]


def load(state: Path) -> Network:
    """The averaged weights of a training state as a network."""
    kept = torch.load(state, weights_only=True)
    network = Network(Shape(**kept["shape"]))
    network.load_state_dict(kept["averaged"], strict=False)
    return network.eval()


@torch.no_grad()
def answer(network: Network, ids: list[int], limit: int = 120) -> list[int]:
    """Greedy ids after `ids`, up to and without the end token."""
    said: list[int] = []
    while len(said) < limit:
        best = int(network(torch.tensor([ids + said]))[0, -1].argmax())
        if best == END:
            break
        said.append(best)
    return said


@torch.no_grad()
def right_turns(network: Network, tokenizer: WordTokenizer, turns: Turns) -> list[tuple[bool, str]]:
    """For each turn, after the true turns before it: is the written answer the greedy one; if not, where it strays."""
    ids: list[int] = []
    spans = []
    for number, (question, said) in enumerate(turns):
        ids += chatml_prompt(tokenizer, question, None, number == 0)
        spans.append((len(ids), said))
        ids += [*tokenizer.encode(said), END]
    best = network(torch.tensor([ids]))[0].argmax(-1).tolist()
    found = []
    for start, said in spans:
        wanted = [*tokenizer.encode(said), END]
        got = best[start - 1 : start - 1 + len(wanted)]
        wrong = next((i for i, (a, b) in enumerate(zip(wanted, got, strict=True)) if a != b), None)
        found.append((wrong is None, "" if wrong is None else tokenizer.decode(got[: wrong + 4])))
    return found


def ask_dev(network: Network, tokenizer: WordTokenizer, count: int, show: int, seed: int) -> None:
    """Share of dev answers given word for word (the true turns before them), by turn, and some failures."""
    right: collections.Counter[int] = collections.Counter()
    asked: collections.Counter[int] = collections.Counter()
    for turns in itertools.islice(conversations(seed, "dev"), count):
        for number, (good, got) in enumerate(right_turns(network, tokenizer, turns)):
            right[min(number, 1)] += good
            asked[min(number, 1)] += 1
            if not good and show > 0:
                show -= 1
                before = f"(after: {turns[number - 1][0]!r}) " if number else ""
                print(f"{before}{turns[number][0]!r}\n   wanted {turns[number][1]!r}\n   at     {got!r}")
    for number, name in ((0, "first turns"), (1, "later turns")):
        print(f"{name}: {right[number]} of {asked[number]} = {right[number] / max(asked[number], 1):.3f}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("state", type=Path)
    parser.add_argument("--tokenizer", type=Path, default=ROOT / "tokenizer" / "tokenizer.bin")
    parser.add_argument("--dev", type=int, default=0, metavar="N")
    parser.add_argument("--show", type=int, default=25)
    parser.add_argument("--seed", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    network, tokenizer = load(args.state), WordTokenizer(args.tokenizer)
    if args.dev:
        ask_dev(network, tokenizer, args.dev, args.show, args.seed)
        return
    ids: list[int] = []
    for line in sys.stdin:
        ids += chatml_prompt(tokenizer, line.strip(), None, not ids)
        said = answer(network, ids)
        print(f">>> {line.strip()}\n{tokenizer.decode(said)}", flush=True)
        ids += [*said, END]


if __name__ == "__main__":
    main()
