"""Subjects of the corpus: processes, how they start and end, and what the kernel keeps about them."""

from templates import dialogue, entry, pair

ENTRIES = [
    entry(
        "process",
        "process",
        "a",
        "processes",
        "thread program zombie orphan daemon kernel",
        """
what:
= A process is a running program with its own memory, open files and PID.
= A process is a program that is being run; it has its own memory, open files and a PID.
what do you call a running program
what is a program called while it runs
what do we call a program in execution
I started a program, what is that in the system now
what gets a PID in Linux
what do I see in each line of top
when I start a program, what does the kernel create
what is that thing with its own memory and PID
every line of ps is one of these, what is it
what does the operating system make of a program when I run it
the word for a program that is being executed
the name for an instance of a program that runs
I opened the browser twice, what are the two things called
is a running program a process
is a process a running program
what does a process have
what belongs to a process
what is a process made of
what is inside a process
what does a process own
say in one line what a process is
give me the word for a running program
a program in motion, what is it
when code is being executed by the system we speak of a what
what appears in the process list
every running app is a what
what does the kernel schedule and give memory to
name the thing that has a PID
what exactly runs when I double-click an icon
how would you call a program once it has been started
program + memory + PID = what
why:
= A process keeps running programs apart: each has its own memory, so one that crashes or goes wild cannot harm the
+ others.
why does each program run in its own process
why are programs not all in one memory
why do we separate programs into processes
why does one crashing program not kill the others
how come my browser can crash without the editor crashing
> why not run everything in one place
how:
= A process is scheduled by the kernel: it runs on a core for a short time, waits, and goes on later where it was.
how can so many processes run on few cores
how does the kernel run a process
how do hundreds of processes share four cores
what does the kernel do with a process
example:
= A process is, for instance, your shell, the web browser or this chat program; run `ps` to see more of them.
name a few processes
which processes run on my computer
is my shell a process
is this chat program a process
is a web browser a process
are you a process
make:
= A process is made by fork(), which copies the calling process; exec() then usually loads another program into it.
how does a new process come into being
which system call creates a new process
where does a new process come from
how does Linux start another program
how do I start a child
how can a program start another program
what do fork and exec do together
how can a process make another process
launch a new process from C
where do processes come from
what makes a new process
stop:
= A process is stopped with `kill PID`, which sends SIGTERM; `kill -9 PID` ends it by force when that does not help.
my program does not react any more, how do I end it
how do I end a program from the command line
a program hangs, what can I type
the window is frozen, how do I kill the program
how do I close a program that does not answer
what is the command to end a process
how do I force a program to quit
I know the PID, how do I end the program
a runaway program eats my CPU, how do I stop it
how do I shoot down a hanging program
something runs in the background and I want it gone
make a stubborn program go away
my script never finishes, how do I end it
terminate a process
what do I type to end the process with PID 300
quit a program that hangs
stop process 1234
how can I end a task from the shell
my process is out of control
see:
= Processes are listed by `ps aux`, or live by `top` or `htop`; their data are in /proc.
which processes are running right now
what is running on my machine
which command shows what is running
how do I find out what my computer is doing
how do I get a list of running programs
I want to see everything that runs
what does ps show
what is the command to list processes
is there a task manager in Linux
what is the task manager called in the terminal
find the PID of my program
how do I find the PID of a program
where does it show all the running programs
how can I look at everything that is running
print all processes
list all running tasks
is my program still running, how do I check
show what is going on inside my computer
what programs are alive at the moment
display running processes
when:
= A process ends when it calls exit(), returns from main, or is killed by a signal.
when does a process end
how does a process end
when does a program stop running
how does a process die
what are the ways a process can end
when is a process over
simple:
= A process is a program that is running.
""",
        2.0,
    ),
    entry(
        "program",
        "program",
        "a",
        "programs|computer programs",
        "process thread compiler",
        """
what:
= A program is a file with instructions on disk; when it is run it becomes a process.
= A program is a list of instructions in a file; it does nothing until it is run as a process.
what do you call a file with instructions for the computer
what is an executable
what is software made of
what is the thing on disk before I run it
what is a computer program
what is an executable file
is a program the file or the running thing
what do programmers write
what is /bin/ls
is ls a program
what is a program before it runs
a list of instructions for the machine
what lies on the disk and waits to be started
what does a compiler produce
which file can be executed
instructions for a computer, what is that
example:
= A program is, for instance, /bin/ls, the shell, or a Python script you wrote.
name a program
which programs are on a Linux system
is a script a program
make:
= A program is made by writing source code and then compiling it, or by letting an interpreter such as Python run it.
how do I write a program
how does source code become a program
how does one program a computer
""",
    ),
    entry(
        "pid",
        "PID|process ID|process id",
        "a",
        "PIDs|process IDs",
        "ppid process exit_status",
        """
what:
= A PID is the number the kernel gives to a process so that it can be named.
= A PID, or process ID, is the number by which the kernel knows a process.
what does PID mean
what is the number in the first column of ps
what number does every process have
which number identifies a process
what number do I give to kill
how does the kernel tell processes apart
how are processes told apart
each process gets a number, what is it called
the number of a process, what is its name
what is a process number
how are processes named by the kernel
what does the kernel use to name a process
what is the number next to my program in top
the identification number of a process
what is 4711 in kill 4711
which number do I need to end a process
what do the numbers in ps stand for
the name of a process is a number, which
how can the kernel know which process I mean
short for process identifier
every process carries a number, namely
why:
= A PID is needed to speak of one certain process, for example to send it a signal with `kill PID`.
why does every process have a number
why do processes have numbers
why are processes numbered
what do I need the process number for
see:
= A PID is shown by `ps`, `top` or `pgrep name`; in the shell `$$` is the shell's own PID, and getpid() returns it
+ in C.
how do I find out the PID of a program
how can a program find its own PID
how do I get the PID of my shell
what does getpid return
what does getpid do
which command gives me the PID of firefox
what does echo $$ print
I need the number of a process, how do I get it
what does pgrep do
how does a process know its own number
get the process number of my server
which number has my program
print the PID of the current shell
how can I learn the number of a running program
more:
= A PID is unique only while the process lives; after it is reaped the number may be given to a new process.
can two processes have the same PID
is a PID unique
are process numbers reused
what happens to the PID after the process ends
can a PID be used again
will a PID change while the program runs
how long does a process keep its number
> is it unique
> can it be used again
simple:
= A PID is the number of a process.
""",
    ),
    entry(
        "ppid",
        "PPID|parent PID",
        "a",
        "PPIDs",
        "pid parent child process",
        """
what:
= A PPID is the PID of the parent, the process that started this one.
what does PPID mean
what is the number of the parent process called
which number tells me who started a process
how does a process know its parent
what does getppid return
how do I find the parent of a process
which column of ps shows the parent
who started this process, where do I see that
the PID of the parent, what is it called
how can I see which process started my program
what is the second number in ps -ef
number of the process that created me
how do I learn who my parent is
what does the parent's number tell me
more:
= A PPID changes when the parent dies: the orphan is adopted by init or a subreaper and gets its PID as the new PPID.
can the PPID change
why is my PPID suddenly 1
my process has parent 1, why
my PPID became 1, what happened
when does the parent number of a process change
""",
    ),
    entry(
        "parent",
        "parent process|parent",
        "a",
        "parent processes|parents",
        "child ppid orphan init",
        """
what:
= A parent process is a process that made another one with fork; it should wait for that child.
= A parent is the process that created another process, its child.
what do you call the process that started another one
who is the parent of a process
who is the parent of my program
which process is called the parent
the process that called fork, what is it called
if my shell starts ls, what is the shell to ls
what is the creator of a process called
who made the child
do all processes have a parent
does every process have a parent
who calls fork
the process above another one in the tree
what is the maker of a child process called
which process should call wait
who started the child
the process from which another one was forked
why:
= A parent process waits for its children to learn their exit status and to free their entries in the process table.
what are the duties of a parent process
what must a parent do for its children
what should a parent do when the child ends
why does a parent wait
what does a good parent process do
example:
= A parent process is, for instance, your shell: each command you type becomes its child.
is the shell a parent
who is the parent of the commands I type
""",
    ),
    entry(
        "child",
        "child process|child",
        "a",
        "child processes|children|child",
        "parent fork orphan zombie",
        """
what:
= A child process is a process made by another one, its parent, with fork.
= A child is a process that was created by a parent process through fork().
what do you call a process made by fork
what is the new process after fork called
which process is called the child
what is a subprocess
what is the copy that fork makes called
my program started another program, what is that to mine
the process that was created by another one
who is the child after a fork
in a family of processes, who is the younger one
what does a parent make with fork
the offspring of a process
which process gets 0 from fork
a process started by another process
the process below another one in the tree
what is the new one of the two after fork called
what are the kids of a process
make:
= A child process is made by calling fork(); it returns 0 in the child and the child's PID in the parent.
how does a parent get a child
how does a process have children
which call gives me a child
how can my program have children
how do I launch a subprocess
how do processes have babies
more:
= A child process starts with a copy of its parent's memory and open files, but has its own PID.
what does a child get from its parent
what does a child inherit
does a child share the memory of its parent
does a child have its own memory
what does the child inherit from the parent
what is copied to the child
are open files inherited by the child
can a process have several children
how many children can a process have
> what does it inherit
> does it share memory with the parent
simple:
= A child is a process that another process made.
""",
    ),
    entry(
        "fork",
        "fork|fork()",
        "",
        "",
        "exec wait clone spawn",
        """
what:
= fork() makes a copy of the calling process; it returns 0 in the child and the child's PID in the parent.
= fork() is the system call that copies the calling process: the copy is called the child.
which system call copies a process
how do I copy a process
how does a process duplicate itself
which function creates a copy of the running process
what does the fork system call do
what happens when I call fork
what happens on fork
what happens if a program calls fork
what is forking
what does it mean to fork
what does it mean that a process forks
what is the call that splits one process into two
how does one process become two
a process wants a twin, what does it call
which call is called once but returns twice
which function returns twice
what does fork in C do
what does os.fork do
why do I see two outputs after fork
make a copy of the running process
duplicate a process, which call
one process calls it and two go on
what is the Unix way to make a process
how do you clone a running process
the call that makes a child
what does the operating system do on fork
I see fork() in a program, what does it do
what is the command in C to make a child
what is the meaning of fork in operating systems
is fork about cutlery
two processes come out of one, by which call
how come a program runs twice after one call
returns:
= fork() returns 0 in the child, the child's PID in the parent, and -1 when it fails.
what does fork return
what is the return value of fork
what value does fork give back
which value does the child get from fork
what does fork return in the child
what does fork return in the parent
what does fork give to the parent
what number comes back from fork
fork gave me 0, what does it mean
fork returned 0, who am I
fork returned -1, what does that mean
how do I know if I am the child or the parent
how does a program know that it is the child
how can I tell parent and child apart after fork
after fork, how do I know which one I am
does fork return 0 in the child or in the parent
why does fork return twice
why does fork give two different numbers
> what does it return
> and what does it return
> what is its return value
> how do I tell the two apart
what does the parent get back from fork
what does the child get back from fork
who gets zero after fork
who gets the PID after fork
which of them sees 0, parent or child
the result of fork is zero, what does that mean
the result of fork is negative, what does that mean
the result of fork is positive, what does that mean
if (fork() == 0), who runs this code
pid = fork(); what is in pid
explain the return values of fork
explain what fork gives back
how can the two processes after fork know who they are
fork returned a number larger than zero, who am I
fork returned 1234, am I the parent
what number does fork hand to the child
what is returned by fork() in the parent process
value of fork in the child
> what does it give back
> and in the child
> what does the parent get
why:
= fork() is how new processes are made on Unix: the child can then do other work or exec another program.
why would a program fork
why does the shell fork
why do servers fork
what is forking good for
how:
= fork() lets the kernel copy the process record and page tables; the pages themselves are shared until someone
+ writes.
how can fork be so fast
is fork slow
is fork expensive
does fork copy all the memory
is the whole memory copied on fork
why is fork fast with a big process
fork of a 10 GB process, is all that copied
example:
= fork() in C: `pid_t p = fork(); if (p == 0) child(); else waitpid(p, 0, 0);`
show me fork in code
how do I use fork in C
how do I write a fork
code for a fork please
how does the code around fork look
more:
= fork() twice in a row gives four processes, since each of the two after the first call forks again.
how many processes are there after two forks
I call fork two times, how many processes do I get
fork(); fork(); how many processes
how many processes do I have after calling fork twice
why do two forks make four processes
bad:
= fork() in an endless loop is a fork bomb: it fills the process table until nothing new can start.
what is a fork bomb
what happens if I fork in a loop forever
what is a program that forks without end
how can fork hurt my system
why is while true fork a bad idea
is it dangerous to fork in a loop
simple:
= fork() makes a second process that is a copy of the first.
""",
        1.6,
    ),
    entry(
        "cow",
        "copy-on-write|copy on write",
        "",
        "",
        "fork page virtual_memory",
        """
what:
= Copy-on-write means that after fork both processes share the same pages, and a page is copied only when one of
+ them writes to it.
= Copy-on-write lets parent and child share pages until somebody writes; only then is that page copied.
what does COW mean in memory
what is COW
when are pages copied after fork
why is memory not copied at once by fork
how do parent and child share memory after a fork
what happens when the child writes to a shared page after fork
what trick makes fork cheap
pages shared until somebody writes, what is that
what is lazy copying of pages
does the kernel copy memory at fork or later
who copies the page when the child writes
how does fork avoid copying everything
sharing pages until the first write
how can fork be cheap although it copies a process
which trick delays the copying of memory
the memory is copied later, when it is changed
what happens to memory after fork until a write
copy only if needed, what is the name
parent and child use the same pages at first, what is that
how do two processes share pages after fork
why does my memory not double after fork
is memory doubled by fork
why:
= Copy-on-write makes fork fast and saves memory, because pages that nobody writes to are never copied.
why is copy on write a good idea
why not copy all memory right away
what do we gain by copying later
what does COW save
how does that trick save memory
how:
= Copy-on-write marks shared pages read-only; a write causes a page fault, and the kernel then copies the page for
+ the writer.
how does the kernel notice the write after fork
how is the copy triggered when someone writes
which mechanism triggers the copy in copy on write
simple:
= Copy-on-write means: share first, copy only when somebody writes.
""",
    ),
    entry(
        "exec",
        "exec|exec()|execve",
        "",
        "",
        "fork wait spawn system_call",
        """
what:
= exec() replaces the program inside a process by another one; the PID stays the same.
= exec() loads a new program into the calling process, which keeps its PID and does not come back to the old code.
which call loads another program into a process
which system call replaces the running program
how do I replace the program in a process
what does execve do
what does execvp do
what does the exec system call do
what happens when a process calls exec
how does a process become another program
how does the child run a different program after fork
after fork, how do I run ls in the child
what comes after fork to start another program
how do I load a new program without a new PID
why is the code after exec never reached
why does nothing after exec run
which function never returns if it succeeds
does exec make a new process
does exec create a new process
does exec change the PID
is the PID the same after exec
does exec return
run another program in the same process
change the program but keep the PID
which call throws away the old program and loads a new one
how does a process turn into ls
put a new program into an existing process
I forked, now I want the child to be another program
which function family contains execl and execvp
how can I run /bin/ls from my C program after fork
what comes after fork in the child
same process, new program, which call
what replaces the running code
why:
= exec() is needed because fork only copies: exec puts the program you want into the new process.
why do we need exec after fork
why is fork not enough
why does the shell call exec
more:
= exec() keeps the PID and the open files, but throws away the old code, stack and heap.
what survives an exec
what is kept by exec
what gets lost with exec
do open files stay open after exec
does the memory survive exec
what happens to my variables after exec
what happens to open files on exec
example:
= exec() in C: `execlp("ls", "ls", "-l", NULL);` turns the calling process into `ls -l`.
show me exec in code
how do I write an exec call
code for exec please
simple:
= exec() swaps the program inside a process for another one.
""",
    ),
    entry(
        "spawn",
        "posix_spawn|spawning",
        "",
        "",
        "fork exec",
        """
what:
= posix_spawn() starts a new process with another program in one call, much like fork and exec together.
= Spawning means starting a new process with a program in it, as fork and exec do together.
what does it mean to spawn a process
is there one call for fork and exec together
what does spawn mean
how do I start a program from Python
what does subprocess.run do
how do I run a command from Python
what does subprocess.Popen do
which Python module starts processes
""",
    ),
    entry(
        "clone",
        "clone|clone()",
        "",
        "",
        "fork thread namespace",
        """
what:
= clone() is the Linux system call below fork and pthread_create; flags say what the new task shares with its maker.
which system call makes threads in Linux
what is under fork in Linux
which call do fork and pthread_create use
how does Linux create a thread inside
what does the clone system call do
what does CLONE_VM do
how does the kernel decide if it is a thread or a process
""",
    ),
    entry(
        "wait",
        "wait|waitpid|wait()|waitpid()",
        "",
        "",
        "fork exit_status zombie exec",
        """
what:
= wait() lets a parent wait for a child to end and read its exit status; this also reaps the zombie.
= wait() and waitpid() make the parent sleep until a child has ended and then return its exit status.
which call waits for a child
how does a parent wait for its child
how do I wait until my child is finished
how does a parent learn how its child ended
how do I get the exit status of a child
which system call reaps a child
what does it mean to reap a child
what is reaping
who reaps a zombie
what does waitpid do
what does the wait system call do
what happens if the parent calls wait
my parent should pause until the child ends, what do I call
how do I collect the exit code of a child in C
which function frees the entry of a finished child
how do I bury a dead child process
what does os.waitpid do
pause the parent until the child is finished
how does a parent collect its children
get the exit code of a child
which call must a parent make to avoid zombies
parent waits, child works, which call is it
how can I find out how my child ended
how does one let the parent sleep while the child works
let the parent block until the child exits
which function gives the status of a dead child
how can the parent read the exit status
why:
= wait() is needed so that finished children do not stay as zombies and the parent learns how they ended.
why should a parent call wait
why must I wait for children
what happens if the parent never calls wait
what if I forget to wait for my children
is it bad not to call wait
do I have to call waitpid
what happens if nobody waits for the child
more:
= waitpid() can wait for one certain child, and with WNOHANG it returns at once when no child has ended.
what does WNOHANG do
how do I check a child without blocking
how do I wait without blocking
can I wait for one certain child
how do I wait for a specific child
can the parent look whether the child is done without stopping
simple:
= wait() makes a parent wait until its child has ended.
""",
    ),
    entry(
        "exit",
        "exit|exit()|_exit",
        "",
        "",
        "exit_status wait fork",
        """
what:
= exit() ends the calling process, closes its files and leaves an exit status for the parent.
which call ends the process itself
how does a process end itself
how does a program quit
what happens when a process calls exit
what does exit(0) do
what does exit(1) do
what does sys.exit do
how do I leave a program in C
which function stops my own program
how do I end my script
what happens at the end of main
""",
    ),
    entry(
        "exit_status",
        "exit status|exit code|return code",
        "an",
        "exit statuses|exit codes|return codes",
        "wait exit pid zombie",
        """
what:
= An exit status is the small number a process leaves when it ends; 0 means success, anything else an error.
= An exit status is a number from 0 to 255 that a finished process hands to its parent; 0 means success.
which number means success
what does exit code 0 mean
what does exit status 1 mean
what does it mean when a program returns 0
is 0 good or bad as an exit code
is zero an error
my program returned 1, what does that mean
my command ended with 1, is that bad
what number does a program leave when it ends
what does a process leave behind for its parent
how does a program tell that it failed
how does a program say that all went well
how does a script signal an error
why is 0 success
does 0 mean success or failure
which value should main return
what should main return when all is fine
what does return 0 at the end of main mean
the value a program gives back at its end
which number tells that everything went fine
success is which number
zero or one, which one means success
the number after return in main
how can a program report failure
my program finished with code 2, what does it tell
what is passed from a dead child to its parent
the last number a process gives
what is a non-zero exit code
does a non-zero code mean an error
which exit code stands for no error
what does the parent read with wait
see:
= An exit status is shown in the shell by `echo $?` right after the command.
how do I see the exit code of the last command
what does echo $? print
what is $?
what does $? mean in the shell
where do I find the return value of a command
how do I know if the last command failed
how do I check if a command worked
did my last command succeed, how do I check
more:
= An exit status above 128 in the shell means death by a signal: 128 plus its number, so 137 is SIGKILL and 139
+ SIGSEGV.
what does exit code 137 mean
what does exit code 139 mean
what does exit code 130 mean
my program ended with 137
my container exits with code 137
why is my exit code 139
what do exit codes above 128 mean
my program ended with code 143
simple:
= An exit status is a number that says how a program ended: 0 is good.
""",
    ),
    entry(
        "zombie",
        "zombie|zombie process",
        "a",
        "zombies|zombie processes",
        "orphan daemon child process init",
        """
what:
= A zombie is a process that has finished but has not yet been reaped by its parent with wait().
= A zombie is a finished process whose exit status its parent has not read yet, so its entry stays in the process
+ table.
my program ended but ps still shows it with Z
what does the letter Z mean in ps
what does defunct mean in ps
ps says defunct, what is that
a process is dead but still in the list
what is a dead process that is still in the table
what do you call a process that has ended but was not waited for
what is a process called that is finished but not reaped
my child has exited and still shows up in ps
the child is done but the parent did not call wait, what is it now
what is left of a process when the parent does not wait
why is there a process in state Z
which process is dead and still has a PID
what is a defunct process
what is a process of the living dead
what is the undead process called
a finished process that nobody collected
does a zombie still run
is a zombie still running
is a zombie alive or dead
what does the kernel keep until the parent calls wait
a corpse in the process table
the process is over but its entry is still there
dead but not buried, what process is that
what is left when a child ended and nobody asked for its status
ended but not collected, what is it called
a Z in the status column
what is meant when top says 1 zombie
top shows 2 zombie, what are they
the child returned from main but is still listed
a child nobody waited for
name of a terminated process that still has an entry
which state has a process after exit and before wait
why does a finished process stay in the list
the child is dead, the parent sleeps on, what is the child
cause:
= A zombie appears when a child ends and its parent does not call wait(), so the kernel keeps the exit status for it.
why does my child become a zombie
why do my children turn into zombies
when does a process become a zombie
how does a process turn into a zombie
how can a process become undead
whose fault is a zombie
who is to blame for zombies
why does Linux keep zombies
what must happen for a zombie to appear
how do I make a zombie
why are there zombies on my machine
the parent forgot to call wait, what happens
what does a parent do wrong when zombies appear
how do zombies come into the world
why is there a defunct entry
what if the parent does not reap its child
avoid:
= Zombies are avoided when the parent calls wait() or waitpid() for each child, for example on SIGCHLD.
how do I write a parent without zombies
what should my program do so that children do not stay defunct
how do I clean up finished children
how do I make sure that children are reaped
which call prevents zombies
my server leaves defunct children, how do I fix it
how do I keep my parent from making zombies
no zombies please, what must the parent do
keep the process table free of dead children
how do I handle SIGCHLD so that no zombies stay
stop:
= A zombie cannot be killed, for it is already dead; its parent must call wait(), or end, so that init reaps it.
can I kill a zombie
can I kill a zombie with kill -9
kill -9 does not remove a zombie
why can I not kill a zombie
why does kill -9 not work on a zombie
how do I get rid of a defunct process
kill has no effect on a Z process
how to kill the undead
a defunct process will not go away
how do I clean up zombies
my zombie does not die
does SIGKILL work on zombies
remove a defunct process
how can I make zombies disappear
will kill -9 help against a zombie
what must I kill to get rid of a zombie
is it possible to kill what is already dead
how do I bury a zombie
bad:
= A zombie uses no memory or CPU, only a PID and a table entry; many of them can use up all PIDs.
do zombies use memory
do zombies eat CPU
does a zombie take up memory
how much memory does a zombie need
what does a zombie cost
is one zombie a problem
I have one zombie, is that serious
what happens if there are too many zombies
are defunct processes harmful
is it harmful to have a thousand zombies
see:
= Zombies show up in `ps aux` with state Z and the word <defunct>.
how do I see if there are zombies
how do I find defunct processes
how do I recognise a dead child in ps
which letter shows a zombie
how are zombies marked in ps
how many zombies do I have
simple:
= A zombie is a dead process that is still in the list.
""",
        1.8,
    ),
    entry(
        "orphan",
        "orphan|orphan process",
        "an",
        "orphans|orphan processes|orphaned processes",
        "zombie daemon child init",
        """
what:
= An orphan is a process whose parent has ended; it is adopted by init or a subreaper and runs on.
= An orphan is a running process whose parent died first; init or a subreaper becomes its new parent.
what do you call a process whose parent is dead
what is a process without a parent called
what is a child called when its parent is gone
the parent ended before the child, what is the child now
my parent process died, what about the child
what happens to a child when its parent dies
what happens to children if the parent ends first
the parent crashed but the child still runs
who adopts a process when the parent dies
who takes care of a process without a parent
who becomes the new parent of a child
my parent is gone and my PPID is 1, what am I
does a child die when its parent dies
do children die with their parent
will the child go on when I kill the parent
what becomes of the child if I kill the parent
is an orphan still running
a process that has lost its parent
I killed the server but its children live on
the father process is gone, the child lives on
parent gone, child alive, what is the child called
a running process whose creator has ended
who looks after children without parents
a process adopted by PID 1
what happens to the child if the parent exits first
the parent is killed, what about its child
a child that outlives its parent
which process gets adopted
who is the new mother of a lost process
what becomes of a process when its parent ends
cause:
= An orphan appears when a parent ends, by exit or by a signal, while its child still runs.
how does a process become an orphan
when does a child become an orphan
why do children lose their parent
bad:
= An orphan is harmless as such: its new parent, init or a subreaper, reaps it when it ends.
do orphans become zombies
who reaps an orphan
do orphans hurt the system
who waits for an orphan
will an orphan stay as a zombie
simple:
= An orphan is a process that has lost its parent.
""",
        1.3,
    ),
    entry(
        "init",
        "init|init process|systemd",
        "",
        "",
        "orphan daemon kernel subreaper",
        """
what:
= Init is the first process, with PID 1; it starts the others and adopts orphans. Often it is systemd.
= Init is PID 1, the first process the kernel starts; all other processes come from it.
which process has PID 1
who has PID 1
what is PID 1
what is process number 1
what is the first process
which process is started first
what starts first when Linux boots
what is the ancestor of all processes
who is the mother of all processes
who is the grandfather of all processes
who is the root of the process tree
which process does the kernel start by itself
what is systemd
what is at the top of the process tree
who reaps orphans
which process never ends
which process adopts orphans
can I kill PID 1
the very first process
the process that never dies while the system runs
who starts all the services
PID 1, who is it
which process has no parent
the root of all processes
what comes right after the kernel at boot
who collects the orphans
why:
= Init is needed to start the services of the system and to adopt and reap orphans.
why is there a process with PID 1
what is PID 1 for
what is the job of PID 1
what does the first process do all day
what would happen without init
""",
    ),
    entry(
        "subreaper",
        "subreaper|child subreaper",
        "a",
        "subreapers",
        "init orphan",
        """
what:
= A subreaper is a process that adopts the orphans among its descendants in place of init; it is set with prctl().
who besides init can adopt orphans
my orphan was adopted by systemd --user and not by PID 1, why
my orphan does not have PPID 1, why
how can my program adopt its orphaned grandchildren
what does PR_SET_CHILD_SUBREAPER do
which process adopts orphans instead of init
""",
    ),
    entry(
        "daemon",
        "daemon|daemon process",
        "a",
        "daemons|daemon processes",
        "orphan zombie background",
        """
what:
= A daemon is a process that works in the background without a terminal, such as a web server.
= A daemon is a background process with no terminal; it often starts at boot and waits for work.
what do you call a process that runs in the background all the time
what do you call a process without a terminal
which processes have no terminal
what is a background service called in Unix
why do so many program names end in d
what does the d in sshd mean
what does the d at the end of httpd stand for
what is sshd
is a web server a daemon
what is a demon in Unix
is a daemon something evil
what runs quietly in the background and serves requests
what is a service in Linux
a server program that no terminal controls
ps shows a question mark in the TTY column, what is that process
a background worker of the system
a process that nobody sees but that serves all
programs that run without a window or terminal
a helper that waits in the background for requests
which kind of process is a print server
which kind of process is a database server
a process detached from any terminal
always running, never seen, what process is it
what do names like crond and sshd have in common
what kind of program starts at boot and keeps waiting
example:
= A daemon is, for instance, sshd, which waits for logins, or cron, which starts jobs at set times.
name a few daemons
which daemons run on my system
is sshd a daemon
is cron a daemon
is the print server a daemon
make:
= A daemon forks, lets the parent exit, calls setsid() and closes its terminal; or systemd simply runs it as a
+ service.
how does a process become a daemon
how do I turn my program into a daemon
how do I detach a program from the terminal
how do I run my program as a service
how do I daemonize
how do I make a program run in the background forever
how do I keep my program running after I log out
simple:
= A daemon is a program that works quietly in the background.
""",
        1.2,
    ),
    entry(
        "process_state",
        "process state",
        "a",
        "process states|states of a process",
        "zombie context_switch scheduler",
        """
what:
= Process states are running (R), sleeping (S), uninterruptible sleep (D), stopped (T) and zombie (Z).
= A process state says what a process is doing: running, sleeping, stopped or zombie (R, S or D, T, Z).
which states can a process have
in which states can a process be
what states are there for a process
list the states of a process
name the process states
what do the letters R S D T Z mean
what do the letters in the STAT column mean
what does STAT in ps show
what does the S column in top mean
how many states does a process have
can a process be in more than one state
what are R, S, D, T and Z
which letters does ps show for states
is a process always running
what can a process be doing
what can be in the state column
running, sleeping, stopped, what are these
what is the life of a process like
what does a process do when it does not run
which letter belongs to which state
explain the letters in the state column
what status can a task have
""",
    ),
    entry(
        "state_r",
        "state R|running state",
        "",
        "",
        "state_s state_d state_t state_z",
        """
what:
= State R means running or runnable: the process is on a core or waits for one in the run queue.
what does R mean in ps
what does R mean in top
my process has an R in ps
what does the letter R say about a process
which letter shows a running process
what is a runnable process
what does it mean that a process is ready
what is the ready state
a process that could run but waits for a core
a task in R, what is it doing
which state is running
""",
    ),
    entry(
        "state_s",
        "state S|sleeping state",
        "",
        "",
        "state_r state_d state_t state_z",
        """
what:
= State S means sleeping: the process waits for something, such as input or a timer, and uses no CPU; a signal can
+ wake it.
what does S mean in ps
what does S mean in top
most of my processes show S, is that bad
what does it mean that a process sleeps
what is a sleeping process
what does a sleeping process wait for
does a sleeping process use CPU
does a sleeping process cost CPU time
why are most processes asleep
why do so many processes sleep
what is interruptible sleep
which letter shows a sleeping process
my program waits for the keyboard, which state is it in
a task in S, what is it doing
which state is waiting for input
""",
    ),
    entry(
        "state_d",
        "state D|uninterruptible sleep",
        "",
        "",
        "state_r state_s state_t state_z",
        """
what:
= State D means uninterruptible sleep: the process waits inside the kernel, mostly for a disk, and not even SIGKILL
+ ends it until then.
what does D mean in ps
what does D mean in top
my process hangs in D state
a process is in D and cannot be killed
kill -9 does not work on a process that waits for the disk
why can I not kill a process in state D
why does kill -9 have no effect on a process that waits for a network drive
what does it mean when a process waits for the disk
which state is waiting for the disk
which letter shows a process that waits for I/O
what is disk sleep
is D worse than S
which process ignores even kill -9
a task in D, what is it waiting for
""",
    ),
    entry(
        "state_t",
        "state T|stopped state",
        "",
        "",
        "state_r state_s state_d state_z",
        """
what:
= State T means stopped: the process was paused by SIGSTOP or Ctrl-Z and goes on after SIGCONT.
what does T mean in ps
what does T mean in top
my process shows T
what is a stopped process
what is a paused process
which letter shows a stopped process
I pressed Ctrl-Z, which state is the process in
what does it mean that a process is stopped
is a stopped process dead
how does a stopped process go on
how do I wake up a stopped process
a task in T, what happened to it
which state is paused
""",
    ),
    entry(
        "state_z",
        "state Z|zombie state",
        "",
        "",
        "state_r state_s state_d state_t zombie",
        """
what:
= State Z means zombie: the process has finished, but its parent has not yet called wait() for it.
what does Z mean in ps
what does Z mean in top
my process shows Z
which letter stands for zombie
what does the Z in the state column tell me
""",
    ),
    entry(
        "context_switch",
        "context switch",
        "a",
        "context switches",
        "scheduler time_slice system_call interrupt",
        """
what:
= A context switch is when the kernel saves one task's registers and loads another's, so that the other can run.
= A context switch means that the kernel saves the state of one task and restores that of another on a core.
what happens when the CPU goes from one process to another
what does the kernel do to switch to another process
how does the CPU change from one task to the next
how does one core run many programs
what is it called when the kernel swaps the running task
what is saved when a process loses the CPU
what does the kernel save when it switches tasks
how does the kernel change the running process
registers are saved and others loaded, what is that
what happens to the registers when another process runs
what is switching between tasks called
what is task switching
how does a process go on where it left off
leave one process and go on with another
the change from task A to task B on a core
save the registers, load others
what does the CPU do between two processes
how does one processor jump between programs
put one task aside and take up another
what must happen before another process can run on the core
changing the running task, what is it called
how does the kernel hand the core to the next task
bad:
= A context switch costs a few microseconds and leaves the caches cold, so too many of them waste CPU time.
what does a context switch cost
are context switches expensive
is switching tasks slow
why are many context switches slow
how long does a context switch take
how expensive is it to switch between processes
is it bad to switch often
cause:
= A context switch happens when a task waits, when its time slice is over, or when a more important task becomes
+ ready.
when does the kernel switch to another task
when is a task taken off the CPU
why does the kernel take the CPU away from my program
what triggers a switch of tasks
see:
= Context switches are counted in /proc/PID/status as voluntary and nonvoluntary ones; `vmstat` shows them for the
+ whole system.
how many context switches does my process make
where are context switches counted
what is a nonvoluntary context switch
what is a voluntary context switch
what does voluntary_ctxt_switches mean
simple:
= A context switch is when the CPU stops one task and goes on with another.
""",
    ),
    entry(
        "system_call",
        "system call|syscall",
        "a",
        "system calls|syscalls",
        "kernel user_mode interrupt library",
        """
what:
= A system call is a request from a program to the kernel, such as open, read or fork.
= A system call is how a program asks the kernel to do something for it, like reading a file.
how does a program ask the kernel for something
how does a program talk to the kernel
how do programs get help from the kernel
how does my program read a file from the disk
what is a request to the kernel called
what are read, write and open
what is read()
is fork a system call
is printf a system call
what is the door from a program into the kernel
how does user code get into the kernel
how can a program use the hardware when it may not touch it
what do you call the services of the kernel
what is the interface between program and kernel
why can my program not simply read the disk itself
a program needs something from the operating system, how does it ask
ask the kernel to open a file, how is that called
how does user code request a service
the way from a program to the kernel
what happens when my program calls open
the doorbell of the kernel
how do programs use the services of the operating system
how do I enter the kernel
what are open, close and fork
requests from a program to the operating system
which mechanism crosses from user mode to kernel mode
how:
= A system call puts a number and arguments in registers and runs a special instruction; the CPU enters kernel mode
+ and the kernel does the work.
how is a system call made
what happens during a system call
what happens in the CPU on a system call
how does the switch into the kernel work
example:
= System calls are, for instance, open, read, write, fork, execve, mmap and kill.
name some system calls
which system calls are there
name three system calls
list a few syscalls
which system calls do you know
see:
= System calls of a program are shown by `strace`, for example `strace ls`.
how do I see which system calls a program makes
what does strace do
what is strace
how can I watch a program talk to the kernel
how do I trace a program
my program hangs and I want to know in which call
simple:
= A system call is how a program asks the kernel for something.
""",
    ),
    entry(
        "kernel",
        "kernel|Linux kernel",
        "the",
        "",
        "user_mode system_call operating_system driver",
        """
what:
= The kernel is the core of the operating system: it manages processes, memory and devices.
= The kernel is the innermost part of the operating system; it shares out CPU, memory and devices among processes.
what is the core of an operating system called
what is the heart of the operating system
which part of Linux talks to the hardware
which program controls the hardware
what manages memory and processes
who decides which process runs
who hands out memory
who starts the first process
what is Linux in the strict sense
which part of the system is always in memory
which part of the operating system has full rights
who creates processes
who is the boss of all processes
what is a kernel in an operating system
is the kernel a program
is the kernel a process
the innermost part of Linux
the program that controls all others
who is in charge of memory, devices and processes
the central part of an operating system
which software has all rights on the machine
the layer right above the hardware
the piece of Linux that Linus Torvalds wrote
what makes processes and gives them memory
what is the middle of the operating system
why:
= The kernel is needed so that many programs can share one machine safely, without touching each other or the
+ hardware.
what would happen without a kernel
why can programs not use the hardware themselves
why do computers have a kernel
what does the kernel do for me
what are the tasks of the kernel
what is the job of the kernel
see:
= The kernel version is shown by `uname -r`.
which kernel do I have
how do I find out my kernel version
what does uname do
which command shows the version of Linux
what is uname -r
simple:
= The kernel is the heart of the operating system.
""",
    ),
    entry(
        "user_mode",
        "user mode|user space",
        "",
        "",
        "kernel_mode system_call kernel",
        """
what:
= User mode is how normal programs run: the CPU forbids them to touch hardware or the memory of others.
= User mode is the CPU's restricted mode for ordinary programs; for anything special they must call the kernel.
in which mode do normal programs run
what mode do my programs run in
what is userland
which CPU mode has few rights
what may a program not do in user mode
what is the unprivileged mode of the CPU
does my program run with full rights on the CPU
what is user space
the CPU mode with limited rights
ordinary programs run in which mode
where may a program not touch the hardware
the safe mode for normal programs
""",
    ),
    entry(
        "kernel_mode",
        "kernel mode|kernel space",
        "",
        "",
        "user_mode system_call kernel",
        """
what:
= Kernel mode is the CPU's privileged mode, in which the kernel runs and may do anything, such as use hardware.
in which mode does the kernel run
which CPU mode has all rights
which mode may touch the hardware
what is the privileged mode of the CPU
when does the CPU enter kernel mode
how does a program get into kernel mode
what is ring 0
what is kernel space
what is supervisor mode
the CPU mode with all rights
where is everything allowed
the mode in which system calls are carried out
""",
    ),
    entry(
        "pcb",
        "process control block|PCB|task_struct",
        "a",
        "process control blocks|PCBs",
        "process_table process context_switch pid",
        """
what:
= A process control block is the kernel's record of a process: its PID, state, registers and open files. Linux calls
+ it task_struct.
where does the kernel keep what it knows about a process
what does the kernel store about a process
what data does the kernel keep for each process
which structure describes a process in the kernel
what is task_struct in Linux
what does PCB stand for
where are the registers of a waiting process stored
where are the PID and the state of a process kept
what is the kernel's record of a process called
what does the kernel remember about each process
what is in a PCB
what is stored in a process control block
the file card of a process in the kernel
the kernel's notes about a process
where are PID, state and registers of a process noted
""",
    ),
    entry(
        "process_table",
        "process table",
        "the",
        "",
        "pcb pid zombie",
        """
what:
= The process table is the kernel's list of all processes, with one entry for each.
where does the kernel list all processes
what is the list of all processes called
what fills up when there are too many zombies
where does a zombie stay
what does a fork bomb fill
how many processes can there be
is there a limit on the number of processes
why does fork fail with resource temporarily unavailable
""",
    ),
    entry(
        "process_tree",
        "process tree",
        "the",
        "",
        "init parent child",
        """
what:
= The process tree is all processes ordered by parent and child, with init as the root; `pstree` shows it.
how are processes related to each other
how do I see which process belongs to which parent
what does pstree show
which command shows the family of processes
how can I see the family tree of my processes
are processes a family
what is the hierarchy of processes
""",
    ),
    entry(
        "process_group",
        "process group",
        "a",
        "process groups",
        "session job shell pid",
        """
what:
= A process group is a set of processes that get signals together, for example all commands of one shell pipeline.
how can I send a signal to several processes at once
which processes get Ctrl-C
who gets the signal when I press Ctrl-C in a pipeline
what is a PGID
what does setpgid do
how does the shell keep the commands of a pipe together
a set of processes that are signalled together
why does Ctrl-C end all commands of a pipeline
what does kill with a negative number do
processes that are signalled as one
why do all parts of a pipeline stop on Ctrl-C
several processes, one group number, what for
""",
    ),
    entry(
        "session",
        "session|login session",
        "a",
        "sessions",
        "process_group terminal daemon",
        """
what:
= A session is a set of process groups that share one terminal, usually all you start after one login.
what does setsid do
what do all processes of one terminal form
what is a set of process groups called
what is a session leader
which processes belong to my terminal
what ends when I close the terminal
why do my programs end when I close the terminal window
what is a SID
all process groups of one login
""",
    ),
    entry(
        "shell",
        "shell|command line shell",
        "a",
        "shells",
        "terminal process environment",
        """
what:
= A shell is a program that reads your commands and starts other programs, such as bash.
= A shell is the program behind the prompt: it reads a command, forks, runs it and waits for it.
which program reads the commands I type
what is bash
what is zsh
what is behind the dollar sign in the terminal
what is the program that shows the prompt
where do I type commands
who starts my commands
what is the command line
what understands my commands
what interprets ls when I type it
what is sh
bash, zsh and fish are what
the program that waits for my commands
who understands what I type at the prompt
what is there after I log in on a text screen
the thing that says $ and waits
who carries out my commands
the program between me and the kernel
how:
= A shell reads a line, forks a child, lets it exec the command, and waits until it has ended.
what does the shell do when I type ls
what happens when I type a command
what happens when I press Enter after a command
how does bash run a command
how does the shell start a program
what goes on when I type a command in the terminal
how does a command line interpreter work
example:
= A shell is, for instance, bash, zsh, fish or dash.
name some shells
which shells are there
which shell do most Linux systems use
simple:
= A shell is the program that runs the commands you type.
""",
    ),
    entry(
        "environment",
        "environment variable",
        "an",
        "environment variables",
        "shell path_var process",
        """
what:
= An environment variable is a named text that a process inherits from its parent, such as PATH or HOME.
what is HOME in the shell
what are PATH and HOME
what does export do
what does export in bash do
how do I pass settings to a program without arguments
how does a child get settings from its parent
what are the named values a process inherits
what does the env command show
what does printenv do
what is $HOME
what is $USER
where does my program find the home directory
settings that every process gets from its parent
named strings such as HOME and LANG
what is LANG in the shell
how can I give a setting to a child process
what are NAME=value pairs of a process
make:
= An environment variable is set with `export NAME=value`; `NAME=value command` sets it for one command only.
how do I set a variable for my programs
how do I set PATH
how do I export a variable
how do I set a variable for only one command
why does my child not see my shell variable
see:
= Environment variables are listed by `env`; one of them is printed by `echo $NAME`.
how do I list my environment
how do I see the value of PATH
which variables are set in my shell
how do I print an environment variable
""",
    ),
    entry(
        "path_var",
        "PATH",
        "",
        "",
        "environment shell",
        """
what:
= PATH is the list of folders in which the shell looks for a command.
how does the shell find a command
where does the shell look for programs
why do I get command not found
command not found, what does that mean
what is the variable with all those folders and colons
how do I add a folder to the search for commands
why must I type ./ before my program
why do I need ./a.out
""",
    ),
    entry(
        "job",
        "job|shell job",
        "a",
        "jobs",
        "background foreground process_group shell",
        """
what:
= A job is a command or pipeline that the shell manages as one; `jobs` lists them.
what does the jobs command show
what does jobs do in bash
what is the number in square brackets after a command with &
what does [1] mean after I start something with &
what is job control
what does %1 mean in the shell
how do I see what I started in the background
a command as the shell sees it
""",
    ),
    entry(
        "background",
        "background job|background process",
        "a",
        "background jobs|background processes",
        "foreground job daemon",
        """
what:
= A background job runs while the shell already takes the next command; it is started with & at the end of the line.
what does & at the end of a command do
what does the ampersand do in the shell
how do I start a command and get the prompt back
what does running in the background mean
what does it mean if a job is in the background
what does bg do
how do I use the shell while a command runs
a command that runs while I go on typing
running behind the prompt
make:
= A background job is started with `command &`; a running one is moved there with Ctrl-Z and then `bg`.
how do I run a program in the background
how do I move a running program to the background
how do I put a program in the background
my command blocks the terminal, how do I get the prompt back
how do I start a program without waiting for it
how do I send a job to the back
how do I keep working while my program runs
stop:
= A background job is ended with `kill %1`, or brought to the front with `fg` and ended with Ctrl-C.
how do I end something I started with &
how do I stop a program in the background
Ctrl-C does not end my background job
how do I kill job 1
""",
    ),
    entry(
        "foreground",
        "foreground job|foreground process",
        "a",
        "foreground jobs|foreground processes",
        "background job",
        """
what:
= A foreground job has the terminal: it gets the keyboard and Ctrl-C, and the shell waits until it ends.
what does fg do
which job gets the keyboard
what is a command that the shell waits for
how do I bring a job back to the front
which process gets Ctrl-C
how do I return to a stopped job
what does it mean to run in the foreground
the command that has my keyboard
what is the job in front
""",
    ),
    entry(
        "ps",
        "ps|ps command",
        "",
        "",
        "top kill_command pstree",
        """
what:
= ps lists processes: `ps` shows those of your terminal, `ps aux` shows all.
what does ps do
what does ps aux mean
what does ps aux show
which command lists all processes once
what is the ps command for
what does ps -ef show
how do I use ps
what can I learn from ps
print the list of processes
a snapshot of all processes, which command
""",
    ),
    entry(
        "top",
        "top|top command|htop",
        "",
        "",
        "ps kill_command load_average",
        """
what:
= top shows the processes that use most CPU, refreshed every few seconds; press q to leave.
what does top do
what does htop do
which command shows live CPU usage
which program eats my CPU
how do I see what makes my computer slow
my computer is slow, how do I find out why
which process uses the most CPU
how do I watch processes live
how do I leave top
my fan is loud, which program is it
the machine is sluggish, where do I look
what is eating my processor
""",
    ),
    entry(
        "kill_command",
        "kill|kill command",
        "",
        "",
        "ps top pkill sigterm",
        """
what:
= kill sends a signal to a process: `kill PID` sends SIGTERM, `kill -9 PID` sends SIGKILL.
what does kill do
what does the kill command do
does kill always end a process
what is kill for
what does kill 1234 do
how do I send a signal from the shell
which command sends signals
how do I use kill
is kill only for killing
which command has such a brutal name but only sends signals
""",
    ),
    entry(
        "pkill",
        "pkill|killall",
        "",
        "",
        "kill_command ps",
        """
what:
= pkill sends a signal to processes by name, for example `pkill firefox`.
how do I kill a program by name
how do I end all programs with the same name
what does pkill do
what does killall do
I do not know the PID but the name, how do I end it
kill every firefox at once
how do I stop a program without knowing its PID
""",
    ),
    entry(
        "pstree",
        "pstree",
        "",
        "",
        "ps top",
        """
what:
= pstree shows all processes as a tree of parents and children.
what does pstree do
draw the tree of my processes
which command draws the process tree
""",
    ),
    entry(
        "nohup",
        "nohup",
        "",
        "",
        "daemon background sighup",
        """
what:
= nohup starts a command that goes on after you log out, because it ignores SIGHUP.
how do I keep a command running after logout
how do I log out without ending my job
my job dies when I close the ssh connection
what does nohup do
how can my program survive the closing of the terminal
how do I start a long job and go home
""",
    ),
    entry(
        "multitasking",
        "multitasking",
        "",
        "",
        "context_switch scheduler concurrency",
        """
what:
= Multitasking means that several processes run in turn on the same cores, so fast that they seem to run at once.
how can a computer do many things at once
how can I listen to music and write at the same time
how can one CPU run many programs
how does my computer run a browser and a game together
do programs really run at the same time
can one core do two things at once
why does it look as if all programs run together
doing many things by switching fast
how is it possible that I can type while music plays
""",
    ),
    entry(
        "ipc",
        "IPC|interprocess communication",
        "",
        "",
        "pipe socket shared_memory signal message_queue",
        """
what:
= IPC, interprocess communication, means ways for processes to exchange data: pipes, sockets, shared memory, message
+ queues and signals.
how do processes talk to each other
how can two processes exchange data
how do programs send data to each other
how can two programs communicate
how do I send something from one process to another
which ways are there for processes to communicate
name the kinds of interprocess communication
how can one process give data to another
what does IPC stand for
list the ways processes can talk
two programs want to share data, what can they use
two processes need to talk, what can I use
which is the best way for processes to talk
means for programs to exchange data
how can separate processes work together
how do I pass data between two programs
talk between processes, how is that called
what is there besides pipes to connect processes
""",
    ),
    entry(
        "namespace",
        "namespace|Linux namespace",
        "a",
        "namespaces|Linux namespaces",
        "container cgroup",
        """
what:
= A namespace gives a group of processes its own view of the system, such as its own PIDs or network.
how can two processes both have PID 1
how do containers get their own PIDs
what does unshare do
why does my program in Docker have PID 1
how are containers separated from each other
""",
    ),
    entry(
        "container",
        "container",
        "a",
        "containers",
        "namespace cgroup virtual_machine",
        """
what:
= A container is a group of processes separated by namespaces and limited by cgroups; it shares the kernel with the
+ host.
what is Docker
what does Docker run
is a container a virtual machine
does a container have its own kernel
how does Docker separate programs
what is a light way to separate programs on one machine
""",
    ),
    entry(
        "virtual_machine",
        "virtual machine|VM",
        "a",
        "virtual machines|VMs",
        "container kernel",
        """
what:
= A virtual machine is a whole computer simulated in software, with its own kernel.
how can I run Windows inside Linux
a computer inside a computer, what is that
what is a simulated computer
what does VM mean
what is VirtualBox
""",
    ),
    entry(
        "root",
        "root|superuser",
        "",
        "",
        "user permission sudo",
        """
what:
= Root is the user with all rights on a Linux system; its user ID is 0.
who may do everything on Linux
who is the administrator in Linux
which user has ID 0
who is the superuser
which user has all rights
what is user ID 0
who may kill any process
""",
    ),
    entry(
        "sudo",
        "sudo",
        "",
        "",
        "root permission",
        """
what:
= sudo runs one command as root, after asking for your password.
how do I run a command as root
how do I get administrator rights in the shell
permission denied, how do I run it as administrator
what does sudo do
what is sudo for
""",
    ),
    entry(
        "how_run",
        "",
        "",
        "",
        "",
        """
make:
= To run a program, type its name in the shell, or ./name if it is in the current folder.
how do I run a program
how do I start a program
how do I start a program in the terminal
how do I execute a file
how do I run my own program
how do I launch something from the shell
how do I run ./prog
start a program from the command line
what do I type to run a program
execute a program in Linux
run my executable
""",
    ),
    entry(
        "slow_program",
        "",
        "",
        "",
        "top",
        """
avoid:
= To find out why a program is slow, look in `top` whether it uses the CPU or waits, and then profile it with `perf`.
my program is slow, what can I do
why is my program so slow
how do I find out what makes my program slow
my code takes forever
how can I make my program faster
how do I speed up my program
make my program faster
my program takes ages
what can I do about a slow program
my code is too slow
""",
    ),
]

