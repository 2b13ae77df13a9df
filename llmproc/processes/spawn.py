"""Starts the template's interpreter, before main has imported what it needs itself: both import side by side then.

    main      options, header --> spawn_template() --> imports, run folder, service --> TemplateHandle(spawned)
    template                      imports .......................................... PREPARE, FORK, ...

Used by verbs that want their first token early, and by TemplateHandle. It imports only the standard library's own, and
decides nothing: whose template it becomes is said later, through its control socket.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess

from llmproc.files.interpreter import child_command, child_environment

MODULE = "llmproc.processes.template"
_HELD_BACK = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)  # until the template ignores them: they are main's


class SpawnedTemplate:
    """A template that has not been told its work yet. Its first owner ends it, or hands it on with `take`."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket, output_fd: int | None) -> None:
        """Hold the process. `output_fd`: its own file for what it writes before it is given an output; None: given."""
        self.process, self.control, self.output_fd = process, control, output_fd
        self._taken = False

    def take(self) -> SpawnedTemplate:
        """Return it to its new owner: `end` does nothing from now on."""
        self._taken = True
        return self

    def copy_output(self, fd: int) -> None:
        """Append to `fd` what it wrote to its own file, and close that."""
        if self.output_fd is not None:
            with contextlib.suppress(OSError):
                os.write(fd, os.pread(self.output_fd, os.fstat(self.output_fd).st_size, 0))
            os.close(self.output_fd)
            self.output_fd = None

    def end(self) -> None:
        """End it and wait, unless it was taken."""
        if self._taken:
            return
        self._taken = True
        self.process.kill()
        self.process.wait()
        self.control.close()
        if self.output_fd is not None:
            os.close(self.output_fd)


def spawn_template(names: tuple[str, str], environment: dict[str, str], output_fd: int | None) -> SpawnedTemplate:
    """Start the interpreter of a template. `names`: `module:prepare`, `module:child`. OSError when that fails.

    `output_fd`: where its output goes, and its workers'; -1: to a file of its own, until main knows the place.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    own = os.memfd_create("llmproc-first-words", os.MFD_CLOEXEC) if output_fd == -1 else None
    output = own if own is not None else subprocess.DEVNULL if output_fd is None else output_fd
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)  # else a Ctrl-C ends an interpreter that starts
    try:
        process = subprocess.Popen(  # never a fork of main: a fresh interpreter
            child_command(MODULE, str(theirs.fileno()), str(os.getpid()), *names),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[theirs.fileno()],
            env=child_environment(environment),
        )
    except BaseException:
        ours.close()
        if own is not None:
            os.close(own)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        theirs.close()
    return SpawnedTemplate(process, ours, own)
