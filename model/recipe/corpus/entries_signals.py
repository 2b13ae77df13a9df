"""Subjects of the corpus: signals, their numbers and what to do about them."""

from templates import dialogue, entry, pair

ENTRIES = [
    entry(
        "signal",
        "signal",
        "a",
        "signals",
        "pipe signal_handler sigterm sigint interrupt",
        """
what:
= A signal is a small notice that the kernel delivers to a process, for example SIGINT on Ctrl-C.
= A signal is a short message to a process: it says only that something happened, by a number.
how does the kernel tell a process that something happened
how can one process interrupt another
what does Ctrl-C send to my program
what does kill send
what are SIGINT and SIGTERM
what is SIG in SIGTERM
a small notice to a process, what is that
how can I poke a running process
how do I tell a running program something without a pipe
what hits a process when I press Ctrl-C
how does a process learn that its child has ended
what is the tap on the shoulder of a process
what wakes or ends a process from outside
does a signal carry data
can I send text with a signal
what do words that start with SIG mean
a tap on the shoulder for a process
a number sent to a process
how do I notify a running process
a message with no content but a number
how does Ctrl-C reach the program
the kernel tells a process: something happened
tell a process to stop or reload
an alarm for a process
what can interrupt my program from outside
what arrives when I type kill
an event sent to a process
why:
= A signal is useful to end, pause or wake a process, or to tell it about events such as a dead child or a timer.
why do processes get signals
why would I send a signal
what can I do with signals
how:
= A signal is noted by the kernel, and before the process runs on it does the default action, runs a handler or
+ ignores it.
what happens when a signal arrives
what happens to a process when it gets a signal
what can a process do when a signal comes
how does a signal reach a process
how does a process react to a signal
which reactions to a signal are there
when is a signal delivered
example:
= Signals are, for instance, SIGINT (Ctrl-C), SIGTERM, SIGKILL, SIGSTOP, SIGCHLD and SIGSEGV.
name some signals
which signals are there
name three signals
list a few signals
which signals do you know
what kinds of signals exist
make:
= A signal is sent with `kill -NAME PID` in the shell or kill(pid, sig) in C.
how do I send a signal
how do I send a signal to a process
how can one process send a signal to another
which call sends a signal
how do I send SIGUSR1 to a program
what does kill(pid, sig) do
how do I send a signal from Python
send a signal from the shell
send a signal in C
fire SIGUSR1 at a process
see:
= Signals with their numbers are listed by `kill -l`.
how do I list all signals
how do I see the numbers of the signals
what does kill -l do
which number has which signal
how many signals are there
what is signal 9
simple:
= A signal is a short message to a process.
""",
        1.7,
    ),
    entry(
        "sigint",
        "SIGINT",
        "",
        "",
        "sigterm sigkill sigtstp sigquit",
        """
what:
= SIGINT is the signal that Ctrl-C sends; by default it ends the process.
= SIGINT is sent by Ctrl-C to the foreground job and interrupts it; a program may catch it.
what does Ctrl-C do
what happens when I press Ctrl-C
which signal does Ctrl-C send
what signal is sent by Control-C
which key stops a running command
how do I stop a program in the terminal
how do I interrupt a running command
how do I break an endless loop in the terminal
what is KeyboardInterrupt in Python
Ctrl-C, what is behind it
what is signal number 2
which signal has number 2
what is the number of SIGINT
can SIGINT be caught
can a program ignore Ctrl-C
why does Ctrl-C not end my program
my program does not react to Ctrl-C
which signal comes from the keyboard
press Ctrl and C, which signal goes out
the signal for interrupt from the keyboard
stop the running command by keyboard
Control C sends what
the keyboard way to end a program
abort a command in the terminal
my command runs too long, which keys end it
signal 2 is which one
what kills my program on Ctrl-C
""",
        1.3,
    ),
    entry(
        "sigterm",
        "SIGTERM",
        "",
        "",
        "sigkill sigint sighup sigstop",
        """
what:
= SIGTERM is a polite request to end; a process may catch it, clean up and exit.
= SIGTERM asks a process to end; it is what `kill PID` sends, and it can be caught.
which signal does kill send by default
what does kill send without a number
what signal asks a process politely to end
which signal lets a program clean up
the polite way to end a process
how do I end a process gently
how do I ask a program to quit nicely
how do I stop a process so that it can save its data
what is signal number 15
which signal has number 15
what is the number of SIGTERM
what is kill -15
can SIGTERM be caught
can a process ignore SIGTERM
what does systemd send to stop a service
what is sent at shutdown to all processes
which signal should I try first
why did my process not end after kill
kill PID has no effect, why
which signal is the friendly one
a kind request to quit
please end yourself, as a signal
which signal says please stop
the default of kill
kill without options sends what
the signal that gives time to save data
ask a server to shut down
signal 15 is which one
which signal allows clean-up before the end
softly end a program
a process may refuse this request to end
why:
= SIGTERM is better than SIGKILL because the process can save its data and remove its temporary files first.
why should I try SIGTERM first
why not use SIGKILL at once
why is SIGTERM better
simple:
= SIGTERM asks a process kindly to end.
""",
        1.3,
    ),
    entry(
        "sigkill",
        "SIGKILL",
        "",
        "",
        "sigterm sigstop sigint sigsegv",
        """
what:
= SIGKILL ends a process at once; it cannot be caught, blocked or ignored.
= SIGKILL is the signal that no process can catch or ignore: the kernel ends the process at once.
which signal cannot be caught
which signal can not be ignored
which signals can never be caught
what signal always ends a process
how do I end a process that ignores SIGTERM
a process ignores everything, how do I end it
how do I end a process by force
what is the strongest signal
what is the last resort to end a process
what is signal number 9
which signal has number 9
what is the number of SIGKILL
can SIGKILL be caught
can a process protect itself from SIGKILL
can I write a handler for SIGKILL
can a program ignore SIGKILL
can I block SIGKILL
is there a signal no program can stop
which signal does the OOM killer send
why does my handler for SIGKILL not work
my shell says Killed, what happened
the program ended with the word Killed
the signal without mercy
the end for any process
which signal always works
kill for sure
no handler helps against this signal
cannot be caught, cannot be ignored
force a process to end at once
the hammer among the signals
signal 9 is which one
the hardest way to end a process
which signal can no program escape
a program refuses to end, which signal helps
what ends a process that traps SIGTERM
unstoppable signal
end it immediately whatever it does
bad:
= SIGKILL gives the process no chance to clean up, so files may be left half written; try SIGTERM first.
why should I not use SIGKILL first
what is the danger of ending a process by force
does a process clean up after SIGKILL
are my data saved when I kill by force
why:
= SIGKILL exists so that the system can always get rid of a process, even one that ignores all else.
why can SIGKILL not be caught
why is there a signal that nobody can catch
why can a process not ignore signal 9
simple:
= SIGKILL ends a process by force.
""",
        1.4,
    ),
    entry(
        "kill9",
        "kill -9",
        "",
        "",
        "sigkill sigterm kill_command",
        """
what:
= `kill -9 PID` sends SIGKILL, which ends the process at once; it cannot be caught.
= `kill -9` sends signal 9, SIGKILL, and the process ends without any clean-up.
what does kill -9 do
what does kill -9 1234 do
what does the 9 in kill -9 mean
what does kill minus nine mean
which signal is -9
how does kill -9 work
what does kill -KILL do
my friend always types kill -9, what is it
is kill -9 safe
kill with -9
force kill a process
-9 after kill, what for
kill -9, explain
the brutal form of kill
when:
= `kill -9` is the last resort: try plain `kill` first, wait a little, and use -9 only if the process does not end.
should I use kill -9
when do I need kill -9
is it ok to use kill -9
is kill -9 a good habit
is kill -9 bad
> should I use it at once
is it good style to use -9
may I always use kill -9
kill -9 as a first step
bad:
= `kill -9` does not help on a zombie, which is already dead, or on a process in state D, until its wait ends.
when does kill -9 not work
why does kill -9 not work
kill -9 has no effect
which processes survive kill -9
""",
    ),
    entry(
        "sigstop",
        "SIGSTOP",
        "",
        "",
        "sigcont sigtstp sigkill",
        """
what:
= SIGSTOP pauses a process; it cannot be caught, and SIGCONT lets the process go on.
which signal pauses a process
how do I pause a process
how do I freeze a process
how can I stop a process for a while without ending it
how do I halt a program and continue it later
what does kill -STOP do
which signal stops a process but does not kill it
can SIGSTOP be caught
can a process ignore SIGSTOP
put a process to sleep from outside
how do I suspend a process
I want to pause a long job, how
what is signal 19
pause, not kill
hold a process still for a while
stop a process so that it can go on later
which signal puts a process in state T
freeze a running program
the pause button for a process
""",
    ),
    entry(
        "sigcont",
        "SIGCONT",
        "",
        "",
        "sigstop sigtstp",
        """
what:
= SIGCONT lets a stopped process go on.
= SIGCONT continues a process that was paused by SIGSTOP or Ctrl-Z.
which signal continues a process
how do I continue a stopped process
how do I wake up a paused process
how do I resume a process after SIGSTOP
what does kill -CONT do
which signal does fg or bg send
how do I unfreeze a process
my process is in state T, how do I let it go on
what is signal 18
let a paused process go on
the play button for a process
continue after SIGSTOP
wake a stopped process
which signal brings a process out of state T
""",
    ),
    entry(
        "sigtstp",
        "SIGTSTP|Ctrl-Z",
        "",
        "",
        "sigstop sigcont sigint",
        """
what:
= SIGTSTP is what Ctrl-Z sends: it pauses the foreground job, and `fg` or `bg` lets it go on.
= SIGTSTP is the stop signal from the keyboard, sent by Ctrl-Z; the program may catch it.
what does Ctrl-Z do
what happens when I press Ctrl-Z
which signal does Ctrl-Z send
I pressed Ctrl-Z and my program is gone
I pressed Ctrl-Z, where is my program
does Ctrl-Z end a program
did Ctrl-Z kill my program
how do I get my program back after Ctrl-Z
what does stopped mean in the shell after Ctrl-Z
how do I pause a program with the keyboard
which key pauses a job
what is the signal of Control-Z
press Ctrl and Z, which signal goes out
Control Z sends what
my program stopped after Ctrl-Z, how do I go on
pause the running command by keyboard
what happened when I hit Ctrl-Z
""",
    ),
    entry(
        "sigquit",
        "SIGQUIT",
        "",
        "",
        "sigint sigterm sigabrt",
        """
what:
= SIGQUIT is sent by Ctrl-\\ and ends a process with a core dump.
which signal ends a process with a core dump from the keyboard
Ctrl-C does not work, which other key ends a program
what does Ctrl and backslash do
what is signal 3
""",
    ),
    entry(
        "sigchld",
        "SIGCHLD",
        "",
        "",
        "sigterm wait zombie sigstop",
        """
what:
= SIGCHLD tells a parent that a child changed its state: it ended, stopped or went on.
= SIGCHLD is sent to the parent when a child ends, so that it can call wait().
which signal tells a parent that its child ended
how does a parent learn that a child has died
which signal comes when a child exits
what signal do I get when my child ends
how am I told that my child is finished
how does a parent know when to call wait
what is sent to the parent when a child stops
what is signal 17
I get a signal each time a child ends
what is the default action of SIGCHLD
news for the parent about its child
my child ended, which signal do I get
which signal announces the death of a child
child state changed, which signal
the signal that tells the parent to call wait
the parent is told that a child has finished
why:
= SIGCHLD is useful because the parent can do other work and still reap its children in time.
how can a parent reap children without waiting all the time
why is there a signal for dead children
""",
    ),
    entry(
        "sigsegv",
        "SIGSEGV",
        "",
        "",
        "segfault sigbus sigabrt sigfpe",
        """
what:
= SIGSEGV is sent to a process that accesses memory it may not use; it usually ends with a segmentation fault.
= SIGSEGV is the signal for a bad memory access, for example through a null pointer.
which signal comes on a bad memory access
which signal do I get for a null pointer
what signal does a segmentation fault send
what is signal 11
which signal has number 11
what happens when a program touches memory it does not own
my program died with signal 11
what does signal 11 mean
what signal ends a program that reads a wrong address
bad pointer, which signal
signal 11 is which one
memory access not allowed, which signal
which signal kills a program with a wild pointer
what signal is behind a segfault
""",
    ),
    entry(
        "sigbus",
        "SIGBUS",
        "",
        "",
        "sigsegv sigfpe",
        """
what:
= SIGBUS means a bad kind of memory access, for example past the end of a file mapped with mmap.
what is a bus error
my program died with bus error
which signal comes when a mapped file has become shorter
""",
    ),
    entry(
        "sigfpe",
        "SIGFPE",
        "",
        "",
        "sigsegv sigabrt",
        """
what:
= SIGFPE is sent on a wrong arithmetic operation, such as dividing an integer by zero.
which signal comes when I divide by zero
what is a floating point exception
my C program says floating point exception
what happens when a C program divides by zero
""",
    ),
    entry(
        "sigabrt",
        "SIGABRT",
        "",
        "",
        "sigsegv sigquit",
        """
what:
= SIGABRT is what abort() sends to its own process, for example when an assertion fails.
what happens when an assert fails in C
which signal does abort send
my program says Aborted
my program ended with core dumped and Aborted
what is signal 6
""",
    ),
    entry(
        "sigalrm",
        "SIGALRM",
        "",
        "",
        "sigusr1 sigchld",
        """
what:
= SIGALRM is sent when a timer set by alarm() runs out.
which signal comes from a timer
how do I get a signal after five seconds
how do I set a time limit inside my program
what does alarm do in C
how can a process wake itself later
which signal is the alarm clock of a process
what is signal 14
like an alarm clock for a process
time is up, which signal
a timer went off
signal after some seconds
wake me in 10 seconds, which signal
""",
    ),
    entry(
        "sigusr1",
        "SIGUSR1|SIGUSR2",
        "",
        "",
        "sigalrm sigterm sighup",
        """
what:
= SIGUSR1 has no fixed meaning: each program may use it as it likes; by default it ends the process.
which signal can I use for my own purpose
which signals are free for my own use
which signal is for the user
what is the meaning of SIGUSR1
how do I send my own signal to my program
what are SIGUSR1 and SIGUSR2 for
a signal that means whatever I want
what is signal 10
my own signal
signal free for any use
the program decides what it means
a signal for custom purposes
""",
    ),
    entry(
        "sighup",
        "SIGHUP",
        "",
        "",
        "sigterm nohup sigusr1",
        """
what:
= SIGHUP is sent when the terminal is closed; many daemons read their settings again on it.
which signal comes when I close the terminal
why does my program end when I close the window
what happens to my programs when the ssh connection breaks
how do I make a daemon read its configuration again
which signal reloads the settings of a daemon
what is signal 1
which signal does closing the terminal send
what does kill -HUP do
the terminal is gone, which signal
hang up, which signal is that
tell a daemon to reload
""",
    ),
    entry(
        "sigwinch",
        "SIGWINCH",
        "",
        "",
        "sigusr1 sighup",
        """
what:
= SIGWINCH tells a program that the size of its terminal window has changed.
how does a program notice that the window was resized
which signal comes when I resize the terminal
how does htop know the size of the window
""",
    ),
    entry(
        "signal_handler",
        "signal handler|handler",
        "a",
        "signal handlers|handlers",
        "signal sigaction signal_mask async_signal_safe",
        """
what:
= A signal handler is a function of a program that runs when a certain signal arrives.
= A signal handler is the function a process has chosen to run when it gets a signal.
how can my program react to Ctrl-C
how do I catch a signal
how do I catch SIGTERM
how do I catch Ctrl-C in my program
which function runs when a signal comes
what do you call the function that is run on a signal
how does a program handle a signal
how can my program clean up when it is told to end
what does it mean to catch a signal
what does signal(SIGINT, f) do
what runs when the signal arrives
my function is called when a signal comes, what is it
my own reaction to a signal
code for the case that SIGTERM comes
react to a signal in my program
the function for a signal
run my function on Ctrl-C
what is called when a signal is caught
make:
= A signal handler is set with sigaction() in C, or with signal.signal(signal.SIGINT, f) in Python.
how do I install a handler
how do I set a handler in C
how do I set a signal handler in Python
how do I write a handler for SIGINT
which function registers a handler
how do I react to SIGINT in Python
avoid:
= A signal handler should do very little, for example set a flag, because it may interrupt the program at any point.
= A signal handler should only set a flag or write a byte; the main program then does the real work.
why should a signal handler do little
why should handlers be short
why must I not call printf in a signal handler
why is printf in a signal handler bad
why is malloc in a handler dangerous
may I call printf in a handler
can I use malloc in a handler
can I take a lock in a signal handler
what may a signal handler do
what should I do in a signal handler
what is allowed in a handler
what is not allowed in a signal handler
is it safe to do much work in a handler
how long should a handler be
how much should a handler do
why is it bad to do a lot in a handler
> why should it do little
> what may it do
> what should it do
set a flag and return, why
printf inside a handler
how much work may be done in a handler
only set a flag in the handler, why
what is a good signal handler
why is a short handler better
rule for signal handlers
keep the handler short, why
what not to do when a signal arrives
simple:
= A signal handler is a function that runs when a signal comes.
""",
        1.3,
    ),
    entry(
        "sigaction",
        "sigaction|sigaction()",
        "",
        "",
        "signal_handler signal_mask",
        """
what:
= sigaction() sets what a process does on a signal: run a handler, ignore it, or take the default action.
which call installs a handler in C
what does sigaction do
is sigaction better than signal
how do I ignore a signal in C
what does SIG_IGN mean
what does SIG_DFL mean
how do I tell the kernel which handler to run
""",
    ),
    entry(
        "async_signal_safe",
        "async-signal-safe function|reentrant function",
        "an",
        "async-signal-safe functions",
        "signal_handler",
        """
what:
= An async-signal-safe function may be called in a signal handler, such as write() or _exit(); printf and malloc are
+ not safe.
which functions may I call in a signal handler
which functions are safe in a handler
is write safe in a signal handler
why can printf deadlock in a handler
""",
    ),
    entry(
        "signal_mask",
        "signal mask|blocked signal",
        "a",
        "signal masks|blocked signals",
        "signal_handler sigaction pending_signal",
        """
what:
= A signal mask is the set of signals a process blocks: they stay pending until it unblocks them.
= Blocking a signal means that it is not lost but waits until the process unblocks it; SIGKILL and SIGSTOP cannot be
+ blocked.
how do I block a signal
how do I keep a signal away for a while
how can a process delay signals
what does blocking a signal mean
what is masking a signal
what does sigprocmask do
how do I protect a piece of code from signals
what happens to a blocked signal
does a blocked signal get lost
which signals can not be blocked
how do I hold back SIGINT for a moment
signals shall wait until I am done, how
keep signals waiting
do not disturb, for signals
a list of signals that must wait
shut out a signal for a moment
postpone a signal
""",
    ),
    entry(
        "pending_signal",
        "pending signal",
        "a",
        "pending signals",
        "signal_mask signal",
        """
what:
= A pending signal has been sent but not yet delivered, usually because the process blocks it.
where is a signal while it is blocked
a signal was sent but not yet delivered
what happens if the same signal comes twice while it is blocked
are signals queued
can signals get lost
""",
    ),
    entry(
        "default_action",
        "default action",
        "the",
        "",
        "signal signal_handler",
        """
what:
= The default action is what a signal does if the program has no handler: end, stop, continue or ignore.
what happens if my program does not handle a signal
what does a signal do without a handler
what happens when there is no handler for SIGTERM
what is done with a signal by default
do most signals end a process
""",
    ),
    entry(
        "ignore_signal",
        "",
        "",
        "",
        "signal sigkill",
        """
what:
= A process can ignore most signals with signal(SIGxxx, SIG_IGN), but never SIGKILL and SIGSTOP.
can a process ignore a signal
how do I ignore a signal
how do I make my program ignore Ctrl-C
which signals can be ignored
can I ignore every signal
which two signals can never be caught or ignored
which signals can not be caught
""",
    ),
    entry(
        "eintr",
        "EINTR",
        "",
        "",
        "signal_handler read_call",
        """
what:
= EINTR is the error of a system call that was interrupted by a signal; usually one just calls it again.
my read fails with interrupted system call
what does interrupted system call mean
why does read return -1 after a signal
what should I do on EINTR
what does SA_RESTART do
""",
    ),
    entry(
        "signal_permission",
        "",
        "",
        "",
        "signal root",
        """
what:
= You may send signals only to your own processes; root may signal all.
who may send signals to my process
can I kill the process of another user
kill says operation not permitted
can anybody kill my program
why can I not kill this process, it is not permitted
may I send a signal to any process
""",
    ),
    entry(
        "kill_zero",
        "kill -0",
        "",
        "",
        "signal kill_command",
        """
what:
= `kill -0 PID` sends nothing; it only checks whether the process exists and you may signal it.
how do I check whether a process is alive
how do I test if a PID exists
is process 1234 still alive, how can I tell in a script
what does signal 0 do
what does kill -0 do
""",
    ),
    entry(
        "core_dump",
        "core dump",
        "a",
        "core dumps",
        "sigsegv sigabrt debugger",
        """
what:
= A core dump is a file with the memory of a process at its crash, which a debugger such as gdb can read.
what does core dumped mean
segmentation fault (core dumped), what is the second part
what is the file named core
how can I look into a program after it crashed
where is the memory of my crashed program
what is left after a crash for the debugger
""",
    ),
    entry(
        "graceful",
        "graceful shutdown",
        "a",
        "graceful shutdowns",
        "sigterm signal_handler",
        """
what:
= A graceful shutdown means that a program catches SIGTERM, finishes its work, saves its data and then exits.
how should my server end
how does a program end cleanly
how should a program react to SIGTERM
what should I do when SIGTERM arrives
how do I end without losing data
""",
    ),
]