PAIRS = [
    pair(
        "process",
        "thread",
        """
= A process has its own memory; threads live inside one process and share its memory.
= Processes have separate memory, while the threads of one process share its memory and files.
when do I take processes and when threads
which one has its own memory, a process or a thread
which of the two is lighter, thread or process
do processes share memory like threads do
is a thread a small process
is a thread lighter than a process
which is heavier, a process or a thread
should I use processes or threads
why is a thread cheaper than a process
what do threads share that processes do not
what do processes have that threads lack
can a process live without threads, or a thread without a process
does every process have at least one thread
""",
    ),
    pair(
        "process",
        "program",
        """
= A program is a file on disk; a process is that program being run, with memory and a PID.
= A program is only a file with instructions; a process is the running of it.
when does a program become a process
which of them is on disk, the program or the process
is firefox a program or a process
which one has a PID, the program or the process
one program started twice, how many processes are there
can one program be several processes
I start the same program twice, is that one process or two
is the file a process
""",
    ),
    pair(
        "zombie",
        "orphan",
        """
= A zombie has finished and waits for its parent to reap it; an orphan still runs, but its parent has ended.
which one is dead, the zombie or the orphan
which of them still runs, zombie or orphan
one has no parent, the other a careless one, which is which
does an orphan run and a zombie not
""",
    ),
    pair(
        "daemon",
        "orphan",
        """
= A daemon runs in the background on purpose; an orphan has only lost its parent, which may be by accident.
is every daemon an orphan
are daemons orphans
""",
    ),
    pair(
        "daemon",
        "zombie",
        """
= A daemon is alive and works in the background; a zombie has finished and only its table entry is left.
which one still does work, the daemon or the zombie
""",
    ),
    pair(
        "fork",
        "exec",
        """
= fork() makes a new process as a copy of the caller; exec() makes no process but replaces the program in it.
which makes a new process, fork or exec
which one replaces the program, fork or exec
do I need fork or exec to start another program
which of the two keeps the PID
why do we need both fork and exec
why are fork and exec two calls
""",
    ),
    pair(
        "parent",
        "child",
        """
= A parent process calls fork; the child is the copy that fork makes. fork returns 0 in the child and its PID in the
+ parent.
who calls fork, the parent or the child
which one gets the 0 from fork
which runs first, the parent or the child
""",
    ),
    pair(
        "user_mode",
        "kernel_mode",
        """
= In user mode a program may touch only its own memory; in kernel mode the kernel may do everything.
which mode has more rights
why does a CPU have two modes
why are there two modes in the CPU
""",
    ),
    pair(
        "foreground",
        "background",
        """
= A foreground job owns the terminal and the shell waits for it; a background job leaves the prompt to you.
which job can read the keyboard
when do I put a job in the background
""",
    ),
    pair(
        "process",
        "daemon",
        """
= A process is any running program; a daemon is a process in the background without a terminal.
is every daemon a process
is a daemon a special process
""",
    ),
    pair(
        "exit_status",
        "pid",
        """
= A PID names a process while it lives; an exit status is the number it leaves when it has ended.
""",
    ),
    pair(
        "pid",
        "ppid",
        """
= A PID is the process's own number; a PPID is the number of its parent.
which number is my own and which my parent's
what do getpid and getppid return
""",
    ),
    pair(
        "ps",
        "top",
        """
= ps prints the processes once; top shows them live, with their CPU use, until you press q.
should I use ps or top
which one refreshes, ps or top
""",
    ),
    pair(
        "container",
        "virtual_machine",
        """
= A container shares the kernel of the host; a virtual machine has a kernel of its own and is heavier.
which is lighter, a container or a VM
does Docker need a virtual machine
""",
    ),
    pair(
        "state_s",
        "state_d",
        """
= State S is a sleep that signals can end; state D is a wait in the kernel, mostly for a disk, that signals cannot
+ end.
which sleeping state can be killed
""",
    ),
    pair(
        "system_call",
        "function",
        """
= A function call stays inside the program; a system call switches to kernel mode and is much slower.
why is a system call slower than a function call
""",
    ),
]

