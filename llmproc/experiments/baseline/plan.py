"""The arms of the baseline: one for each pair of lengths, or a single one for the prompts as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import product

from llmproc.errors import UsageError
from llmproc.experiments.frame.options import FrameOptions
from llmproc.experiments.frame.plan import ExperimentArm, ExperimentPlan
from llmproc.experiments.frame.service_rounds import ServiceSetting, conversation_of, service_rounds
from llmproc.session.model_files import ModelFiles, read_model_files

ABOUT = (
    "Each round starts a template and a worker of its own and asks the prompts one after another. latency: from the "
    "submission to the last token; TTFT: to the first token; ITL: between two tokens; TPOT: mean ITL of a request. "
    "PSS counts shared pages once, so that it may be added up. KV: of keys and values that a request held at most."
)
_PIECES = (" again", " so", "a", ".")  # of which prompts are made


def baseline_plan(
    common: FrameOptions, prompt_lengths: Sequence[int] | None, output_lengths: Sequence[int] | None
) -> ExperimentPlan:
    """Return the plan. UsageError for lengths that do not fit into the context; raises as `read_model_files`."""
    files = read_model_files(common.model, common.tokenizer)
    texts = {length: made_prompt(files, common, length) for length in prompt_lengths or ()}
    arms = [_arm(p, o) for p, o in product(prompt_lengths or (None,), output_lengths or (None,))]
    for arm in arms:
        needed = (arm.settings["prompt_tokens"] or 0) + (arm.settings["output_tokens"] or 0)
        if needed > files.context(common.engine):
            raise UsageError(f"{arm.name} needs {needed} positions: {common.model} has {files.context(common.engine)}")
    return ExperimentPlan(
        arms=arms,
        options={"prompt_lengths": list(prompt_lengths or ()), "output_lengths": list(output_lengths or ())},
        open=partial(service_rounds, common, lambda arm, repetition: _setting(common, arm, texts)),
        about=ABOUT,
    )


def _arm(prompt: int | None, output: int | None) -> ExperimentArm:
    words = [f"{prompt} prompt tokens" if prompt else "", f"{output} output tokens" if output else ""]
    name = ", ".join(word for word in words if word) or "the prompts"
    return ExperimentArm(name, {"prompt_tokens": prompt, "output_tokens": output}, asks=name)


def _setting(common: FrameOptions, arm: ExperimentArm, texts: dict[int, str]) -> ServiceSetting:
    prompt, output = arm.settings["prompt_tokens"], arm.settings["output_tokens"]
    sampling = common.sampling
    if output is not None:
        sampling = replace(sampling, max_tokens=output, min_tokens=0, ignore_eos=True)
    return ServiceSetting(common.engine, prompts=None if prompt is None else (texts[prompt],), sampling=sampling)


def made_prompt(files: ModelFiles, common: FrameOptions, length: int) -> str:
    """Return a text that is `length` tokens with the chat template around it. UsageError if none can be."""
    conversation = conversation_of(files, common.engine, common.sampling, common.system)
    if length > files.context(common.engine):
        raise UsageError(f"--prompt-lengths is {length}: {common.model} has {files.context(common.engine)} positions")

    def tokens(text: str) -> int:
        return len(conversation.prepare(text).order.ids)

    text = _PIECES[-1]
    for piece in _PIECES:  # as many of each as fit, the long ones first
        while (left := length - tokens(text)) > 0 and tokens(text + piece) <= length:
            cost = max(1, tokens(text + piece) - tokens(text))
            many = text + piece * (left // cost)
            text = many if tokens(many) <= length else text + piece
    if (found := tokens(text)) != length:
        raise UsageError(f"--prompt-lengths is {length}: the nearest that can be made here is {found}")
    return text
