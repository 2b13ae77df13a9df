"""The tokenizer of a Hugging Face folder: the pipeline of tokenizer.json, and the special tokens named beside it.

The class that tokenizer_config.json names counts for nothing: in transformers 5 it replaces the pre-tokenizer of the
file. BOS stands before a text if the post-processor puts it there, whatever add_bos_token says.
Used by `checkpoints/tokenizer_file.py`; imported when one is opened, since it needs the `tokenizers` library.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from llmproc.errors import TokenizerError
from llmproc.text.tokenizers.byte_alphabet import CHARACTER_OF
from llmproc.text.tokenizers.contract import ChatSource
from llmproc.text.tokenizers.decoding import PieceDecoder, piece_decoder
from llmproc.text.tokenizers.ends import KEY, WrongEndError, folder_ends
from llmproc.text.tokenizers.folder_files import FolderFiles, read_folder_files
from llmproc.text.tokenizers.library import LibraryTokenizer, beginning, spaced_after
from llmproc.text.tokenizers.pieces import LazyPieces, Pieces
from llmproc.text.tokenizers.pipeline import EncodingSteps, NamedToken, build, check_numbering, refused
from llmproc.text.tokenizers.tokenizer_json import read_tokenizer_json


def load_folder_tokenizer(folder: Path, vocab_size: int) -> LibraryTokenizer:
    """Read the tokenizer in `folder` for a model whose embedding has `vocab_size` rows. Raises TokenizerError."""
    path = folder / "tokenizer.json"
    parts, files = read_tokenizer_json(path), read_folder_files(folder)
    named, notes = named_tokens(folder, parts.pipeline, files)
    pipeline = dataclasses.replace(parts.pipeline, named=named)
    check_numbering(path, pipeline)
    pieces = _checked_pieces(path, pipeline, vocab_size)
    full, plain = build(path, pipeline)
    decoder = piece_decoder(path, parts.decoder, pipeline.pre_tokenizer)
    written = {token.content.encode("utf-8", "surrogatepass"): token.id for token in named}
    special = {token.content.encode(): token.id for token in named if not token.is_text}
    begins = refused(path, "post_processor", lambda: beginning(full))
    if len(begins) > 1 or any(token >= vocab_size for token in begins):
        raise TokenizerError(path, "post_processor", f"one that begins a text with {begins}", "must add one id at most")
    bos = begins[0] if begins else None
    ends, said = _ends(folder, files, pieces, vocab_size)
    table = Pieces(
        pieces=LazyPieces(pieces, written, decoder.decode),
        vocab_size=vocab_size,
        bos=bos,
        eos=ends,
        special=special,
        byte_ids=_byte_ids(pipeline.vocab, decoder),
        spaced_after=refused(path, "pipeline", lambda: spaced_after(full, special, bos)),
        chat=ChatSource(files.template, files.special) if files.template is not None else None,
        notes=(*notes, *said, *_bos_note(files, bos)),
    )
    return refused(path, "pipeline", lambda: LibraryTokenizer(table, full, plain))


def named_tokens(folder: Path, pipeline: EncodingSteps, files: FolderFiles) -> tuple[list[NamedToken], list[str]]:
    """Return the tokens that are found by name, of all files, and what to tell the user.

    The flags of added_tokens_decoder win; an id that disagrees is a TokenizerError.
    """
    found = {token.content: token for token in pipeline.named}
    for content, token in _listed(folder, files).items():
        known = found[content].id if content in found else pipeline.vocab.get(content, token.id)
        if known != token.id:
            where = folder / "tokenizer_config.json"
            raise TokenizerError(where, f"id of {content!r:.60}", token.id, f"must be {known}, as in tokenizer.json")
        found[content] = token
    notes = []
    for name, text in files.special.items():
        if text not in found and text in pipeline.vocab:
            found[text] = NamedToken(id=pipeline.vocab[text], content=text, normalized=False, special=True)
        elif text not in found:
            notes.append(f"{name} is {text!r:.60}, which the vocabulary of {folder} does not have")
    return list(found.values()), notes


def _listed(folder: Path, files: FolderFiles) -> dict[str, NamedToken]:
    """Return added_tokens_decoder by content."""
    listed = files.tokenizer_config.get("added_tokens_decoder")
    try:
        entries = {} if listed is None else {int(key): dict(entry) for key, entry in listed.items()}
        tokens = [msgspec.convert({**entry, "id": key}, NamedToken) for key, entry in entries.items()]
    except (AttributeError, TypeError, ValueError):  # msgspec's own error is a ValueError
        rule = "must map ids to added tokens"
        raise TokenizerError(folder / "tokenizer_config.json", "added_tokens_decoder", "something else", rule) from None
    return {token.content: token for token in tokens}


def _checked_pieces(path: Path, pipeline: EncodingSteps, vocab_size: int) -> list[str | None]:
    """Return the piece of each id up to the last one; None where there is none. TokenizerError for a bad id."""
    pieces: list[str | None] = []
    for content, token in (*pipeline.vocab.items(), *((token.content, token.id) for token in pipeline.named)):
        if not 0 <= token < vocab_size:
            rule = f"must be in 0..{vocab_size - 1}, the rows of the model's embedding"
            raise TokenizerError(path, f"id of {content!r:.60}", token, rule)
        if token >= len(pieces):
            pieces.extend([None] * (token + 1 - len(pieces)))
        if pieces[token] not in (None, content):
            raise TokenizerError(path, f"id of {content!r:.60}", token, f"must not be that of {pieces[token]!r:.60}")
        pieces[token] = content
    return pieces


def _byte_ids(vocab: Mapping[str, int], decoder: PieceDecoder) -> list[int | None]:
    names = CHARACTER_OF if decoder.byte_level else [f"<0x{byte:02X}>" for byte in range(256)]
    return [vocab.get(name) for name in names]


def _ends(
    folder: Path, files: FolderFiles, pieces: list[str | None], vocab_size: int
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the ids that end a text, those of the files and of eos_token, and what to tell the user."""
    try:
        ends, notes = folder_ends(files.config, files.generation, vocab_size)
    except WrongEndError as error:
        raise TokenizerError(folder / error.file, KEY, error.value, error.rule) from None
    eos = files.special.get("eos_token")
    named = (pieces.index(eos),) if eos in pieces else ()
    return tuple(dict.fromkeys((*ends, *named))), notes


def _bos_note(files: FolderFiles, bos: int | None) -> list[str]:
    asked: Any = files.tokenizer_config.get("add_bos_token")
    if not isinstance(asked, bool) or asked == (bos is not None):
        return []
    does = "puts" if bos is not None else "does not put"
    says = str(asked).lower()
    return [f"tokenizer_config.json says add_bos_token {says}, but tokenizer.json {does} one: tokenizer.json counts"]