DIALOGUES = [
    dialogue("""
u how do I start another program from C?
b exec() loads a new program into the calling process, which keeps its PID and does not come back to the old code.
u but then my own program is gone
b Yes, so call fork() first: the child calls exec() and your own program goes on in the parent.
u and how do I know when the child is done?
b wait() lets a parent wait for a child to end and read its exit status; this also reaps the zombie.
"""),
    dialogue("""
u my program hangs
b A process is stopped with `kill PID`, which sends SIGTERM; `kill -9 PID` ends it by force when that does not help.
u where do I find the PID?
b A PID is shown by `ps`, `top` or `pgrep name`; in the shell `$$` is the shell's own PID, and getpid() returns it
+ in C.
u I killed it, but it still shows with Z
b A zombie cannot be killed, for it is already dead; its parent must call wait(), or end, so that init reaps it.
"""),
    dialogue("""
u I called fork and got 0
b fork() returns 0 in the child, the child's PID in the parent, and -1 when it fails.
u so who am I?
b You are the child, since fork() returned 0.
"""),
    dialogue("""
u I called fork and got 4711
b You are the parent; 4711 is the PID of your child.
u what should I do next?
b wait() lets a parent wait for a child to end and read its exit status; this also reaps the zombie.
"""),
    dialogue("""
u fork gave me a positive number, am I the parent?
b Yes, you are the parent: the positive number is the PID of your child.
u and if it is 0?
b Then you are the child.
u and -1?
b Then fork() failed and there is no child.
"""),
    dialogue("""
u can a process have two parents?
b No, each process has exactly one parent.
u can it have two children?
b Yes, a process may have many children; each fork() makes one more.
"""),
    dialogue("""
u is a zombie dangerous?
b A zombie uses no memory or CPU, only a PID and a table entry; many of them can use up all PIDs.
u can I shoot it?
b A zombie cannot be killed, for it is already dead; its parent must call wait(), or end, so that init reaps it.
u poor thing
b Do not worry, a zombie feels nothing; it is only an entry in a table.
"""),
    dialogue("""
u what happens when I type ls and press Enter?
b A shell reads a line, forks a child, lets it exec the command, and waits until it has ended.
u why does it fork?
b It forks so that the shell itself stays alive: exec() replaces the program in the child only.
"""),
    dialogue("""
u my parent process died
b An orphan is a process whose parent has ended; it is adopted by init or a subreaper and runs on.
u will it become a zombie then?
b An orphan is harmless as such: its new parent, init or a subreaper, reaps it when it ends.
"""),
    dialogue("""
u does every process have a parent?
b Yes, every process has a parent, except init with PID 1, which the kernel starts itself.
u and who is the parent of my commands?
b A parent process is, for instance, your shell: each command you type becomes its child.
"""),
    dialogue("""
u how many processes can run at once?
b As many processes can run at the same moment as there are cores; the others wait for their turn.
u so how can I have 300 processes on 4 cores?
b Most of them sleep, and the kernel switches between the rest so fast that they seem to run at once.
"""),
    dialogue("""
u how do I put my program in the background?
b A background job is started with `command &`; a running one is moved there with Ctrl-Z and then `bg`.
u and how do I get it back?
b Type `fg` to bring it back to the foreground.
u and how do I end it then?
b Press Ctrl-C while it is in the foreground.
"""),
]