PAIRS = [
    pair(
        "sigterm",
        "sigkill",
        """
= SIGTERM asks a process to end and can be caught; SIGKILL ends it at once and cannot be caught.
= SIGTERM is a polite request that a process may handle; SIGKILL cannot be caught and leaves no time to clean up.
which one can be caught, SIGTERM or SIGKILL
which of the two lets a process clean up
should I use SIGTERM or SIGKILL
which is stronger, SIGTERM or SIGKILL
what is the difference between kill and kill -9
kill or kill -9, which one first
kill vs kill -9
is kill -9 better than kill
polite or by force, which signals are those
which signal is polite and which is not
""",
    ),
    pair(
        "sigint",
        "sigterm",
        """
= SIGINT comes from Ctrl-C at the keyboard; SIGTERM is sent by `kill`. Both can be caught.
Ctrl-C or kill, what is different
which of the two comes from the keyboard
""",
    ),
    pair(
        "sigint",
        "sigkill",
        """
= SIGINT comes from Ctrl-C and can be caught; SIGKILL cannot be caught and always ends the process.
""",
    ),
    pair(
        "sigstop",
        "sigtstp",
        """
= SIGSTOP cannot be caught; SIGTSTP comes from Ctrl-Z and a program may catch it. Both pause the process.
""",
    ),
    pair(
        "sigstop",
        "sigkill",
        """
= SIGSTOP only pauses a process, which can go on later; SIGKILL ends it for good. Neither can be caught.
which one pauses and which one ends
""",
    ),
    pair(
        "sigstop",
        "sigcont",
        """
= SIGSTOP pauses a process and SIGCONT lets it go on.
""",
    ),
    pair(
        "sigint",
        "sigtstp",
        """
= SIGINT, from Ctrl-C, ends the program; SIGTSTP, from Ctrl-Z, only pauses it.
what is the difference between Ctrl-C and Ctrl-Z
Ctrl-C or Ctrl-Z, what is the difference
is Ctrl-Z the same as Ctrl-C
how does Ctrl-Z differ from Ctrl-C
""",
    ),
    pair(
        "signal",
        "interrupt",
        """
= A signal comes from the kernel or a process and goes to a process; an interrupt comes from hardware and goes to
+ the CPU.
""",
    ),
    pair(
        "sigsegv",
        "sigbus",
        """
= SIGSEGV means the address is not allowed; SIGBUS means it is allowed, but the memory behind it cannot be reached.
""",
    ),
    pair(
        "sigint",
        "eof",
        """
= Ctrl-C sends SIGINT, which interrupts the program; Ctrl-D sends no signal but ends the input.
what is the difference between Ctrl-C and Ctrl-D
is Ctrl-D a signal
Ctrl-C or Ctrl-D, which one sends a signal
""",
    ),
    pair(
        "sigusr1",
        "sigterm",
        """
= SIGUSR1 means whatever the program chooses; SIGTERM is the common request to end.
""",
    ),
]

