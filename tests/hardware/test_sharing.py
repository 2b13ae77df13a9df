"""Default threads: affinity, quotas, a cluster's grant, other instances and the workers themselves, in tables."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmproc.hardware.cpus import CpuBudget, CpuLimit, usable_cpus
from llmproc.hardware.sharing import CpuClaim, default_threads, threads_left

FOUR, EIGHT = tuple(range(4)), tuple(range(8))
RAY = {"RAY_JOB_ID": "01000000"}


def budget(cpus: tuple[int, ...], *limits: tuple[float, str]) -> CpuBudget:
    """A budget with limits as (CPUs, group)."""
    found = tuple(CpuLimit(most, group, "a limit") for most, group in limits)
    threads = max(1, int(min([len(cpus), *(most for most, _ in limits)])))
    return CpuBudget(cpus, None, threads, limits=found)


@pytest.mark.parametrize(
    ("environ", "granted"),
    [
        ({}, {}),
        ({"OMP_NUM_THREADS": "1"}, {}),  # set for NumPy's sake: no grant
        (RAY, {}),
        ({**RAY, "OMP_NUM_THREADS": "1"}, {"Ray (OMP_NUM_THREADS)": 1}),
        ({"RAY_RAYLET_PID": "7", "OMP_NUM_THREADS": "3,2"}, {"Ray (OMP_NUM_THREADS)": 3}),
        ({**RAY, "OMP_NUM_THREADS": "0"}, {}),
        ({**RAY, "OMP_NUM_THREADS": "all"}, {}),
        ({**RAY, "OMP_NUM_THREADS": "-1"}, {}),
        ({**RAY, "OMP_NUM_THREADS": "²"}, {}),
        ({"SLURM_CPUS_PER_TASK": "2", "SLURM_JOB_ID": "9"}, {"Slurm (SLURM_CPUS_PER_TASK)": 2}),
        ({"SLURM_JOB_ID": "9"}, {}),
    ],
)
def test_what_a_cluster_grants(environ: dict[str, str], granted: dict[str, int]) -> None:
    found = usable_cpus("/nowhere", FOUR, environ)
    assert {limit.source: limit.cpus for limit in found.limits} == granted
    assert found.threads == min([4, *granted.values()]) and found.quota is None


def test_a_grant_beyond_the_affinity_is_not_there() -> None:
    assert usable_cpus("/nowhere", (3,), {**RAY, "OMP_NUM_THREADS": "16"}).threads == 1


def test_tasks_of_a_cluster_are_told_apart() -> None:
    (ray,) = usable_cpus("/nowhere", FOUR, {**RAY, "OMP_NUM_THREADS": "2"}).limits
    assert str(os.getpid()) in ray.group
    groups = {
        usable_cpus("/nowhere", FOUR, {"SLURM_CPUS_PER_TASK": "2", "SLURM_JOB_ID": "9", "SLURM_PROCID": task})
        .limits[0]
        .group
        for task in ("0", "1")
    }
    assert len(groups) == 2


@pytest.mark.parametrize(
    ("own", "claims", "left"),
    [
        (budget(FOUR), [], 4),
        (budget(FOUR), [CpuClaim(3, FOUR)], 1),
        (budget(FOUR), [CpuClaim(4, FOUR)], 0),
        (budget(FOUR), [CpuClaim(9, FOUR)], 0),
        (budget(FOUR), [CpuClaim(1, FOUR), CpuClaim(1, FOUR)], 2),
        (budget(FOUR), [CpuClaim(4, (4, 5, 6, 7))], 4),  # elsewhere
        (budget(FOUR), [CpuClaim(4, EIGHT)], 2),  # half of it is here
        (budget(FOUR), [CpuClaim(1, (0, 1, 8))] * 3, 2),  # two thirds of each
        (budget(FOUR), [CpuClaim(0, FOUR), CpuClaim(4, ())], 4),  # it has not said yet
        (budget(FOUR, (2.5, "/a")), [], 2),
        (budget(FOUR, (2.5, "/a")), [CpuClaim(1, FOUR, ("/a",))], 1),
        (budget(FOUR, (2.5, "/a")), [CpuClaim(1, FOUR, ("/b",))], 2),  # on the same CPUs, of another quota
        (budget(FOUR, (2.0, "/a"), (3.0, "/")), [CpuClaim(2, FOUR, ("/b", "/"))], 1),
        (budget(FOUR, (1.0, "ray 7")), [CpuClaim(1, FOUR, ("ray 8",))], 1),  # two actors: each has its own grant
        (budget(FOUR, (2.0, "ray 7")), [CpuClaim(2, FOUR, ("ray 7",))], 0),  # two models in one actor
        (budget(FOUR, (0.5, "/a")), [], 0),
    ],
)
def test_what_is_left(own: CpuBudget, claims: list[CpuClaim], left: int) -> None:
    assert threads_left(own, claims) == left
    assert default_threads(1, own, claims) == max(1, left)


@pytest.mark.parametrize(("workers", "each"), [(1, 4), (2, 2), (3, 1), (4, 1), (9, 1)])
def test_workers_share_what_is_left(workers: int, each: int) -> None:
    assert default_threads(workers, budget(FOUR)) == each


@given(
    st.sets(st.integers(0, 9), min_size=1),
    st.lists(st.tuples(st.floats(0.1, 12), st.sampled_from(["/", "/a", "/b"])), max_size=3),
    st.lists(st.integers(1, 5), min_size=1, max_size=6),
)
def test_instances_one_after_the_other_do_not_exceed_what_is_granted(
    cpus: set[int], limits: list[tuple[float, str]], instances: list[int]
) -> None:
    """Each takes one thread per worker, or what is left: what is more than that is never more than there is."""
    own = budget(tuple(cpus), *limits)
    groups = tuple(limit.group for limit in own.limits)
    claims: list[CpuClaim] = []
    for workers in instances:
        before = sum(claim.threads for claim in claims)
        threads = default_threads(workers, own, claims)
        assert threads >= 1
        assert threads == 1 or before + threads * workers <= own.threads
        claims.append(CpuClaim(threads * workers, own.allowed, groups))


@given(st.integers(1, 64), st.integers(1, 64))
def test_the_sum_of_defaults_is_granted_or_all_are_one(cpus: int, workers: int) -> None:
    threads = default_threads(workers, budget(tuple(range(cpus))))
    assert threads * workers <= cpus or threads == 1
