"""The prompt loop's commands: a table of names, each a few lines over session and service.

A command returns nothing; what it has to say goes to the screen. Bad values raise LlmprocError, which the loop prints.
"""

from __future__ import annotations

import codecs
import os

from llmproc.apps.chat.command import Command, Loop
from llmproc.apps.chat.settings import change_setting, show_settings
from llmproc.config import POLICIES, Scheduling, format_cpus, parse_cpus
from llmproc.errors import LlmprocError, UsageError
from llmproc.files.encoding import check_utf8
from llmproc.monitor import proc
from llmproc.processes.scheduling import explain_scheduling_error
from llmproc.session.saving import SavedConversation, read_file, read_session, write_session


def _number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{name} is {text or 'missing'}: must be a whole number") from None


def _help(loop: Loop, argument: str) -> None:
    width = max(len(command.usage) for command in COMMANDS)
    for command in COMMANDS:
        loop.screen.line(f"  {command.usage:<{width}}  {command.help}")
    loop.screen.line(
        '  """ before and after a prompt of several lines; Ctrl-C cancels an answer; at the prompt it leaves'
    )


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
    priority = _number("priority", words[1]) if len(words) > 1 else 1
    _reschedule(loop, Scheduling(policy=words[0], rt_priority=priority), fresh, f"policy {words[0]}")


def _without_fresh(argument: str) -> tuple[list[str], bool]:
    """Return the words of an argument, and whether the last one asked for a freshly forked worker."""
    words = argument.split()
    fresh = len(words) > 1 and words[-1] == "fresh"
    return (words[:-1] if fresh else words), fresh


def _nice(loop: Loop, argument: str) -> None:
    words, fresh = _without_fresh(argument)
    nice = _number("nice", " ".join(words))
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
    Command("/set <name> <value>", "change a setting; /set alone lists them, with what they do", change_setting),
    Command("/show", "show the settings and the state of the conversation", show_settings),
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