DIALOGUES = [
    dialogue("""
u what does Ctrl-C do?
b SIGINT is the signal that Ctrl-C sends; by default it ends the process.
u and Ctrl-Z?
b SIGTSTP is what Ctrl-Z sends: it pauses the foreground job, and `fg` or `bg` lets it go on.
u and Ctrl-D?
b Ctrl-D sends no signal; it ends the input, so the program reads end-of-file.
"""),
    dialogue("""
u how do I end a process politely?
b SIGTERM is a polite request to end; a process may catch it, clean up and exit.
u and if it does not listen?
b Then use `kill -9 PID`, which sends SIGKILL; it cannot be caught.
u why not always do that?
b SIGKILL gives the process no chance to clean up, so files may be left half written; try SIGTERM first.
"""),
    dialogue("""
u can I catch SIGKILL?
b No, SIGKILL cannot be caught, blocked or ignored.
u and SIGTERM?
b Yes, SIGTERM can be caught.
u and SIGSTOP?
b No, SIGSTOP cannot be caught either.
u and SIGINT?
b Yes, SIGINT can be caught.
"""),
    dialogue("""
u can SIGTERM be ignored?
b Yes, a process may ignore SIGTERM.
u and SIGKILL?
b No, SIGKILL cannot be ignored.
"""),
    dialogue("""
u I pressed Ctrl-Z and my program is gone
b SIGTSTP is what Ctrl-Z sends: it pauses the foreground job, and `fg` or `bg` lets it go on.
u how do I see it?
b Type `jobs`: it lists the stopped and background jobs of your shell.
"""),
    dialogue("""
u may I use printf in a signal handler?
b No, printf is not safe in a signal handler; set a flag or use write() instead.
u why?
b The signal may arrive while printf is already running in the program, and then its data are in disorder or a lock
+ is held.
"""),
    dialogue("""
u which signal is number 9?
b Signal 9 is SIGKILL.
u and 15?
b Signal 15 is SIGTERM.
u and 2?
b Signal 2 is SIGINT, which Ctrl-C sends.
u and 11?
b Signal 11 is SIGSEGV, a bad memory access.
"""),
]
