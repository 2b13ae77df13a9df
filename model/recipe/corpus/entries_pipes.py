"""Subjects of the corpus: pipes, redirection, sockets and the other ways in which processes exchange data."""

from templates import dialogue, entry, pair

ENTRIES = [
    entry(
        "pipe",
        "pipe",
        "a",
        "pipes",
        "fifo socket shared_memory message_queue signal",
        """
what:
= A pipe is a one-way channel of bytes between processes: what one writes, the other reads.
= A pipe carries bytes one way, from the process that writes to the process that reads.
how can I send bytes from one process to its child
how does a parent send data to its child
a one-way channel between two processes
how does the output of one program become the input of another
what connects two processes so that one reads what the other writes
which channel goes in one direction only
a tube for bytes between processes
what goes in at one end and comes out at the other
what is between two commands in a shell line
which way do the bytes go in a pipe
is a pipe one-way or two-way
can I read and write at the same end of a pipe
the simplest way to send data between processes
parent and child want to talk, what is simplest
what is like a water hose for bytes
what does the kernel keep between a writer and a reader
a tube between two programs
bytes in here, bytes out there
one writes, the other reads, through what
how does data flow from parent to child
a channel from one process to another
how do I join two processes so that data flow one way
a stream of bytes between relatives
connects the output of one with the input of another
what carries bytes between processes
what has a read end and a write end
how can a child send its result to the parent
pass a message from child to parent
why:
= A pipe is a simple way to connect programs: each does one job, and the data flow from one to the next.
why do shells use pipes
why not write to a file instead of a pipe
what is the advantage of a pipe over a temporary file
what do pipes do for small programs
how:
= A pipe is a buffer in the kernel: the writer fills it, the reader empties it, and each waits when it cannot go on.
what happens inside a pipe
where are the bytes of a pipe kept
is a pipe a file on disk
does a pipe use the disk
where does the data in a pipe live
how do bytes get through a pipe
example:
= A pipe example: `ls | wc -l` counts files, for the output of ls goes through a pipe to wc.
how do I use a pipe in the shell
show me a command with a pipe
how do I count the files in a folder
make:
= A pipe is made by pipe(fd): fd[0] is the read end and fd[1] the write end; then fork so that both processes have it.
which system call makes a pipe
how do I set up a pipe between parent and child
how do I connect parent and child with a pipe
what does pipe() do in C
what does the pipe system call give me
how do I create a pipe in C
how do I make a pipe in Python
what does os.pipe return
create a pipe in C
open a channel between parent and child
which function gives me two file descriptors for a pipe
size:
= A pipe holds 64 KiB on Linux; when it is full, the writer waits.
how much fits into a pipe
how many bytes can a pipe hold
what is the capacity of a pipe
how much data can I write before the pipe blocks
how big is the buffer of a pipe
how full can a pipe get
64 KiB is the size of what
when is a pipe full
maximum data in a pipe
more:
= A pipe gives end-of-file to its reader when all write ends are closed, and SIGPIPE to a writer when no reader is
+ left.
can two unrelated processes use a pipe
what else about pipes should one know
simple:
= A pipe is a tube for bytes from one process to another.
""",
        1.8,
    ),
    entry(
        "pipe_end",
        "pipe end|end of a pipe",
        "a",
        "pipe ends|ends of a pipe",
        "pipe file_descriptor eof",
        """
what:
= A pipe has two ends: fd[0] is the read end and fd[1] is the write end.
which end of a pipe do I read from
which end of a pipe do I write to
what is fd[0]
what is fd[1]
is fd[0] for reading or writing
is fd[1] for reading or writing
how many ends does a pipe have
which number is the read end
which number is the write end
what does pipe() put into its array
which end should the child close
which file descriptor of the pipe is for the reader
fd[0] or fd[1], which one do I read
fd[0] or fd[1], which one do I write
the two numbers that pipe() returns
which side is for reading
which side is for writing
read from 0 and write to 1, is that right
why:
= Pipe ends that are not used must be closed, or the reader never sees end-of-file.
why must I close the unused ends of a pipe
why should I close the write end in the reader
should I close the end of the pipe I do not use
what happens if I do not close the write end
my reader hangs after the writer has finished
why does my child never get EOF
why does my reader wait forever at the end
the reader hangs at the end although all data are sent
my program does not see the end of the pipe
> why close them
> do I have to close them
close unused ends, why
forgot to close the write end
EOF is never seen by my reader
what if a write end stays open
child keeps the write end open, what happens
the reader never stops waiting
""",
    ),
    entry(
        "pipe_full",
        "full pipe",
        "a",
        "full pipes",
        "pipe_empty pipe eof sigpipe",
        """
what:
= When a pipe is full, the writer waits until the reader has taken some bytes; on Linux it holds 64 KiB.
= A full pipe makes the writer wait until there is room again; the limit is 64 KiB on Linux.
what happens when a pipe is full
what happens if nobody reads from a pipe
what happens if the reader is too slow
what happens when I write too much into a pipe
why does my write to a pipe hang
my write blocks on a pipe
my program hangs when it writes a lot to a pipe
the writer is faster than the reader, what happens
what happens if I write 100 KB into a pipe that nobody reads
does a writer lose data when the pipe is full
are bytes lost if the pipe is full
can a pipe overflow
when does the writer of a pipe wait
why does my producer stop
the buffer of the pipe has no room left
I write and write and then it blocks
no more room in the pipe
reader sleeps, writer goes on writing
writing into a pipe that nobody empties
what does write do on a full pipe
will write wait if the pipe has no space
my child blocks in write
why does the writer sleep
producer faster than consumer with a pipe
too much data for the pipe
my program stops after 65536 bytes
after 64 KB my program hangs in write
what if I put more than 64 KiB into a pipe
""",
    ),
    entry(
        "pipe_empty",
        "empty pipe",
        "an",
        "empty pipes",
        "pipe_full pipe eof",
        """
what:
= When a pipe is empty, the reader waits until somebody writes; if all write ends are closed it gets end-of-file.
= An empty pipe makes the reader wait until bytes come or all writers have closed it.
what happens when a pipe is empty
what happens if I read from a pipe with nothing in it
what does read do if there is no data in the pipe
why does my read on a pipe hang
my reader blocks
my program waits on read forever
when does the reader of a pipe wait
there is nothing in the pipe and I read
does read return at once if the pipe has no data
the writer is slower than the reader, what happens
can I read from a pipe before something is written
nothing to read yet
reading from a pipe before anything was written
the writer is slow, what does the reader do
what does read do on an empty pipe
will read wait if nothing is there
my child blocks in read
no bytes in the pipe
consumer faster than producer with a pipe
why does the reader sleep
""",
    ),
    entry(
        "eof",
        "EOF|end of file|end-of-file",
        "an",
        "",
        "pipe_empty sigpipe pipe",
        """
what:
= EOF means end of file: read() returns 0. On a pipe it comes when all write ends are closed; in a terminal by Ctrl-D.
= EOF, end of file, is when read() returns 0, because there is nothing more to come.
what does it mean when read returns 0
read returned 0, what is that
when does read return 0
when does a reader know that the writer has finished
how does the reader know that no more data will come
how does the reader of a pipe learn that the writer is done
what happens when all writers close a pipe
what happens when the write end is closed
what happens when the writer of a pipe exits
what does Ctrl-D do
what does Ctrl-D send
what does EOF stand for
how do I end the input at the terminal
how do I tell cat that I am done typing
is EOF a character
the end of the input
no more data will come, how do I notice
the last writer has closed the pipe
all write ends closed, what does the reader see
how does read show the end
nothing more to read
how does a program notice the end of a file
what tells cat to stop
""",
    ),
    entry(
        "sigpipe",
        "SIGPIPE|broken pipe|EPIPE",
        "",
        "",
        "eof pipe sigterm sigchld",
        """
what:
= SIGPIPE is the signal a process gets when it writes to a pipe with no reader; if it is ignored, write() fails with
+ EPIPE.
= SIGPIPE is sent to a process that writes into a pipe nobody reads any more; it ends the process unless handled.
what happens when I write to a pipe with no reader
what happens if the reader of a pipe has gone
the reader closed the pipe and I still write
my program dies when the reader exits
what does broken pipe mean
I get the error broken pipe
what is a broken pipe error
BrokenPipeError in Python
which signal comes when nobody reads the pipe
what is the error EPIPE
write returned EPIPE, why
why does my program end silently when I pipe it to head
yes | head stops, why does yes end
which signal do I get for writing with no reader
signal 13, what is that
my server dies when the client disconnects
write to a pipe whose reader has ended
writing with nobody at the other end
the other side hung up while I was writing
the reader left, the writer goes on, what happens
nobody reads, I write
my writer gets killed when head exits
what happens to a writer when its reader dies
pipe without a reader
no one listens at the other end of the pipe
which error does write give without readers
why did my program die while printing into less
avoid:
= SIGPIPE is avoided by ignoring it with signal(SIGPIPE, SIG_IGN) and checking write() for EPIPE.
how do I survive a broken pipe
how do I keep my program alive when the reader has gone
how do I ignore SIGPIPE
how do I handle a broken pipe
""",
    ),
    entry(
        "fifo",
        "named pipe|FIFO",
        "a",
        "named pipes|FIFOs",
        "pipe socket message_queue",
        """
what:
= A named pipe, or FIFO, is a pipe with a name in the file system, so unrelated processes can use it.
= A FIFO is a pipe that has a file name, so any two processes can open it.
how can two unrelated processes use a pipe
a pipe with a name in the file system
what does mkfifo do
what does mkfifo create
how can programs that are not related talk by a pipe
which pipe can be found in a folder
what is the p in front of a file in ls -l
what does FIFO stand for
a pipe that looks like a file
what does first in first out mean for a pipe
a pipe that lives in the file system
pipe for strangers
two programs started separately want a pipe
mkfifo, what does it make
a pipe I can see with ls
make:
= A named pipe is made with `mkfifo name`; then one process opens it for writing and another for reading.
which command makes a named pipe
how do I get a pipe between two terminals
how do I connect two terminals with a pipe
more:
= A named pipe makes open() wait until both a reader and a writer are there.
why does opening a fifo hang
why does echo into my fifo block
cat > fifo hangs
""",
    ),
    entry(
        "socket",
        "socket",
        "a",
        "sockets",
        "pipe fifo shared_memory message_queue",
        """
what:
= A socket is an end point of a two-way connection between processes, on one machine or over a network.
= A socket lets two processes send bytes both ways, also from one computer to another.
how do processes on different computers talk
how do programs talk over the network
what connects a browser with a web server
how can two processes talk in both directions
a two-way channel between processes
an end point of a network connection
which channel works over the internet
how can I send data to a program on another machine
what does socket() return
what do bind, listen and accept work on
what do I need to write a server
what do I use for a chat between two machines
how does a client reach a server
talk to a program on another computer
both ways, also over the network
the plug of a network connection
how does a browser reach a server
which thing do TCP programs use
two-way talk between programs
end point for network talk
how do a client and a server exchange data
why:
= A socket is used because it works both ways and also between machines.
why do servers use sockets
why not a pipe over the network
simple:
= A socket is a plug for talking to another program, also over a network.
""",
    ),
    entry(
        "unix_socket",
        "Unix socket|Unix domain socket",
        "a",
        "Unix sockets|Unix domain sockets",
        "socket pipe fifo",
        """
what:
= A Unix socket is a socket between processes on the same machine; it has a path instead of an address.
which socket is for one machine only
a socket that is a file
what is /run/docker.sock
what is an AF_UNIX socket
how can local programs talk both ways
how can I pass a file descriptor to another process
what does socketpair do
""",
    ),
    entry(
        "shared_memory",
        "shared memory",
        "",
        "",
        "pipe socket message_queue mmap",
        """
what:
= Shared memory is memory that several processes can use; it is the fastest way to exchange data but needs
+ synchronisation.
= Shared memory means that two processes map the same pages, so nothing is copied; they need locks.
what is the fastest way to exchange data between processes
which IPC is the fastest
which way of communication needs no copying
how can two processes use the same memory
how can processes share memory
two processes map the same pages
what does shm_open do
how do I share a big array between processes
how do I share data without copying
memory that belongs to more than one process
can two processes see the same memory
what is /dev/shm
I need to send large pictures to another process fast
memory used by two processes together
the quickest way to share data
exchange data with no copy at all
one block of memory, many processes
the speed champion among ways to communicate
common memory of processes
big data between processes, quickest way
which IPC avoids the kernel
which way to exchange data has no copying
bad:
= Shared memory needs a mutex or semaphore, or else two processes that write at once make a race condition.
why does shared memory need locks
why do I have to synchronise shared memory
what is dangerous when two processes share memory
what can go wrong when processes share memory
two processes write to common memory at once
what must I add when I use shared memory
what does shared memory need besides memory
make:
= Shared memory is made with mmap() and MAP_SHARED, or with shm_open() and a name.
how do I get memory that two processes share
which call gives me memory for two processes
how do I set up memory between parent and child
what does MAP_SHARED do
why:
= Shared memory is fast because the data are not copied through the kernel.
why is shared memory so fast
why is it the fastest way
why is sharing memory faster than a pipe
simple:
= Shared memory is memory that two processes use together.
""",
    ),
    entry(
        "message_queue",
        "message queue",
        "a",
        "message queues",
        "pipe socket shared_memory",
        """
what:
= A message queue keeps whole messages in the kernel until another process takes them out, one by one.
which IPC keeps whole messages
how can a process leave messages for another
what do mq_send and mq_receive do
what does mq_open do
a mailbox between processes
like a letter box for processes
which channel keeps message borders
how do I send whole messages and not just bytes
post box for processes
whole messages wait until they are fetched
send messages between processes in order
letters between processes, not streams
""",
    ),
    entry(
        "stdin",
        "stdin|standard input",
        "",
        "",
        "stdout stderr file_descriptor",
        """
what:
= stdin is the standard input of a process, file descriptor 0; usually it is the keyboard.
where does a program read its input from
which file descriptor is the input
what is file descriptor 0
which number does stdin have
where does scanf read from
where does input() in Python read from
how does a program get what I type
what is the standard input
which number is standard input
what does < file do to a program
input channel number 0
where does keyboard input arrive
the standard way in
the normal input of a program
""",
    ),
    entry(
        "stdout",
        "stdout|standard output",
        "",
        "",
        "stdin stderr file_descriptor",
        """
what:
= stdout is the standard output of a process, file descriptor 1; usually it is the terminal.
where does a program write its output
which file descriptor is the output
what is file descriptor 1
which number does stdout have
where does printf write to
where does print in Python write
what is the standard output
which number is standard output
where do normal results of a program go
output channel number 1
where does text printed by a program go
the standard way out
the normal output of a program
""",
    ),
    entry(
        "stderr",
        "stderr|standard error",
        "",
        "",
        "stdin stdout file_descriptor",
        """
what:
= stderr is the output for error messages, file descriptor 2; it is separate from stdout.
where do error messages go
which file descriptor is for errors
what is file descriptor 2
which number does stderr have
what is the standard error
where does a program write its errors
why do I still see errors when I redirect the output
errors appear on the screen although I used >
which channel is for warnings
what is the 2 in 2>
channel number 2
the channel for complaints of a program
where should a program print its warnings
the output for errors
why:
= stderr is separate so that errors stay visible and do not mix with the results when stdout goes to a file or pipe.
why are there two outputs
why are errors separate from output
why do we need both stdout and stderr
why not print errors to stdout
""",
    ),
    entry(
        "std_streams",
        "standard streams",
        "",
        "",
        "stdin stdout stderr",
        """
what:
= The standard streams are stdin (0), stdout (1) and stderr (2).
which three files does every process have open
what are 0, 1 and 2
which file descriptors are always open
what are the numbers of stdin, stdout and stderr
what do the numbers 0 1 2 mean for a process
name the three standard streams
which files are open when a program starts
what does every program get at its start
three channels every program has
0, 1, 2: what are they
numbers of input, output and errors
which descriptor is which, 0 1 and 2
""",
    ),
    entry(
        "redirection",
        "redirection",
        "",
        "",
        "pipe stdout stderr dup2",
        """
what:
= Redirection sends input or output of a command to a file: > writes stdout, >> appends, < reads and 2> takes errors.
how do I save the output of a command in a file
how do I write the output to a file
what does > do in the shell
what does >> do
what does < do in the shell
how do I append to a file in the shell
what is the difference of > and >>
what does the greater-than sign do in bash
how do I let a program read from a file
how can I send output to a file and not to the screen
I want the result in a file
output into a file please, how
what does ls > out.txt do
write what a command prints into a file
save the screen output
put the result of ls in a file
let a command read from a file
send the output somewhere else
instead of the screen into a file
arrow signs in the shell
how:
= Redirection works so: the shell opens the file in the child, puts it on descriptor 0, 1 or 2 with dup2(), and then
+ calls exec.
how does the shell redirect output
what does the shell do for > file
""",
    ),
    entry(
        "redirect_err",
        "",
        "",
        "",
        "redirection stderr",
        """
what:
= `2>log.txt` sends the error output (stderr) of a command to the file log.txt.
= `2>log.txt` writes everything that goes to stderr into log.txt, while stdout stays on the screen.
what does 2>log.txt do
what does 2> do
what does 2>log.txt mean
how do I save the error messages in a file
how do I send errors to a file
how do I redirect stderr
how do I put only the errors in a file
I want the errors in a log file
where do errors go with 2>err.txt
how do I keep the log apart from the output
what is the meaning of 2> in the shell
how can I separate errors from output
how do I log the errors of my program
write errors to a log
only errors into a file
2>log.txt please explain
how do I store the log of this program
the errors should not appear on the screen
get stderr into a file
where does 2> send the output
log file for errors, how
what is the 2> for at the end of a command
more:
= `2>&1` sends stderr to the same place as stdout; `> all.txt 2>&1` puts both into one file.
what does 2>&1 mean
what does 2>&1 do
how do I put output and errors into one file
how do I catch both stdout and stderr
how do I send stderr to stdout
how do I pipe the errors too
> and both into one file
> what about both
> how do I get both
errors and output together into one file
2>&1 please explain
mix stderr into stdout
""",
    ),
    entry(
        "dev_null",
        "/dev/null",
        "",
        "",
        "redirection stderr file",
        """
what:
= /dev/null is a device that swallows everything written to it; reading from it gives end-of-file at once.
how do I throw away the output of a command
how do I hide error messages
what does 2>/dev/null do
where can I send output I do not want
what is the black hole of Linux
how do I silence a command
how do I make a command quiet
I do not want to see the output
the dust bin of Linux
where do unwanted bytes go
throw output away
""",
    ),
    entry(
        "shell_pipe",
        "shell pipe|vertical bar|pipeline",
        "a",
        "shell pipes|pipelines",
        "pipe redirection shell",
        """
what:
= A shell pipe, written |, connects the output of one command with the input of the next, as in `ls | wc -l`.
= The | in the shell sends the stdout of the left command into the stdin of the right one.
what does | do in the shell
what does the vertical bar do in bash
what does the vertical bar mean
how do I send the output of one command to another
how do I combine commands
what does ls | wc -l do
what does ps aux | grep python do
what does the bar between two commands mean
what is a pipeline
how do I connect two programs in the terminal
how do I chain commands
how do I feed one command with the output of another
what is the symbol for a pipe
how do I count lines of the output
| what is this sign
put two commands together with |
the sign between ls and wc
output of the first becomes input of the second
the upright line in a command
let grep search in the output of ps
how do I write a pipe in bash
use the result of one command in another
ls | wc -l, explain
how:
= A shell pipe is made by pipe(), two forks and dup2(): the left child writes to the pipe, the right one reads from
+ it.
how does the shell do cmd1 | cmd2
what does the shell do for a vertical bar
how would I program ls | wc in C
which system calls does the shell use for a pipeline
do the commands of a pipeline run at the same time
""",
    ),
    entry(
        "dup2",
        "dup2|dup2()|dup",
        "",
        "",
        "file_descriptor redirection fork exec",
        """
what:
= dup2(old, new) makes the descriptor new a copy of old, so for example stdout can be sent into a file or pipe.
which call redirects stdout in C
how do I connect stdout with a pipe in C
how do I make printf write into a pipe
how do I redirect the output of a child
what does dup2 do
how does the shell put a file on descriptor 1
how do I replace stdin by a pipe
how do I copy a file descriptor
how can exec'd programs write into my pipe
which function copies file descriptors
copy a descriptor onto another number
let stdout go to a pipe
redirect output inside a C program
send printf to a file with a system call
make descriptor 1 point to my file
example:
= dup2() in C: `dup2(fd[1], 1); close(fd[0]); close(fd[1]); execlp("ls", "ls", NULL);` sends ls into the pipe.
show me dup2 in code
code for sending ls into a pipe
""",
    ),
    entry(
        "file_descriptor",
        "file descriptor",
        "a",
        "file descriptors|fds",
        "stdin stdout pipe file",
        """
what:
= A file descriptor is a small number by which a process names an open file, pipe or socket.
= A file descriptor is the number that open() returns; 0, 1 and 2 are stdin, stdout and stderr.
what does open return
what number do I get from open
what is an fd
what does fd mean
what number do read and write take
how does a process name an open file
how does a program refer to an open file
which small numbers stand for open files
what is the 3 that open gave me
why is my first opened file number 3
the number of an open file, what is it called
what do I pass to close
what is fd 3
what is the handle of an open file in Linux
how does the kernel know which file I mean
the number I get when I open a file
the ticket for an open file
a handle for a file or pipe
an integer for each open file
what does close take as its argument
how does my program tell read which file it wants
what are 3, 4 and 5 in a running program
see:
= File descriptors of a process are listed in /proc/PID/fd or by `lsof -p PID`.
how do I see which files a process has open
which files does my program have open
what does lsof do
who has this file open
how do I list open files
stop:
= A file descriptor is freed with close(fd), and all of them when the process ends.
what does close do
how do I close a file in C
what happens to open files when a process ends
too many open files, what does that mean
I get too many open files
bad:
= File descriptors that are never closed leak; at the limit, often 1024, open() fails with too many open files.
what is a descriptor leak
how many files can a process open
is there a limit on open files
simple:
= A file descriptor is the number of an open file.
""",
    ),
    entry(
        "read_call",
        "read|read()",
        "",
        "",
        "write_call file_descriptor system_call",
        """
what:
= read(fd, buffer, n) takes up to n bytes from a file, pipe or socket; it returns how many, 0 at the end and -1 on
+ error.
which system call gets bytes from a file
what does read return
why does read give me fewer bytes than I asked for
how do I read from a file descriptor
can read return less than I want
what does the read system call do
""",
    ),
    entry(
        "write_call",
        "write|write()",
        "",
        "",
        "read_call file_descriptor system_call",
        """
what:
= write(fd, buffer, n) puts up to n bytes into a file, pipe or socket and returns how many were taken.
which system call sends bytes to a file
what does write return
how do I write to a file descriptor
can write send only a part
which call puts bytes into a pipe
what does the write system call do
""",
    ),
    entry(
        "blocking",
        "blocking call|blocking read",
        "a",
        "blocking calls",
        "nonblocking read_call poll",
        """
what:
= A blocking call makes the process sleep until it can be done, for instance a read() until data come.
what does it mean that a call blocks
why does my program stop at read
a call that waits until there is data
what does blocking mean
my program waits in read, is that normal
does a blocked process use CPU
""",
    ),
    entry(
        "nonblocking",
        "non-blocking call|non-blocking I/O",
        "a",
        "non-blocking calls",
        "blocking poll",
        """
what:
= A non-blocking call returns at once; if there is nothing to do it fails with EAGAIN instead of waiting.
what does O_NONBLOCK do
how do I read without waiting
what does EAGAIN mean
how do I test whether data are there without blocking
I get the error EAGAIN
""",
    ),
    entry(
        "poll",
        "poll|select|epoll",
        "",
        "",
        "nonblocking blocking socket",
        """
what:
= poll() waits until one of several file descriptors is ready, so one thread can serve many pipes or sockets.
how do I wait for several pipes at once
how do I read from two pipes at the same time
which call watches many file descriptors
what does select do in C
what is epoll for
how can a server watch many connections
wait for input from two sources
""",
    ),
    entry(
        "buffer",
        "buffer",
        "a",
        "buffers",
        "pipe cache queue",
        """
what:
= A buffer is a piece of memory that holds data for a while between a writer and a reader.
where do data wait between two programs
why does my printf appear late
why does my output come only at the end
what does fflush do
what does flush=True do in Python
my print output does not appear at once
a place where bytes wait
what is buffering
""",
    ),
    entry(
        "tcp",
        "TCP",
        "",
        "",
        "udp socket ip_address",
        """
what:
= TCP carries bytes over a network reliably and in order, on a connection between two sockets.
which protocol is reliable
which protocol does the web use
what does TCP do
which protocol sends lost packets again
how do bytes arrive in order on the internet
""",
    ),
    entry(
        "udp",
        "UDP",
        "",
        "",
        "tcp socket ip_address",
        """
what:
= UDP sends single packets over a network without a connection; it is quick, but packets may get lost.
which protocol has no connection
which protocol may lose packets
what does UDP do
what do games and video calls use
""",
    ),
    entry(
        "client_server",
        "server",
        "a",
        "servers",
        "socket tcp daemon",
        """
what:
= A server is a program that waits for requests and answers them; the program that asks is the client.
who answers requests on the network
what is a client
what do client and server mean
what does a web server do
which program waits for others to ask
""",
    ),
    entry(
        "mmap",
        "mmap|mmap()|memory mapping",
        "",
        "",
        "shared_memory page malloc file",
        """
what:
= mmap() maps a file or new memory into the address space, so that a process can use it like an array.
= mmap() makes a file appear in memory: reading the memory reads the file, page by page, when it is touched.
how do I read a file as if it were memory
how do I map a file into memory
how can I use a file like an array
which call maps files
what does mmap do
what does the mmap system call do
a file that looks like memory
how do programs load big files without read
how can processes share the memory of a file
how does a program load a huge file at once
how are shared libraries loaded
treat a file like memory
a file as an array
map pages of a file
load a file lazily, page by page
bring a file into the address space
use memory that is backed by a file
why:
= mmap() avoids copying, loads only the pages that are touched, and lets several processes share them.
why map a file instead of reading it
what is the benefit of mapping a file
why is mmap faster than read
""",
    ),
    entry(
        "rpc",
        "remote procedure call|RPC",
        "a",
        "remote procedure calls",
        "socket message_queue",
        """
what:
= A remote procedure call runs a function in another process, perhaps on another machine, as if it were local.
what does RPC stand for
how do I call a function on another machine
what is gRPC
calling a function in another process
""",
    ),
    entry(
        "serialization",
        "serialisation|serialization",
        "",
        "",
        "rpc pipe socket",
        """
what:
= Serialisation turns data into bytes, so that they can be sent through a pipe or stored; JSON is one format.
how do I send a list through a pipe
how do I turn an object into bytes
what is JSON good for
what does pickle do in Python
how do I send a dictionary to another process
""",
    ),
]

