"""1,000 schemas made by chance on the shipped model: every answer that ends by itself validates, by another's judge."""

from __future__ import annotations

import json

import pytest
from grammars.schema_maker import SchemaMaker
from jsonschema import Draft202012Validator
from service.serving import collect, serving
from support.paths import ROOT

from llmproc.config import EngineOptions, SamplingParams
from llmproc.grammars.forms import SchemaForm
from llmproc.grammars.token_table import token_bytes
from llmproc.service.messages import Generate, with_grammar
from llmproc.session.model_files import read_model_files

MODEL = ROOT / "model" / "model.bin"


def answered(count: int, temperature: float) -> tuple[int, int]:
    """Ask for `count` schemas; return how many answers ended by themselves, all right, and how many were cut."""
    files = read_model_files(MODEL)
    prompt = files.tokenizer.encode("Tell me of pipes as JSON.")
    maker, ended, cut = SchemaMaker(11), 0, 0
    schemas = [maker.make() for _ in range(count)]
    with serving(MODEL, workers=1, engine=EngineOptions(threads=1, sequences=16)) as service:
        service.share_tokens(lambda: token_bytes(files.tokenizer))
        tickets = []
        for seed, schema in enumerate(schemas):
            form = SchemaForm(schema, "schema")
            form.check()
            sampling = SamplingParams(temperature, 1.0, 600, seed)
            order = with_grammar(Generate.sampled(prompt, sampling, end_tokens=[2], draws=0), form.grammar(False))
            tickets.append(service.submit(order))
        for schema, ticket in zip(schemas, tickets, strict=True):
            ids, finish = collect(ticket)
            text = files.tokenizer.decode([token for token in ids if token != 2]).decode()
            if finish.reason == "length":
                cut += 1
                continue
            assert finish.reason in ("stop", "end"), (finish, schema)
            Draft202012Validator.check_schema(schema)
            faults = list(Draft202012Validator(schema).iter_errors(json.loads(text)))
            assert not faults, (faults[0].message, text, schema)
            ended += 1
    return ended, cut


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_schemas_made_by_chance(temperature: float) -> None:
    ended, cut = answered(12, temperature)
    assert ended >= 6 and ended + cut == 12


@pytest.mark.soak
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_thousand_schemas(temperature: float) -> None:
    ended, cut = answered(1000, temperature)
    print(f"temperature {temperature}: {ended} answers ended and validate, {cut} were cut")
    # A model of this size that takes the likeliest token goes on for ever where an object may have any names.
    assert ended >= 600 and ended + cut == 1000
