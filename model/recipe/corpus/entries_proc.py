"""Subjects of the corpus: the /proc folder and how CPU use is read from it."""

from templates import dialogue, entry, pair

ENTRIES = [
    entry(
        "proc",
        "/proc|proc file system|/proc folder",
        "",
        "",
        "proc_stat proc_status meminfo cpuinfo sysfs",
        """
what:
= /proc is a virtual folder in which the kernel shows processes and system data as files.
= /proc is a folder made by the kernel: each process has a subfolder there named by its PID.
where does Linux show data about processes
in which folder do I find the processes
which folder has a subfolder for each PID
where does ps get its data from
where does top read its numbers
how does ps know all the processes
what are the numbered folders in /proc
what are the folders with numbers as names
which virtual folder shows what the kernel knows
where can a program read about other processes
how can I learn about a process without ps
which folder of Linux is not on a disk
files that the kernel makes up when I read them
what is procfs
how can a program read facts about the system
where does the kernel show its insides
virtual folder about processes
folder with a number for each process
the kernel as files
look inside the kernel with cat
source of ps and top
files that show process data
where are process facts to be found
no real files, but you can read them
system information as text files
why:
= /proc is useful because any program can read the state of processes and of the system as plain text.
why does Linux have /proc
why should I look into /proc
what do I find in /proc
how:
= /proc is not on disk: when you read one of its files, the kernel makes up the text at that moment.
is /proc stored on disk
why do files in /proc have size 0
where are the files of /proc kept
does /proc take up space
are the files in /proc real
how are the files in /proc made
example:
= /proc examples: `cat /proc/meminfo` for memory, `cat /proc/self/status` for the process that reads it.
which files are in /proc
name some files in /proc
show me something in /proc
simple:
= /proc is where Linux shows its processes as files.
""",
        1.4,
    ),
    entry(
        "proc_self",
        "/proc/self",
        "",
        "",
        "proc proc_pid",
        """
what:
= /proc/self always leads to the folder of the process that reads it.
how can a process read its own data in /proc
how does a program find its own folder in /proc
what does self mean in /proc/self
without knowing my PID, how do I find my entry in /proc
""",
    ),
    entry(
        "proc_pid",
        "/proc/PID",
        "",
        "",
        "proc proc_stat proc_status proc_task proc_fd",
        """
what:
= /proc/PID is the folder of one process, with files such as stat, status, maps, fd and task.
what is in the folder of a process in /proc
what does /proc/1234 contain
what is /proc/1
what do I find about a process with PID 42 in /proc
which files are there for one process
when does the folder of a process vanish
""",
    ),
    entry(
        "proc_stat",
        "/proc/PID/stat|stat file of a process",
        "",
        "",
        "proc_status utime stime comm_field schedstat",
        """
what:
= /proc/PID/stat is one line of numbers about a process: PID, name, state, parent, utime, stime and more.
= /proc/PID/stat holds one line per process with its state and CPU times in ticks, easy to read for programs.
which file has one line of numbers about a process
where do I read the CPU time of a process
which file shows the state of a process as one letter
which file do I parse to get CPU usage
where are utime and stime
where does top get the CPU time of a process
which file holds user time and kernel time
what do the many numbers in /proc/1234/stat mean
where is the process state in /proc
which file has the CPU ticks of a process
what is the third field of the stat file
which fields of stat are utime and stime
what are fields 14 and 15 of /proc/PID/stat
one line with numbers per process
utime and stime stand in which file
CPU ticks of a process are in which file
where can a monitor program read CPU times
raw numbers about a process
file with the ticks of a process
which file do monitors read for CPU use
state letter and ticks in one line
how:
= /proc/PID/stat is best read from the last closing parenthesis on: state is the next field, utime and stime are
+ fields 14 and 15.
how do I parse /proc/PID/stat
how do I read the stat file in my program
how do I split the line of the stat file
which field is the state
which field is utime
in which field is the user time
avoid:
= /proc/PID/stat must not simply be split at blanks, because the name in parentheses may itself contain blanks or
+ parentheses.
why must I not just split the stat line at blanks
my parser of /proc/PID/stat breaks for some processes
why is the stat file tricky to parse
what is the trap in parsing /proc/PID/stat
my numbers from the stat file are shifted by one
""",
        1.3,
    ),
    entry(
        "comm_field",
        "comm field|process name",
        "the",
        "",
        "proc_stat cmdline",
        """
what:
= The comm field is the name of a process in parentheses, the second field of /proc/PID/stat; it may contain spaces
+ and parentheses.
which field may contain spaces and parentheses
what stands in parentheses in the stat file
what is the second field of /proc/PID/stat
can a process name contain blanks
can a process name contain a parenthesis
where is the name of a process
how long can the name of a process be
what is /proc/PID/comm
why does the name in stat stand in parentheses
name in parentheses
why may the process name confuse a parser
a name such as (a b) in the stat file
field two of the stat file
""",
    ),
    entry(
        "proc_status",
        "/proc/PID/status",
        "",
        "",
        "proc_stat proc_pid rss",
        """
what:
= /proc/PID/status shows facts about a process in readable lines, such as Name, State, PPid, VmRSS and Threads.
which file shows the facts of a process for humans
where do I read the memory of a process in text form
where is VmRSS
which file in /proc is easy to read for people
where do I see how many threads a process has
where can I read the state of a process in words
in which file is the line Threads:
which file has Name, State and PPid
where are the context switches of a process
readable facts about a process
lines with names and values for a process
human form of stat
VmRSS stands in which file
""",
    ),
    entry(
        "cmdline",
        "/proc/PID/cmdline",
        "",
        "",
        "comm_field environ proc_pid",
        """
what:
= /proc/PID/cmdline holds the command line of a process, its arguments parted by zero bytes.
how do I see with which arguments a process was started
which file holds the command line of a process
where are the arguments of a running program
with which options was my server started
""",
    ),
    entry(
        "environ",
        "/proc/PID/environ",
        "",
        "",
        "cmdline environment proc_pid",
        """
what:
= /proc/PID/environ holds the environment variables with which a process was started.
how do I see the environment of a running process
which file shows the variables of another process
""",
    ),
    entry(
        "proc_fd",
        "/proc/PID/fd",
        "",
        "",
        "file_descriptor proc_pid proc_maps",
        """
what:
= /proc/PID/fd is a folder with one link for each open file descriptor of a process.
which folder shows the open files of a process
how do I see open files in /proc
where do I see what file descriptor 3 of a process is
how many files has a process open, by /proc
""",
    ),
    entry(
        "proc_maps",
        "/proc/PID/maps",
        "",
        "",
        "address_space smaps proc_pid",
        """
what:
= /proc/PID/maps lists the memory regions of a process: code, heap, stack and mapped files, with their rights.
which file shows the memory map of a process in /proc
where do I see which libraries a process has loaded
where do I see where heap and stack lie
""",
    ),
    entry(
        "smaps",
        "/proc/PID/smaps_rollup|/proc/PID/smaps",
        "",
        "",
        "pss rss proc_maps",
        """
what:
= /proc/PID/smaps_rollup shows the memory of a process in sum, with RSS, PSS and how much is shared or private.
which file tells PSS
where do I see how much memory is shared and how much private
which file in /proc has private and shared memory
""",
    ),
    entry(
        "proc_task",
        "/proc/PID/task",
        "",
        "",
        "thread proc_pid tid",
        """
what:
= /proc/PID/task has one folder for each thread of the process, with files such as stat and schedstat.
= /proc/PID/task is where the threads of a process are listed, each by its thread ID.
where do I find the threads of a process in /proc
which folder lists the threads
how do I get the CPU time of a single thread
where does /proc show threads
how can I read the stat of each thread
how do I count threads with /proc
which folder has a subfolder per thread
where is the stat file of a thread
list of threads in /proc
one folder per thread
threads of PID 42 in /proc
ls /proc/42/task shows what
""",
    ),
    entry(
        "schedstat",
        "schedstat|/proc/PID/schedstat",
        "",
        "",
        "proc_stat utime run_queue",
        """
what:
= /proc/PID/schedstat has three numbers: time on the CPU and time waiting in the run queue, both in nanoseconds, and
+ the number of slices.
= schedstat tells how long a task ran and how long it waited for a core, in nanoseconds.
which file shows the run time in nanoseconds
how long did my process wait for a core
how long was my task in the run queue
where do I see the time a process waited for the CPU
which file is more exact than stat
what are the three numbers in schedstat
where can I measure scheduling delay
where do I read CPU time finer than ticks
run time and wait time in nanoseconds, which file
how do I find out whether my task had to wait for the processor
nanoseconds on the CPU and in the queue
how long did a task wait to run
file with run time and wait time
time in the run queue, where is it
""",
    ),
    entry(
        "meminfo",
        "/proc/meminfo",
        "",
        "",
        "cpuinfo free_command proc_loadavg",
        """
what:
= /proc/meminfo shows the memory of the whole system: MemTotal, MemFree, MemAvailable, caches and swap.
which file shows the memory of the system
where does free get its numbers
where do I read how much memory is available
which file in /proc has MemTotal
which file tells how much RAM there is
where do I see MemAvailable
how can my program read the amount of free memory
what is MemAvailable
system memory in /proc
total and free memory in a file
MemTotal stands in which file
file with the amount of RAM
""",
    ),
    entry(
        "cpuinfo",
        "/proc/cpuinfo",
        "",
        "",
        "meminfo core proc_system_stat",
        """
what:
= /proc/cpuinfo describes the processors: model name, speed, cores, cache size and flags such as avx2.
which file describes the processor
which CPU do I have
how do I find out my CPU model
where do I see if my CPU has AVX2
which file in /proc tells about the cores
where are the CPU flags
how fast is my processor, where do I read it
what processor is in this machine
processor facts in /proc
model of my CPU in a file
flags of the processor
file about the CPU
""",
    ),
    entry(
        "proc_loadavg",
        "/proc/loadavg",
        "",
        "",
        "load_average meminfo uptime",
        """
what:
= /proc/loadavg shows the load over 1, 5 and 15 minutes, the runnable and all tasks, and the last PID.
which file has the load of the system
where does uptime get the load from
what is the 2/345 in /proc/loadavg
""",
    ),
    entry(
        "uptime",
        "/proc/uptime|uptime",
        "",
        "",
        "proc_loadavg",
        """
what:
= The uptime is the time since the system started; /proc/uptime shows it in seconds.
how long has my machine been running
when did my computer start
since when is the system up
which file shows the seconds since boot
""",
    ),
    entry(
        "proc_system_stat",
        "/proc/stat",
        "",
        "",
        "proc_stat cpuinfo cpu_usage",
        """
what:
= /proc/stat shows the CPU times of the whole system since boot, in ticks: user, nice, system, idle, iowait and so on.
where do I read the CPU time of all processes together
which file shows how long the CPUs were idle
how does top compute the total CPU usage
which file is for the whole system, not one process
""",
    ),
    entry(
        "utime",
        "utime|user time",
        "the",
        "",
        "stime tick cpu_usage proc_stat",
        """
what:
= The utime is the time a process has run in user mode, counted in ticks; it is field 14 of /proc/PID/stat.
= utime, or user time, is CPU time spent in the program's own code, in ticks of usually 10 ms.
how long did the process run in its own code
CPU time spent in user mode
what does utime count
what is user time
what does the us in top mean
in which unit is utime
which number grows while my program computes
what is field 14 of the stat file
time in user code, what is it called
what is user in the output of time
ticks in user mode
CPU time of my own code
own computing time of a process
user part of the CPU time
simple:
= utime is CPU time in the program itself.
""",
    ),
    entry(
        "stime",
        "stime|system time|kernel time",
        "the",
        "",
        "utime tick cpu_usage proc_stat",
        """
what:
= The stime is the time a process has run in the kernel, counted in ticks; it is field 15 of /proc/PID/stat.
= stime, or system time, is CPU time the kernel spent for the process, for example in system calls.
how long did the kernel work for a process
CPU time spent in kernel mode
what does stime count
what is system time
what does the sy in top mean
in which unit is stime
what is field 15 of the stat file
time spent in system calls, what is it called
what is sys in the output of time
my program has a high sys time, what does it do
ticks in kernel mode
CPU time of the kernel for my process
system part of the CPU time
kernel work on behalf of a process
simple:
= stime is CPU time in the kernel.
""",
    ),
    entry(
        "tick",
        "tick|clock tick|jiffy",
        "a",
        "ticks|clock ticks|jiffies",
        "utime stime cpu_usage timer_interrupt",
        """
what:
= A tick is the unit of CPU times in /proc, usually 10 ms, so there are 100 ticks per second.
= A tick is a small unit of time, usually a hundredth of a second; utime and stime are counted in it.
in which unit does /proc count CPU time
how many ticks are in a second
how many milliseconds is a tick
what is USER_HZ
what does sysconf(_SC_CLK_TCK) return
how do I turn ticks into seconds
100 ticks, how long is that
utime is 250, how many seconds is that
what does getconf CLK_TCK print
how do I convert utime to seconds
what unit do utime and stime have
why is utime a multiple of 10 ms
10 ms in /proc
unit of utime
a hundredth of a second
100 per second, unit of CPU time
how long is one unit of utime
what is CLK_TCK
smallest step of CPU time in /proc
size:
= A tick is usually 10 ms, a hundredth of a second.
is a tick 10 ms
how short is a tick
what is the length of a tick
simple:
= A tick is a hundredth of a second.
""",
    ),
    entry(
        "cpu_usage",
        "CPU usage|CPU use|CPU utilisation",
        "",
        "",
        "utime stime tick load_average",
        """
what:
= CPU usage is the share of time in which a process used a core: ticks used divided by ticks elapsed.
= CPU usage says how busy a process keeps the CPU; 100 % means one full core.
what does %CPU in top mean
what does 100 percent CPU mean
what does 200 percent CPU mean
why does top show 400 percent
how can a process use more than 100 percent CPU
is 100 percent CPU one core or all cores
how busy is a process, which number
the share of time on a core
how much of a core does my process use
percent of a core
how busy is the CPU
the %CPU column
share of CPU time
80 percent CPU, what does it mean
how:
= CPU usage is computed from two readings of utime + stime: the difference in ticks divided by the ticks that passed
+ in between.
= CPU usage = (ticks used between two readings) / (ticks elapsed between them); times 100 gives percent.
how do I compute the CPU usage of a process
how do I calculate CPU usage from /proc
how does top compute %CPU
how is CPU usage measured
how do I get CPU percent from utime and stime
what is the formula for CPU usage
why do I need two readings for CPU usage
how do I turn ticks into percent
which division gives the CPU usage
what do I divide to get CPU usage
how can my program measure how much CPU another one uses
from utime and stime to percent, how
> how is it computed
> how do I calculate it
> what is the formula
ticks used divided by ticks elapsed
compute percent CPU from two samples
work out CPU percent from ticks
read utime and stime twice, and then
which formula does top use
formula for percent CPU
average CPU use, how do I work it out
turn utime and stime into a percentage
example:
= CPU usage example: 50 ticks used in 1 second, that is 100 ticks, gives 50 %.
a process used 50 ticks in one second, how much CPU is that
25 ticks used of 100, what is the CPU usage
100 ticks used in 100 elapsed ticks, how much is that
give me a calculation of CPU usage
utime went up by 30 in 100 ticks, what is the usage
10 ticks in 100, how many percent
80 ticks used in one second, how many percent
see:
= CPU usage is shown by `top`, `ps -o %cpu` or `pidstat 1`.
which command shows the CPU use of one process
how do I see how much CPU my program needs
where do I see CPU percent
simple:
= CPU usage says how busy the CPU is.
""",
        1.3,
    ),
    entry(
        "iowait",
        "iowait",
        "",
        "",
        "cpu_usage io_bound",
        """
what:
= iowait is the time in which a core was idle while some task waited for a disk.
what does wa in top mean
the CPU is idle but tasks wait for the disk
what does a high wa mean
why is iowait high
""",
    ),
    entry(
        "state_letters",
        "state letters",
        "the",
        "",
        "process_state proc_stat",
        """
what:
= The state letters in /proc/PID/stat are R running, S sleeping, D disk sleep, T stopped and Z zombie.
which letters can the state field in /proc have
what does the letter after the name in the stat file mean
what do R S D T and Z stand for in the stat file
list the state letters of Linux
which letter is for a running and which for a sleeping task
R S D T Z
letters for process states in /proc
what does the third field of stat say
meaning of R, S, D, T, Z
""",
    ),
    entry(
        "psr",
        "processor field",
        "the",
        "",
        "proc_stat affinity core",
        """
what:
= The processor field, number 39 in /proc/PID/stat, tells on which core the task ran last.
how do I see on which core my process runs
which core does my thread run on
where do I read the core of a task
what is the P or PSR column
on which CPU did my process run last
""",
    ),
    entry(
        "starttime",
        "starttime field",
        "the",
        "",
        "proc_stat tick",
        """
what:
= The starttime field, number 22 in /proc/PID/stat, is when the process started, in ticks since boot.
how do I find out when a process was started
since when does my process run
which field tells how old a process is
how can I tell a new process from an old one with the same PID
""",
    ),
    entry(
        "sysfs",
        "/sys|sysfs",
        "",
        "",
        "proc driver",
        """
what:
= /sys is a virtual folder in which the kernel shows devices, drivers and settings such as cgroups.
which folder shows the devices of the kernel
what is in /sys
what is the sister of /proc for devices
""",
    ),
    entry(
        "strace",
        "strace",
        "",
        "",
        "gdb perf system_call",
        """
what:
= strace shows the system calls a program makes, with their arguments and results.
how can I watch what a program asks the kernel
which tool prints system calls
my program does nothing, how do I see what it waits for
how do I see which files a program opens
what does strace -f do
what does strace -p do
""",
    ),
    entry(
        "perf",
        "perf",
        "",
        "",
        "strace gdb profiler",
        """
what:
= perf is a Linux tool that counts events and samples where programs spend their time, as in `perf top`.
how do I count cache misses
which tool shows where my program spends its time
what does perf stat show
what does perf record do
which Linux tool measures performance
""",
    ),
    entry(
        "profiler",
        "profiler",
        "a",
        "profilers",
        "perf debugger",
        """
what:
= A profiler measures in which parts of a program the time is spent.
how do I find the slow part of my program
which tool finds hot spots
what does cProfile do
what is profiling
where does my program lose its time
""",
    ),
    entry(
        "debugger",
        "debugger",
        "a",
        "debuggers",
        "gdb profiler bug",
        """
what:
= A debugger runs a program step by step and shows its variables; gdb is one for C.
how can I run a program line by line
how do I look at variables while a program runs
what is a breakpoint
which tool helps to find bugs
how do I stop my program at a certain line
""",
    ),
    entry(
        "gdb",
        "gdb",
        "",
        "",
        "debugger strace core_dump",
        """
what:
= gdb is the GNU debugger: it stops a program where you want, shows its variables and tells where it crashed.
what does gdb do
what does bt in gdb do
which debugger is for C on Linux
how do I see the call stack after a crash
how do I attach to a running process
""",
    ),
    entry(
        "pidstat",
        "pidstat",
        "",
        "",
        "top ps vmstat",
        """
what:
= pidstat prints CPU, memory or disk use of processes at regular times, for example `pidstat -p PID 1`.
how do I log the CPU use of one process every second
what does pidstat do
which command prints the use of a process again and again
""",
    ),
    entry(
        "vmstat",
        "vmstat",
        "",
        "",
        "top pidstat free_command",
        """
what:
= vmstat prints memory, swap, disk, context switches and CPU use of the system, for example each second with `vmstat
+ 1`.
what does vmstat show
what does vmstat 1 do
which command shows swapping in and out
how do I see context switches per second
""",
    ),
    entry(
        "dmesg",
        "dmesg",
        "",
        "",
        "oom_killer kernel",
        """
what:
= dmesg shows the messages of the kernel, for example about devices and killed processes.
where do I read what the kernel says
how do I see the kernel log
what does dmesg do
which command prints kernel messages
""",
    ),
]

