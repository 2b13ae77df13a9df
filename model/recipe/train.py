"""Train the shipped chat model from scratch on the corpus, on CPU, resumable.

    python model/recipe/train.py --out RUN --minutes 65

For whoever repeats the model. Writes RUN/state.pt (all that is needed to go on; the same command resumes) and
RUN/log.jsonl (one line per report). SIGTERM saves and ends. The learning rate follows the *time* spent, so that a busy
machine costs tokens, not the decay: warm-up, constant, then linear to zero; some batches of the last quarter are long
contexts. Matrices are trained with Muon, embedding and norms with Adam. What is exported is a running average of the
weights.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import torch
from data import Rows
from encoding import WordTokenizer
from network import Network, Shape
from team import NAMES, Plan, Team
from torch import Tensor

ROOT = Path(__file__).resolve().parents[2]
WARMUP = 0.02  # share of the time spent warming up
DECAY = 0.72  # share of the time spent decaying
SHORT, LONG = (4, 3, 256), (2, 1, 1536)  # (small batches, rows, length): 3,072 ids a step either way
LONG_FROM, LONG_EVERY = 0.75, 4  # from this share of the time on, every so many steps is a long one
MUON_RATE, ADAM_RATE = 0.02, 0.003
REPORT_EVERY = 60.0  # seconds


def rate_at(share: float) -> float:
    """Factor of the learning rate after this share of the time."""
    if share < WARMUP:
        return max(share / WARMUP, 0.02)
    return min(1.0, max(0.0, (1 - share) / DECAY))


def plan_at(share: float, step: int) -> Plan:
    """What step number `step` (from 1) does after this share of the time."""
    batches, rows, length = LONG if share >= LONG_FROM and step % LONG_EVERY == 0 else SHORT
    memory = min(step, 100 if share > 1 - DECAY else 20)  # steps the running average remembers
    factor = rate_at(share)
    return Plan(batches, rows, length, MUON_RATE * factor, ADAM_RATE * factor, 1 / memory, step)


@torch.no_grad()
def dev_loss(network: Network, batches: list[tuple[Tensor, ...]]) -> tuple[float, float]:
    """Mean cross entropy of the answers' ids over fixed dev batches, and the share of them predicted exactly."""
    total = right = count = 0.0
    for ids, targets, _, spoken in batches:
        logits = network(ids).flatten(0, 1)[spoken]
        wanted = targets.flatten()[spoken]
        total += float(torch.nn.functional.cross_entropy(logits, wanted, reduction="sum"))
        right += float((logits.argmax(-1) == wanted).sum())
        count += len(wanted)
    return total / count, right / count


def save(path: Path, team: Team, done: dict[str, Any]) -> None:
    """Write the training state whole or not at all."""
    state: dict[str, Any] = {"shape": team.shape.as_dict(), "done": done, "vectors": team.shared.vectors}
    state["averaged"] = team.lead.views["averaged"]
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    os.replace(temporary, path)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=65.0)
    parser.add_argument("--until", type=float, help="unix time to end at, instead of --minutes")
    parser.add_argument("--tokenizer", type=Path, default=ROOT / "tokenizer" / "tokenizer.bin")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ranks", type=int, default=2, help="processes")
    parser.add_argument("--save-every", type=float, default=150.0, help="seconds")
    parser.add_argument("--eager", action="store_true", help="no torch.compile")
    for name, value in Shape().as_dict().items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=value)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    shape = Shape(**{name: getattr(args, name) for name in Shape().as_dict()})
    done = {"step": 0, "tokens": 0, "spent": 0.0, "started": 0}
    state_path = args.out / "state.pt"
    state = torch.load(state_path, weights_only=True) if state_path.exists() else None
    if state is not None:
        done = {**state["done"], "started": state["done"]["started"] + 1}
    team = Team(shape, args.tokenizer, args.seed * 1000 + done["started"], args.ranks, not args.eager)
    if state is not None:
        for name in NAMES:
            team.shared.vectors[name].copy_(state["vectors"][name])
    team.start()
    run(team, done, args.out, args.minutes * 60 if not args.until else done["spent"] + args.until - time.time(), args)


def run(team: Team, done: dict[str, Any], out: Path, total: float, args: argparse.Namespace) -> None:
    """Steps until `total` seconds have been spent, with reports and saved states."""
    dev_rows = Rows(WordTokenizer(args.tokenizer), 7, "dev")
    dev = [dev_rows.batch(16, 256) for _ in range(2)]
    judge = Network(team.shape)
    for name, value in judge.named_parameters():
        value.data = team.lead.views["averaged"][name]
    count = sum(value.numel() for value in judge.parameters())
    print(f"{count} parameters, {total - done['spent']:.0f} s to go", flush=True)
    running, window, tokens_then = 0.0, 0, done["tokens"]
    last = saved = reported = time.monotonic()
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopping.append(number))
    while done["spent"] < total and not stopping:
        done["step"] += 1
        plan = plan_at(done["spent"] / total, done["step"])
        running += team.step(plan)
        window += 1
        done["tokens"] += plan.batches * plan.rows * plan.length
        now = time.monotonic()
        done["spent"] += now - last
        last = now
        if now - reported > REPORT_EVERY or done["spent"] >= total:
            error, right = dev_loss(judge, dev)
            line = {
                "step": done["step"],
                "tokens": done["tokens"],
                "conversations": int(team.shared.losses[:, 1].sum()),
                "seconds": round(done["spent"], 1),
                "tokens_per_s": round((done["tokens"] - tokens_then) / (now - reported)),
                "loss": round(running / window, 4),
                "dev_loss": round(error, 4),
                "dev_right": round(right, 4),
                "rate": round(plan.muon_rate / MUON_RATE, 3),
            }
            with (out / "log.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")
            print(json.dumps(line), flush=True)
            running, window, reported, tokens_then = 0.0, 0, now, done["tokens"]
        if now - saved > args.save_every:
            save(out / "state.pt", team, done)
            saved = now
    save(out / "state.pt", team, done)
    team.stop()


if __name__ == "__main__":
    main()
