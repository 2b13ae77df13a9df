"""Two processes that train one network: shared weights, a common heap of small batches, one update.

    rank 0 (train.py)            rank 1 .. n-1
    plan the step    --barrier--  read the plan
    take small batches until the heap is empty, each adding to a gradient of its own
                     --barrier--
    update its share of the matrices from the summed gradients (rank 0: embedding and norms too)
                     --barrier--

Serves train.py. Each process has one thread. On a busy machine this is much faster than one process with two: they
wait for each other three times a step instead of at every operation, and whoever is slowed down takes fewer batches.
"""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any

import torch
from data import Rows
from encoding import WordTokenizer
from muon import muon_step
from network import Network, Shape
from torch import Tensor

PATIENCE = 900.0  # seconds at a barrier before a dead partner is assumed
NAMES = ("weights", "momentum", "averaged", "adam_first", "adam_second")


@dataclass(frozen=True, slots=True)
class Plan:
    """What one step does; passed through shared memory as seven numbers."""

    batches: int  # small batches in the step
    rows: int
    length: int
    muon_rate: float
    adam_rate: float
    average: float  # weight of the new weights in the running average
    step: int  # counted from 1, for Adam's bias correction; 0 ends the team


class Shared:
    """Everything the ranks share. Flat float32 vectors in the order of the network's parameters."""

    def __init__(self, context: SpawnContext, size: int, ranks: int) -> None:
        self.vectors = {name: torch.zeros(size).share_memory_() for name in NAMES}
        self.gradients = torch.zeros(ranks, size).share_memory_()
        self.plan = torch.zeros(7, dtype=torch.float64).share_memory_()
        self.losses = torch.zeros(ranks, 2).share_memory_()  # sum of losses, conversations seen
        self.taken = context.Value("i", 0)
        self.barrier = context.Barrier(ranks)
        self.ranks = ranks


class Rank:
    """One process's part."""

    def __init__(self, number: int, shared: Shared, shape: Shape, tokenizer: Path, seed: int, compiled: bool) -> None:
        torch.set_num_threads(1)
        self.number, self.shared = number, shared
        self.network = Network(shape)
        self.rows = Rows(WordTokenizer(tokenizer), seed * 10 + number, "train")
        self.views: dict[str, dict[str, Tensor]] = {}
        flat = {**shared.vectors, "gradient": shared.gradients[number], "sum": shared.gradients[0]}
        for kind, vector in flat.items():
            at, self.views[kind] = 0, {}
            for name, value in self.network.named_parameters():
                self.views[kind][name] = vector[at : at + value.numel()].view(value.shape)
                at += value.numel()
        if number == 0 and not shared.vectors["weights"].any():  # a new run: the initial weights
            for name, value in self.network.named_parameters():
                for kind in ("weights", "averaged"):
                    self.views[kind][name].copy_(value.detach())
        for name, value in self.network.named_parameters():
            value.data = self.views["weights"][name]
            value.grad = self.views["gradient"][name]
        everything = dict(self.network.named_parameters())
        names = [name for name, value in everything.items() if name.startswith("layers.") and value.ndim == 2]
        self.matrices = names[number :: shared.ranks] if shared.ranks > 1 else names
        self.others = [name for name in everything if name not in names] if number == 0 else []
        self.loss = torch.compile(self.network.loss, dynamic=False) if compiled else self.network.loss

    def wait(self) -> None:
        """Meet the others; BrokenBarrierError when one does not come."""
        self.shared.barrier.wait(PATIENCE)

    def step(self, plan: Plan) -> None:
        """This rank's part of one step, between the first barrier and the last."""
        shared = self.shared
        shared.gradients[self.number].zero_()
        shared.losses[self.number, 0] = 0
        while True:
            with shared.taken.get_lock():
                if shared.taken.value >= plan.batches:
                    break
                shared.taken.value += 1
            ids, targets, chosen, _ = self.rows.batch(plan.rows, plan.length)
            loss = self.loss(ids, targets, chosen) / plan.batches
            loss.backward()
            shared.losses[self.number, 0] += loss.detach()
        shared.losses[self.number, 1] = self.rows.seen
        self.wait()
        self.update(plan)
        self.wait()

    @torch.no_grad()
    def update(self, plan: Plan) -> None:
        """Update the matrices (Muon) and vectors (Adam) that are this rank's to update."""
        view = self.views
        for name in self.matrices + self.others:
            summed = view["sum"][name]  # rank 0's gradient, the others' added to it
            at = summed.storage_offset()
            for rank in range(1, self.shared.ranks):
                other = self.shared.gradients[rank].view(-1)[at : at + summed.numel()]
                summed.add_(other.view(summed.shape))
        parts = [(view["weights"][n], view["sum"][n], view["momentum"][n]) for n in self.matrices]
        muon_step(parts, plan.muon_rate)
        for name in self.others:
            self._adam(name, plan)
        for name in self.matrices + self.others:
            view["averaged"][name].lerp_(view["weights"][name], plan.average)

    def _adam(self, name: str, plan: Plan, betas: tuple[float, float] = (0.9, 0.97)) -> None:
        gradient = self.views["sum"][name]
        gradient = gradient * (1 / gradient.norm().clamp(min=1.0))
        first, second = self.views["adam_first"][name], self.views["adam_second"][name]
        first.lerp_(gradient, 1 - betas[0])
        second.lerp_(gradient.square(), 1 - betas[1])
        size = (second / (1 - betas[1] ** plan.step)).sqrt_().add_(1e-10)
        self.views["weights"][name].addcdiv_(first, size, value=-plan.adam_rate / (1 - betas[0] ** plan.step))