PAIRS = [
    pair(
        "pipe",
        "socket",
        """
= A pipe goes one way between processes on one machine; a socket goes both ways and also over a network.
which one works over the network, pipe or socket
which of the two is two-way
when do I take a pipe and when a socket
should I use a pipe or a socket
which goes both ways
""",
    ),
    pair(
        "pipe",
        "shared_memory",
        """
= A pipe copies bytes through the kernel and makes readers wait; shared memory copies nothing, but you must
+ synchronise it yourself.
which is faster, a pipe or shared memory
which one needs locks, a pipe or shared memory
when is a pipe better than shared memory
which one is easier, pipe or shared memory
""",
    ),
    pair(
        "pipe",
        "fifo",
        """
= A pipe has no name and is inherited from a parent; a named pipe has a file name that any process can open.
which pipe has a name
when do I need a named pipe and not a plain one
""",
    ),
    pair(
        "pipe",
        "file",
        """
= A pipe is a small buffer in memory that is empty once read; a file stays on disk and can be read again.
is a pipe a file
""",
    ),
    pair(
        "pipe",
        "message_queue",
        """
= A pipe carries a stream of bytes; a message queue keeps whole messages apart.
""",
    ),
    pair(
        "pipe",
        "signal",
        """
= A pipe carries data; a signal only tells a process that something happened.
can I send data with a signal or do I need a pipe
""",
    ),
    pair(
        "socket",
        "shared_memory",
        """
= A socket copies bytes and works between machines; shared memory is faster but only on one machine and needs locks.
""",
    ),
    pair(
        "stdout",
        "stderr",
        """
= stdout (1) is for results, stderr (2) for error messages; they can be redirected separately.
which one is for errors
where do results go and where do errors go
print to stdout or to stderr
""",
    ),
    pair(
        "stdin",
        "stdout",
        """
= stdin (0) is where a process reads its input; stdout (1) is where it writes its results.
which one is input and which one output
""",
    ),
    pair(
        "pipe_full",
        "pipe_empty",
        """
= With a full pipe the writer waits; with an empty pipe the reader waits.
who waits when a pipe is full and who when it is empty
who has to wait at a pipe, the reader or the writer
""",
    ),
    pair(
        "tcp",
        "udp",
        """
= TCP has a connection and loses nothing; UDP sends single packets quickly, and some may get lost.
which one is reliable, TCP or UDP
""",
    ),
    pair(
        "redirection",
        "shell_pipe",
        """
= Redirection connects a command with a file; a shell pipe connects it with another command.
when do I write > and when |
what is the difference between > and |
""",
    ),
    pair(
        "read_call",
        "mmap",
        """
= read() copies bytes from a file into your buffer; mmap() makes the file itself appear in memory.
""",
    ),
]

