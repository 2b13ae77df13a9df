"""The prompt loop's commands: a table of names, each a few lines over session and service.

A command returns nothing; what it has to say goes to the screen. Bad values raise LlmprocError, which the loop prints.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from llmproc.apps.answer_view import AnswerView
from llmproc.apps.screen import Screen
from llmproc.config import POLICIES, Scheduling, format_cpus, parse_cpus
from llmproc.errors import LlmprocError, UsageError
from llmproc.files.encoding import check_utf8
from llmproc.monitor import proc
from llmproc.processes.scheduling import explain_scheduling_error
from llmproc.service.service import Service
from llmproc.session.conversation import Conversation
from llmproc.session.model_files import ModelFiles
from llmproc.session.saving import SavedConversation, read_file, read_session, write_session
from llmproc.text.templates.system import check_system
from llmproc.text.templates.template import ChatTemplate, TurnTemplate


class Loop(Protocol):
    """The parts of the prompt loop that a command may use."""

    conversation: Conversation
    service: Service
    screen: Screen
    view: AnswerView
    files: ModelFiles
    failed: int  # lines that were refused, and answers that failed

    def answer(self, text: str) -> None:
        """Ask, and show the answer."""

    def answer_again(self) -> None:
        """Make the last answer once more."""

    def end(self) -> None:
        """Leave the loop after this command."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: how it is written, what it does."""

    usage: str
    help: str
    run: Callable[[Loop, str], None]

    @property
    def name(self) -> str:
        """Return the word that calls it."""
        return self.usage.split()[0]


_SAMPLING: dict[str, type] = {"temperature": float, "top_p": float, "max_tokens": int}


def _number(name: str, text: str, kind: type) -> float | int:
    try:
        return kind(text)
    except ValueError:
        raise UsageError(
            f"{name} is {text or 'missing'}: must be {'a whole number' if kind is int else 'a number'}"
        ) from None


def _help(loop: Loop, argument: str) -> None:
    width = max(len(command.usage) for command in COMMANDS)
    for command in COMMANDS:
        loop.screen.line(f"  {command.usage:<{width}}  {command.help}")
    loop.screen.line(
        '  """ before and after a prompt of several lines; Ctrl-C cancels an answer; at the prompt it leaves'
    )


def _set(loop: Loop, argument: str) -> None:
    name, _, value = argument.partition(" ")
    value = value.strip()
    conversation = loop.conversation
    if name in _SAMPLING:
        number = _number(name, value, _SAMPLING[name])
        conversation.sampling = conversation.sampling.changed(**{name: number})
        loop.screen.notice(f"{name} {number}")
    elif name == "seed":
        seed = int(_number(name, value, int))
        drawn = int.from_bytes(os.urandom(4), "little") + 1 if seed <= 0 else seed
        conversation.reseed(drawn)
        loop.screen.notice(f"seed {conversation.sampling.seed}: the random stream starts over")
    elif name == "system":
        _set_system(loop, value)
    elif name == "verbose":
        if value not in ("on", "off"):
            raise UsageError(f"verbose is {value or 'empty'}: must be on or off")
        loop.view.verbose = value == "on"
        loop.screen.notice(f"verbose {value}")
    else:
        known = ", ".join((*_SAMPLING, "seed", "system", "verbose"))
        raise UsageError(f"/set {name}: must be one of {known}" if name else f"/set needs a name: {known}")


def _set_system(loop: Loop, value: str) -> None:
    """Set the system message, `""` for none; without a value say what it is, and leave the conversation alone."""
    conversation = loop.conversation
    if not value:
        loop.screen.notice(f'the system message is {conversation.system or "empty"}; /set system "" removes it')
        return
    value = "" if value == '""' else value
    check_system(conversation.template, value, "/set system")
    conversation.system = value or None
    if conversation.ids:
        conversation.clear()
        loop.screen.notice(f"a new conversation begins, {'with the new' if value else 'without a'} system message")


def _show(loop: Loop, argument: str) -> None:
    files = loop.files
    facts = {
        "model": files.model.path,
        "tokenizer": files.tokenizer_path,
        **loop.conversation.facts(),
        "template": _template(loop.conversation.template),
        "verbose": loop.view.verbose,
    }
    for name, value in facts.items():
        loop.screen.line(f"  {name:<12} {value}")


def _template(template: ChatTemplate) -> str:
    return template.name if isinstance(template, TurnTemplate) else f"{template.name}, the model's own"


def _clear(loop: Loop, argument: str) -> None:
    loop.conversation.clear()
    loop.screen.notice("the conversation is forgotten")


def _ps(loop: Loop, argument: str) -> None:
    loop.screen.line(
        f"  {'role':<10} {'pid':>8} {'state':<9} {'policy':<12} {'nice':>4} {'core':>4} "
        f"{'user s':>8} {'sys s':>7} {'PSS MB':>7}"
    )
    _ps_line(loop, "main", os.getpid(), "running")
    for worker in loop.service.workers():
        if worker.pid:
            _ps_line(loop, "inference", worker.pid, worker.state)
        else:
            loop.screen.line(f"  {'inference':<10} {'-':>8} {worker.state}")


def _ps_line(loop: Loop, role: str, pid: int, state: str) -> None:
    stat = proc.read_stat(pid)
    if stat is None:
        return
    tick, pss = os.sysconf("SC_CLK_TCK"), proc.read_pss(pid)
    memory = "-" if pss is None else f"{pss / 1e6:.1f}"
    policy = proc.policy_name(stat.policy)
    loop.screen.line(
        f"  {role:<10} {pid:>8} {state:<9} {policy:<12} {stat.nice:>4} {stat.processor:>4} "
        f"{stat.utime / tick:>8.2f} {stat.stime / tick:>7.2f} {memory:>7}"
    )