PAIRS = [
    pair(
        "utime",
        "stime",
        """
= utime is CPU time in the program's own code; stime is CPU time in the kernel for that program. Both are in ticks.
which one is time in the kernel
which is user time and which is kernel time
what do user and sys in time mean
""",
    ),
    pair(
        "proc_stat",
        "proc_status",
        """
= /proc/PID/stat is one line of numbers for programs; /proc/PID/status has readable lines for people.
which one is easier to read for people
stat or status, which one should my program read
""",
    ),
    pair(
        "proc_stat",
        "schedstat",
        """
= /proc/PID/stat counts CPU time in ticks; schedstat counts run time and waiting time in nanoseconds.
which file is finer, stat or schedstat
""",
    ),
    pair(
        "proc_stat",
        "proc_system_stat",
        """
= /proc/PID/stat is about one process; /proc/stat is about the CPUs of the whole system.
""",
    ),
    pair(
        "proc",
        "sysfs",
        """
= /proc shows processes and system data; /sys shows devices, drivers and their settings.
""",
    ),
    pair(
        "meminfo",
        "cpuinfo",
        """
= /proc/meminfo is about the memory of the system; /proc/cpuinfo is about its processors.
""",
    ),
    pair(
        "cpu_usage",
        "load_average",
        """
= CPU usage is the share of time cores are busy; the load average counts tasks that run or wait.
is load the same as CPU usage
why is the load 8 when the CPU is at 100 percent
""",
    ),
    pair(
        "strace",
        "gdb",
        """
= strace shows the system calls of a program; gdb lets you stop it and look at its variables.
""",
    ),
    pair(
        "debugger",
        "profiler",
        """
= A debugger helps to find errors; a profiler helps to find the slow parts.
""",
    ),
    pair(
        "tick",
        "time_slice",
        """
= A tick is the unit in which CPU time is counted; a time slice is how long a task may run before another gets its
+ turn.
""",
    ),
    pair(
        "comm_field",
        "cmdline",
        """
= The comm field is the short name of a process, at most 15 letters; cmdline is the whole command with its arguments.
""",
    ),
]