def follow(number: int, shared: Shared, shape: dict[str, Any], tokenizer: Path, seed: int, compiled: bool) -> None:
    """The life of a rank other than 0: do what the plan says until it says stop."""
    rank = Rank(number, shared, Shape(**shape), tokenizer, seed, compiled)
    while True:
        rank.wait()
        numbers = shared.plan.tolist()
        plan = Plan(*(int(n) for n in numbers[:3]), *numbers[3:6], int(numbers[6]))
        if plan.step == 0:
            return
        rank.step(plan)


class Team:
    """Rank 0 with its followers."""

    def __init__(self, shape: Shape, tokenizer: Path, seed: int, ranks: int, compiled: bool) -> None:
        context = multiprocessing.get_context("spawn")
        with torch.random.fork_rng():
            size = sum(value.numel() for value in Network(shape).parameters())
        self.shared = Shared(context, size, ranks)
        self.shape, self.tokenizer, self.seed, self.compiled = shape, tokenizer, seed, compiled
        self.context = context
        self.followers: list[Any] = []

    def start(self) -> None:
        """Start the followers; weights must be loaded by then, or they are drawn."""
        self.lead = Rank(0, self.shared, self.shape, self.tokenizer, self.seed, self.compiled)
        for number in range(1, self.shared.ranks):
            arguments = (number, self.shared, self.shape.as_dict(), self.tokenizer, self.seed, self.compiled)
            follower = self.context.Process(target=follow, args=arguments, daemon=True)
            follower.start()
            self.followers.append(follower)

    def step(self, plan: Plan) -> float:
        """One step of everybody; returns its loss."""
        self._announce(plan)
        self.lead.step(plan)
        return float(self.shared.losses[:, 0].sum())

    def stop(self) -> None:
        """End the followers."""
        self._announce(Plan(0, 0, 0, 0, 0, 0, 0))
        for follower in self.followers:
            follower.join()

    def _announce(self, plan: Plan) -> None:
        numbers = (plan.batches, plan.rows, plan.length, plan.muon_rate, plan.adam_rate, plan.average, plan.step)
        self.shared.plan.copy_(torch.tensor(numbers, dtype=torch.float64))
        self.shared.taken.value = 0
        self.lead.wait()