def _reschedule(loop: Loop, scheduling: Scheduling, fresh: bool, said: str) -> None:
    try:
        loop.service.reschedule(scheduling, fresh)
    except ProcessLookupError:
        loop.screen.notice(f"{said} from the next worker on")
        return
    except OSError as error:
        raise LlmprocError(f"{explain_scheduling_error(error)}; add `fresh` to /sched or /nice to get one") from None
    loop.screen.notice(said + (", in a freshly forked worker" if fresh else ""))


def _sched(loop: Loop, argument: str) -> None:
    words, fresh = _without_fresh(argument)
    if not words or words[0] not in POLICIES:
        raise UsageError(f"policy is {words[0] if words else 'missing'}: must be one of {', '.join(POLICIES)}")
    if len(words) > (2 if words[0] in ("fifo", "rr") else 1):
        raise UsageError(f"/sched {argument}: a priority goes with fifo and rr only, and nothing follows it")
    priority = int(_number("priority", words[1], int)) if len(words) > 1 else 1
    _reschedule(loop, Scheduling(policy=words[0], rt_priority=priority), fresh, f"policy {words[0]}")


def _without_fresh(argument: str) -> tuple[list[str], bool]:
    """Return the words of an argument, and whether the last one asked for a freshly forked worker."""
    words = argument.split()
    fresh = len(words) > 1 and words[-1] == "fresh"
    return (words[:-1] if fresh else words), fresh


def _nice(loop: Loop, argument: str) -> None:
    words, fresh = _without_fresh(argument)
    nice = int(_number("nice", " ".join(words), int))
    _reschedule(loop, Scheduling(nice=nice), fresh, f"nice {nice}")


def _pin(loop: Loop, argument: str) -> None:
    allowed = os.sched_getaffinity(0)
    cpus = parse_cpus(argument, "cores") if argument else tuple(allowed)
    if others := set(cpus) - allowed:
        raise UsageError(f"core {min(others)}: must be among the allowed cores {format_cpus(allowed)}")
    _reschedule(loop, Scheduling(cpus=cpus), False, f"cores {format_cpus(cpus)}")


def _regen(loop: Loop, argument: str) -> None:
    loop.answer_again()


def _read(loop: Loop, argument: str) -> None:
    try:
        text = read_file(argument)
        check_utf8(argument, text)
    except LlmprocError:
        loop.failed += 1  # it was to be a prompt
        raise
    loop.answer(text.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape"))


def _turns(saved: SavedConversation) -> str:
    return f"{len(saved.turns)} turn{'' if len(saved.turns) == 1 else 's'}"


def _names(loop: Loop) -> tuple[str, str]:
    """Return the names of model and tokenizer as a saved file has them."""
    return str(loop.files.model.path), str(loop.files.tokenizer_path)


def _save(loop: Loop, argument: str) -> None:
    saved = loop.conversation.saved(*_names(loop))
    path = write_session(argument, saved)
    loop.screen.notice(f"saved {_turns(saved)} to {path}")


def _load(loop: Loop, argument: str) -> None:
    saved = read_session(argument)
    loop.conversation.restore(saved)
    here, there = _names(loop), (saved.model, saved.tokenizer)
    other = "" if here == there else f" (saved with {saved.model} and {saved.tokenizer}: the answers will be others)"
    loop.screen.notice(f"{_turns(saved)}, {len(saved.ids)} positions{other}")


def _bye(loop: Loop, argument: str) -> None:
    loop.end()


COMMANDS = (
    Command("/?", "show this list", _help),
    Command("/set <name> <value>", "change temperature, top_p, max_tokens, seed, system or verbose (on, off)", _set),
    Command("/show", "show the settings and the state of the conversation", _show),
    Command("/clear", "forget the conversation; the random stream goes on", _clear),
    Command("/ps", "show the processes: state, policy, nice, core, CPU time, memory", _ps),
    Command(
        "/sched <policy> [priority] [fresh]",
        f"policy of the worker: {', '.join(POLICIES)}; fresh: in a new one",
        _sched,
    ),
    Command("/nice <n> [fresh]", "nice value of the worker, -20 to 19; fresh: in a new one", _nice),
    Command("/pin [cores]", "cores that the worker may use, such as 0,2-3; without a list: all", _pin),
    Command("/regen", "answer the last prompt again; the random stream goes on", _regen),
    Command("/read <file>", "ask the text of a file as a prompt", _read),
    Command("/save <file>", "save the conversation", _save),
    Command("/load <file>", "continue a saved conversation", _load),
    Command("/bye", "leave", _bye),
)
WORDS = tuple(command.name for command in COMMANDS)
_BY_NAME = {command.name: command for command in COMMANDS}
_LEAVING = ("/exit", "/quit")  # not listed: they do what /bye does


def run_command(loop: Loop, line: str) -> None:
    """Run the command that `line` begins with. LlmprocError for an unknown one or a bad value."""
    name, _, argument = line.strip().partition(" ")
    command = _BY_NAME.get("/bye" if name in _LEAVING else name)
    if command is None:
        loop.failed += 1  # of a pipe: it may have been meant as a prompt
        hint = 'a prompt that begins with / goes between """'
        raise UsageError(f"{name}: unknown command; /? lists the commands, {hint}")
    command.run(loop, argument.strip())