DIALOGUES = [
    dialogue("""
u how do I compute CPU usage from /proc?
b CPU usage is computed from two readings of utime + stime: the difference in ticks divided by the ticks that passed
+ in between.
u how long is a tick?
b A tick is usually 10 ms, a hundredth of a second.
u and if it used 50 of 100 ticks?
b Then the CPU usage is 50 %.
"""),
    dialogue("""
u can I split /proc/PID/stat at blanks?
b /proc/PID/stat must not simply be split at blanks, because the name in parentheses may itself contain blanks or
+ parentheses.
u so how should I do it?
b /proc/PID/stat is best read from the last closing parenthesis on: state is the next field, utime and stime are
+ fields
+ 14 and 15.
"""),
    dialogue("""
u what does R mean in ps?
b State R means running or runnable: the process is on a core or waits for one in the run queue.
u and S?
b State S means sleeping: the process waits for something, such as input or a timer, and uses no CPU; a signal can
+ wake it.
u and D?
b State D means uninterruptible sleep: the process waits inside the kernel, mostly for a disk, and not even SIGKILL
+ ends
+ it until then.
u and T?
b State T means stopped: the process was paused by SIGSTOP or Ctrl-Z and goes on after SIGCONT.
"""),
    dialogue("""
u where do I find the threads of a process?
b /proc/PID/task has one folder for each thread of the process, with files such as stat and schedstat.
u and its open files?
b /proc/PID/fd is a folder with one link for each open file descriptor of a process.
u and its memory map?
b /proc/PID/maps lists the memory regions of a process: code, heap, stack and mapped files, with their rights.
"""),
    dialogue("""
u is /proc on my disk?
b /proc is not on disk: when you read one of its files, the kernel makes up the text at that moment.
u so does it cost space?
b No, /proc costs no space on the disk.
"""),
]