DIALOGUES = [
    dialogue("""
u how do I send data from a parent to its child?
b A pipe is a one-way channel of bytes between processes: what one writes, the other reads.
u and back from the child?
b For the way back make a second pipe, or use a socket, which goes both ways.
u which one is easier?
b A pipe is easier, as long as one direction is enough.
"""),
    dialogue("""
u my reader hangs at the end
b Pipe ends that are not used must be closed, or the reader never sees end-of-file.
u which end should the reader close?
b The reader should close the write end, fd[1].
u and the writer?
b The writer should close the read end, fd[0].
"""),
    dialogue("""
u what happens when a pipe is full?
b When a pipe is full, the writer waits until the reader has taken some bytes; on Linux it holds 64 KiB.
u and when it is empty?
b When a pipe is empty, the reader waits until somebody writes; if all write ends are closed it gets end-of-file.
u and when the reader is gone?
b SIGPIPE is the signal a process gets when it writes to a pipe with no reader; if it is ignored, write() fails with
+ EPIPE.
"""),
    dialogue("""
u how do I save the output of a command?
b Redirection sends input or output of a command to a file: > writes stdout, >> appends, < reads and 2> takes errors.
u and only the errors?
b `2>log.txt` sends the error output (stderr) of a command to the file log.txt.
u and both together?
b `2>&1` sends stderr to the same place as stdout; `> all.txt 2>&1` puts both into one file.
"""),
    dialogue("""
u which IPC is the fastest?
b Shared memory is memory that several processes can use; it is the fastest way to exchange data but needs
+ synchronisation.
u why does it need that?
b Shared memory needs a mutex or semaphore, or else two processes that write at once make a race condition.
"""),
    dialogue("""
u which number is stdin?
b stdin is file descriptor 0.
u and stdout?
b stdout is file descriptor 1.
u and stderr?
b stderr is file descriptor 2.
"""),
    dialogue("""
u what is 2 in 2>log.txt?
b The 2 is the file descriptor of stderr, the output for error messages.
u and 1?
b 1 is stdout, the normal output.
"""),
]
