"""Muon: momentum whose update is orthogonalised (Jordan et al. 2024). Serves team.py."""

from __future__ import annotations

import torch
from torch import Tensor


def orthogonalise(gradients: Tensor, steps: int = 5) -> Tensor:
    """The nearest semi-orthogonal matrices, roughly: Newton-Schulz with Muon's quintic coefficients.

    `gradients`: (count, rows, columns) with rows <= columns; singular values come out between about 0.7 and 1.2.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = gradients / (gradients.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        square = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x


@torch.no_grad()
def muon_step(
    parts: list[tuple[Tensor, Tensor, Tensor]], rate: float, momentum: float = 0.95, decay: float = 0.02
) -> None:
    """Update matrices in place. `parts`: (matrix, gradient, momentum buffer), all of one shape.

    A matrix with more than twice as many rows as columns is two, one above the other. Matrices of one shape (either way
    round) go through `orthogonalise` together: a few large products instead of many small ones.
    """
    groups: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = {}
    for matrix, gradient, buffer in parts:
        buffer.lerp_(gradient, 1 - momentum)
        mixed = gradient.lerp(buffer, momentum)
        matrix.mul_(1 - rate * decay)
        stacked = 2 if matrix.shape[0] > 2 * matrix.shape[1] else 1
        for target, piece in zip(matrix.chunk(stacked), mixed.chunk(stacked), strict=True):
            groups.setdefault((min(piece.shape), max(piece.shape)), []).append((target, piece))
    for (short, _), members in groups.items():
        wide = torch.stack([piece if piece.shape[0] == short else piece.T for _, piece in members])
        for (target, piece), update in zip(members, orthogonalise(wide), strict=True):
            scale = max(1.0, piece.shape[0] / piece.shape[1]) ** 0.5
            target.add_(update if piece.shape[0] == short else update.T, alpha=-rate * scale)
