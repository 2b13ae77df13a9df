"""Subjects of the corpus: the scheduler, priorities, policies, cores and the sharing of CPU time."""

from templates import dialogue, entry, pair

ENTRIES = [
    entry(
        "scheduler",
        "scheduler",
        "the",
        "schedulers",
        "context_switch run_queue time_slice cfs kernel",
        """
what:
= The scheduler is the part of the kernel that chooses which task runs next on each core.
= The scheduler decides which task runs next, and for how long.
who decides which process runs next
what decides which task gets the CPU
which part of the kernel shares out the CPU
who gives the CPU to processes
who chooses the next process
how does the system decide who gets the processor
which part of the kernel picks the next thread
what is scheduling
what does scheduling mean in an operating system
who hands out CPU time
many processes and one core, who decides
what makes sure that every process gets a turn
who is the referee of the processes
what is CPU scheduling
the part of Linux that shares the cores among tasks
who picks the next task
who is next on the CPU, who decides
the part that gives out turns
the judge over CPU time
how is it decided which task runs
picks tasks from the run queue
distributes CPU time among processes
the planner inside the kernel
who lets my process run
which component selects the running thread
why:
= The scheduler is needed because there are more tasks than cores: it shares the CPU fairly and keeps the system
+ quick to react.
why do we need to schedule processes
why does the kernel choose who runs
what would happen without scheduling
how:
= The scheduler keeps runnable tasks in run queues and picks the one that is most behind its fair share; timers let
+ it switch.
how does Linux choose the next process
how does the kernel share the CPU among processes
how is CPU time shared out
by which rule does Linux pick a task
how does the kernel decide who runs
example:
= Schedulers are, for instance, round robin, first come first served, shortest job first, CFS and EEVDF.
name some scheduling algorithms
which scheduling algorithms are there
list a few ways to schedule
what kinds of scheduling exist
simple:
= The scheduler decides who may run next.
""",
        1.5,
    ),
    entry(
        "scheduling_policy",
        "scheduling policy",
        "a",
        "scheduling policies",
        "sched_other sched_batch sched_idle sched_fifo sched_rr nice",
        """
what:
= A scheduling policy is the rule for a task: SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO or SCHED_RR.
which scheduling policies does Linux have
name the scheduling policies of Linux
list the policies of the Linux scheduler
what policies are there in Linux
which rules can I choose for the scheduling of my process
which policy should I use
what are SCHED_OTHER, SCHED_BATCH and SCHED_IDLE
what does SCHED mean
which policies are real-time
rule by which a task is scheduled
normal, batch, idle, fifo: what are these
which kinds of scheduling can I give a process
list SCHED_ constants
which policies exist
the scheduling classes of Linux
make:
= A scheduling policy is set with `chrt` in the shell or sched_setscheduler() in C, for example `chrt -b 0 command`.
how do I set the policy of a process
what does chrt do
which command sets the scheduling policy
how do I run a command with SCHED_BATCH
how do I run a program with SCHED_IDLE
see:
= The scheduling policy of a process is shown by `chrt -p PID`.
how do I see the policy of my process
which policy does my process have
how do I find out which scheduling class a task uses
""",
    ),
    entry(
        "sched_other",
        "SCHED_OTHER|SCHED_NORMAL",
        "",
        "",
        "sched_batch sched_idle sched_fifo sched_rr",
        """
what:
= SCHED_OTHER is the normal Linux policy: tasks share the CPU fairly, weighted by their nice value.
which policy do normal processes have
what is the default scheduling policy
which policy does my shell have
which policy do most tasks use
the usual scheduling policy in Linux
what is policy 0
which policy is for ordinary programs
the standard policy
the policy of everyday programs
policy for normal tasks
what policy does a process get if I do nothing
the fair share policy
when:
= SCHED_OTHER is right for ordinary programs and for everything you type to and wait for.
which policy is good for interactive programs
which policy for a chat program
""",
    ),
    entry(
        "sched_batch",
        "SCHED_BATCH",
        "",
        "",
        "sched_other sched_idle sched_fifo sched_rr",
        """
what:
= SCHED_BATCH is a policy for CPU-heavy background work: the task is interrupted less and not treated as interactive.
= SCHED_BATCH tells the kernel that a task only computes in the background, so it may run longer but reacts later.
which policy is for CPU-heavy background work
which policy should a long computation have
which policy is good for a big calculation
which scheduling policy is for non-interactive jobs
I have a long computation in the background, which policy
what does chrt -b do
which policy is for batch jobs
which policy is good for training a model over night
policy for heavy number crunching
policy for long background computing
for jobs that only compute
which policy for jobs without users waiting
number crunching in the background, which policy
what does batch mean as a policy
when:
= SCHED_BATCH is good for long computations that nobody waits for, such as compiling or training.
which jobs should be batch
is SCHED_BATCH good for interactive programs
simple:
= SCHED_BATCH is for long computing in the background.
""",
    ),
    entry(
        "sched_idle",
        "SCHED_IDLE",
        "",
        "",
        "sched_other sched_batch sched_fifo sched_rr",
        """
what:
= SCHED_IDLE lets a task run only when nobody else wants the CPU.
= SCHED_IDLE is the weakest policy: the task gets the CPU only when there is nothing else to do.
which policy runs only when nobody else wants the CPU
how can I run a job only when the computer has nothing to do
which policy is the weakest
which policy has the lowest priority
how do I make a job disturb nobody
my background job shall not slow down anything
which policy is for jobs that have time
which policy uses only spare CPU time
what does chrt -i do
how do I use only the CPU time that is left over
a task that always lets others go first
only run when the CPU is free
use left-over CPU time
policy that disturbs nobody
runs when nothing else wants to run
the humblest policy
which policy lets all others go first
for work that can wait forever
lowest of all policies
when:
= SCHED_IDLE is good for work with no hurry, such as indexing files, that must not disturb anybody.
which jobs should be idle
bad:
= SCHED_IDLE may make a task wait very long on a busy machine.
my idle job makes no progress
is there a risk with SCHED_IDLE
simple:
= SCHED_IDLE means: run only when nobody else wants to.
""",
    ),
    entry(
        "sched_fifo",
        "SCHED_FIFO",
        "",
        "",
        "sched_rr sched_other sched_batch sched_idle",
        """
what:
= SCHED_FIFO is a real-time policy: the task runs until it waits, yields or a more important one comes.
which real-time policy has no time slice
which policy lets a task run until it stops by itself
which policy is first in first out
what does chrt -f do
a real-time task without time slices
which policy never takes the CPU away for a normal task
real time, first come first served
run until finished, real time
which policy goes before all normal tasks and has no slices
the policy without a time limit
bad:
= SCHED_FIFO is risky: a task in an endless loop can lock out all others; only root may normally set it.
can a real-time task freeze the machine
why is SCHED_FIFO dangerous
why must I be root to use SCHED_FIFO
my real-time loop froze the computer
""",
    ),
    entry(
        "sched_rr",
        "SCHED_RR",
        "",
        "",
        "sched_fifo sched_other sched_batch sched_idle round_robin",
        """
what:
= SCHED_RR is a real-time policy in which tasks of the same priority take turns by time slice.
which real-time policy uses time slices
which policy is round robin for real time
what does RR stand for in SCHED_RR
what does chrt -r do
real-time tasks that take turns
real time in turns
real time with time slices
round robin policy of Linux
""",
    ),
    entry(
        "real_time",
        "real-time task",
        "a",
        "real-time tasks",
        "sched_fifo sched_rr priority",
        """
what:
= A real-time task must react within a fixed time; Linux runs it before all normal tasks, with SCHED_FIFO or SCHED_RR.
which tasks go before all others
what does real time mean in scheduling
a task with a deadline
what is needed to control a robot arm in time
which policies are for real time
""",
    ),
    entry(
        "time_slice",
        "time slice|quantum",
        "a",
        "time slices|quanta",
        "preemption round_robin context_switch",
        """
what:
= A time slice is the short time a task may run before the scheduler may give the core to another one, often a few
+ milliseconds.
how long may a process run before another one gets a turn
what is a quantum in scheduling
what is the piece of CPU time a process gets at once
how long does a process keep the CPU
what ends when the timer says stop
the short turn of a task on the CPU
what is the turn of a process called
a short turn on the CPU
some milliseconds of CPU for a task
how long is a task allowed to run
after this time another task gets its turn
portion of CPU time
when it is used up the scheduler may switch
size:
= A time slice is usually a few milliseconds long.
how many milliseconds is a slice
how long is one turn on the CPU
more:
= A short time slice makes the system quick to react but costs more context switches; a long one does the opposite.
why are time slices short
what happens if the slice is too short
what happens if the slice is too long
simple:
= A time slice is a short turn on the CPU.
""",
    ),
    entry(
        "preemption",
        "preemption",
        "",
        "",
        "time_slice interrupt context_switch",
        """
what:
= Preemption means that the kernel takes the core away from a running task to let another one run.
= Preemption is when a task is interrupted by the scheduler, though it wanted to go on.
can the kernel take the CPU away from a process
what happens to a task when its time is over
how does the kernel stop an endless loop from blocking all others
why does an endless loop not freeze the machine
what does preemptive mean
what is preemptive multitasking
a task loses the CPU although it is not finished
my program was taken off the CPU in the middle
what is it when a task is pushed off the core
push a task off the CPU
the kernel interrupts a task in favour of another
forced to give up the core
why did my task stop in the middle of its work
taking the CPU away by force
switching without asking the task
why:
= Preemption is needed so that one task in an endless loop cannot keep the core for itself.
why does the kernel interrupt running tasks
why does the kernel not let a task run to its end
""",
    ),
    entry(
        "round_robin",
        "round robin",
        "",
        "",
        "fcfs sjf time_slice sched_rr",
        """
what:
= Round robin lets each task run for one time slice in turn, and then puts it at the end of the queue.
= Round robin gives every task an equal time slice, one after another in a circle.
which algorithm gives every process a turn in a circle
which scheduling goes round in a circle
everybody gets the same short time in turn
each task runs for a slice and goes to the end of the queue
which scheduler is simple and fair with time slices
like children on a swing, each in turn for a minute
tasks take turns, what is that algorithm called
what does RR mean in scheduling
a turn for each, again and again
equal turns in a circle
fair turns with a fixed time
after its slice a task goes to the end of the line
A B C A B C, which scheduling is it
scheduling in a circle
all tasks in turn, each for a short time
example:
= Round robin example: A, B and C run for one slice each, in the order A, B, C, A, B, C.
show the order of A B C in round robin
bad:
= Round robin ignores that tasks differ: with many tasks, each waits long for its turn.
what is the drawback of round robin
simple:
= Round robin means: everybody gets a short turn, again and again.
""",
    ),
    entry(
        "fcfs",
        "FCFS|first come first served|first come, first served",
        "",
        "",
        "round_robin sjf",
        """
what:
= First come first served runs tasks in the order of their arrival, each until it is done.
= FCFS, first come first served, takes tasks in the order they arrive and does not interrupt them.
which scheduling is like the queue at a shop
what does FCFS stand for
tasks run in the order they arrive
which algorithm runs the oldest job first
who comes first runs first
which scheduler is the simplest of all
is FCFS preemptive
in the order of arrival
like at the bakery: first come, first served
no switching until the first is done
the oldest task runs first
simple queue scheduling
bad:
= FCFS makes short tasks wait behind a long one; this is called the convoy effect.
what is the convoy effect
what is the drawback of first come first served
why is FCFS bad for short jobs
a short job waits behind a long one, what is that called
""",
    ),
    entry(
        "sjf",
        "shortest job first|SJF",
        "",
        "",
        "fcfs round_robin srtf",
        """
what:
= Shortest job first runs the task that needs the least time next; this gives the lowest average waiting time.
= SJF, shortest job first, always picks the shortest task, so that on average tasks wait least.
which algorithm picks the shortest task
which scheduling has the lowest average waiting time
what does SJF stand for
which scheduler lets quick jobs go first
short jobs before long ones, what is that
who goes first when the quickest job is chosen
the quickest job goes first
take the smallest task
sort jobs by their length
prefer short jobs
least waiting on average
run the job that needs the least time
bad:
= Shortest job first must know how long tasks will take, and long tasks may starve.
what is the problem with shortest job first
why is SJF hard to use
what happens to long jobs under SJF
can long jobs starve under shortest job first
""",
    ),
    entry(
        "srtf",
        "shortest remaining time first|SRTF",
        "",
        "",
        "sjf round_robin",
        """
what:
= Shortest remaining time first is SJF with preemption: a new task with less time left takes over the core.
what is the preemptive form of SJF
what does SRTF stand for
which algorithm picks the task that is done soonest
""",
    ),
    entry(
        "mlfq",
        "multilevel feedback queue|MLFQ",
        "a",
        "multilevel feedback queues",
        "round_robin priority aging",
        """
what:
= A multilevel feedback queue has several queues: tasks that use much CPU sink to lower ones, those that wait much
+ stay high.
which scheduler has several queues
what does MLFQ stand for
how can a scheduler learn which tasks are interactive
tasks move between queues by their behaviour
""",
    ),
    entry(
        "priority",
        "priority",
        "a",
        "priorities",
        "nice aging starvation priority_inversion",
        """
what:
= A priority tells the scheduler how important a task is; more important tasks run sooner or get more CPU.
how does the scheduler know which task is more important
how important is a process, where is that kept
what makes a task run before others
what does PR mean in top
which number says how important a task is
why does one process get more CPU than another
what does PRI mean
importance of a task
who is more important for the scheduler
high or low, for a task
why does that task go first
rank of a process
make:
= A priority is changed with `nice` and `renice`: a higher nice value means less CPU.
how do I change the priority of a process
how do I give a process more CPU
how do I lower the priority of a running program
how do I give my program a higher priority
how do I make a process less important
how do I make a process more important
my job should get more CPU than the others
""",
    ),
    entry(
        "nice",
        "nice value|niceness|nice",
        "a",
        "nice values",
        "priority scheduling_policy affinity",
        """
what:
= A nice value goes from -20 to 19: the higher it is, the less CPU time the process gets; 0 is normal.
= A nice value says how nice a process is to others: 19 takes the least CPU, -20 the most.
what does NI mean in top
what does nice 19 mean
what does nice -20 mean
what does a nice of 10 mean
what does a high nice value mean
does a higher nice value mean more CPU
is 19 or -20 the higher priority
which nice value gets the most CPU
which nice value gets the least CPU
from where to where do nice values go
what is the range of nice
what is the lowest nice value
what is the highest nice value
what is the normal nice value
how nice is a process
the number that says how friendly a process is to others
what does the nice command do
why is it called nice
a process with 19, does it get much CPU
is nice 5 better than nice 10 for my program
a number from -20 to 19
how friendly a process is
higher number, less CPU
lower number, more CPU
19 is which end, weak or strong
what does nice do with the CPU share
the NI column
what does a nice value of 0 mean
is a nice process fast or slow
very nice process, does it get much CPU
-20 means what for a process
19 means what for a process
nicest value there is
range of niceness
make:
= A nice value is set with `nice -n 10 command` at the start and changed with `renice 10 -p PID` later.
how do I start a program with less priority
how do I run a command nicely
how do I make a running process nicer
what does renice do
how do I change nice while a program runs
how do I set nice to 10
how do I slow down a background job so that others run better
my computation makes the desktop slow, what can I do
how can I run a long job without disturbing others
give my job less CPU
start a job with low importance
set the niceness
turn down the priority of a running job
my backup slows everything down
lower the share of CPU for a program
more:
= A nice value below 0 may normally be set only by root; anybody may make a process nicer.
who may set a negative nice value
can I set nice to -5 as a normal user
why can I not lower the nice value
permission denied with renice
do I need root to set a nice value
can I make my process less nice
simple:
= A nice value says how much a process lets others go first.
""",
        1.4,
    ),
    entry(
        "aging",
        "aging|ageing",
        "",
        "",
        "starvation priority",
        """
what:
= Aging raises the priority of a task the longer it waits, so that no task starves.
how can a scheduler prevent starvation
the longer a task waits, the more important it becomes
what is the cure for starvation
which trick lets old waiting tasks run at last
why does a waiting task get a better priority
waiting makes you more important, what is that called
older waiting tasks become more important
patience pays off for a task
raise the rank of waiting tasks
help for starving tasks
""",
    ),
    entry(
        "cfs",
        "CFS|Completely Fair Scheduler",
        "the",
        "",
        "eevdf scheduler vruntime",
        """
what:
= CFS, the Completely Fair Scheduler of Linux, always runs the task that has had the least weighted CPU time so far.
= CFS gives every task a fair share of the CPU, weighted by its nice value.
which scheduler did Linux use for normal tasks
what does CFS stand for
how does Linux share the CPU fairly
which Linux scheduler gives a fair share to each
which task does CFS pick next
the fair scheduler of Linux, what is its name
how can a scheduler be completely fair
fair scheduler
the one who ran least is next
Linux scheduler before EEVDF
equal share for everyone in Linux
""",
    ),
    entry(
        "eevdf",
        "EEVDF",
        "",
        "",
        "cfs scheduler",
        """
what:
= EEVDF is the newer fair scheduler of Linux, in place of CFS; among tasks that deserve CPU it picks the one with
+ the earliest deadline.
what does EEVDF stand for
which scheduler came after CFS
which scheduler do new Linux kernels use
what replaced CFS
what is the newest scheduler in Linux
""",
    ),
    entry(
        "vruntime",
        "vruntime|virtual runtime",
        "",
        "",
        "cfs eevdf nice",
        """
what:
= The vruntime of a task is its CPU time weighted by its nice value; the fair scheduler picks a task with little of
+ it.
which number does CFS compare
what is virtual runtime
how does the fair scheduler know who has had too little
""",
    ),
    entry(
        "run_queue",
        "run queue",
        "a",
        "run queues",
        "scheduler state_r load_average",
        """
what:
= A run queue holds the tasks that are ready to run and wait for a core; each core has one.
where do tasks wait for the CPU
where are the tasks that are ready but not running
what is the queue of ready processes called
what is the list of runnable tasks
where does the scheduler look for the next task
the waiting room for the CPU
where does a process wait for its turn
what is the ready queue
line of tasks before the CPU
ready tasks stand in what
queue in front of a core
where does a ready process stand
""",
    ),
    entry(
        "load_average",
        "load average",
        "the",
        "",
        "run_queue top cpu_usage",
        """
what:
= The load average is the mean number of tasks that run or wait for a core (or disk), over 1, 5 and 15 minutes.
= The load average shows how many tasks want to run; a load equal to the number of cores means the machine is just
+ full.
what do the three numbers in uptime mean
what does load average 4.00 mean
what does a load of 4 mean
is a load of 8 too high
what are the three numbers in top after load average
what does uptime show
how busy is my machine, which number tells
what does the load tell me
what is in /proc/loadavg
how do I know if my machine is overloaded
my load is 2 on 4 cores, is that much
when is the load too high
is a load of 1 high
why is the load high although the CPU is idle
what is load in Linux
three numbers in uptime
number of tasks that want to run, on average
1, 5 and 15 minutes, what is averaged
is my machine busy, which number
load 16 on 4 cores, good or bad
load average: 0.50 0.40 0.30
how many tasks wait on average
simple:
= The load average says how many tasks want the CPU.
""",
    ),
    entry(
        "affinity",
        "CPU affinity|affinity|pinning",
        "",
        "",
        "nice core numa",
        """
what:
= CPU affinity tells on which cores a task may run; setting it is called pinning.
= Pinning means that a task may run only on certain cores.
how do I bind a process to a core
how do I tie a program to one core
how do I make a process stay on core 2
on which cores may a task run
what does it mean to pin a process
what does taskset do
how do I run my program only on cores 0 and 1
how do I keep a process from moving between cores
what does sched_setaffinity do
how can I forbid a program to use all cores
what decides on which cores my thread may run
limit a program to two cores
keep my thread on one CPU
which cores are allowed for a task
tie a thread to a core
glue a process to one core
stay on the same core
a process that may use only core 0
choose the cores for a program
set of allowed cores
make:
= CPU affinity is set with `taskset -c 0,1 command`, or `taskset -cp 0,1 PID` for a running process.
how do I set the cores of a process
how do I pin a process
how do I pin a running process to core 3
which command pins a process to cores
how do I use taskset
how do I restrict a program to some cores
let my program use only two cores
run on cores 2 and 3 only
bind my process to one core
why:
= CPU affinity keeps a task near its warm caches and makes timings steadier; it also leaves other cores free.
why would I pin a process
why would I bind a thread to a core
what is the benefit of pinning
does pinning make a program faster
is pinning good for speed
bad:
= CPU affinity can hurt: the task must wait for its core even when another core is idle.
can pinning be bad
what is the disadvantage of pinning
when is pinning a bad idea
simple:
= CPU affinity says on which cores a task may run.
""",
    ),
    entry(
        "io_bound",
        "I/O-bound task|I/O-bound program|I/O-bound process",
        "an",
        "I/O-bound tasks|I/O-bound programs",
        "cpu_bound latency",
        """
what:
= An I/O-bound task spends most of its time waiting for disk, network or keyboard, and uses little CPU.
what is a task that mostly waits
what does I/O-bound mean
my program waits for the disk most of the time, what is it called
an editor waits for keys most of the time, what kind of task is that
a program limited by the disk or the network
my program is slow but the CPU is idle
would a faster CPU help a program that waits for the network
mostly waiting for the disk
mostly waiting for the network
spends its time on input and output
little CPU, much waiting
example:
= I/O-bound tasks are, for instance, a text editor, a web server or copying files.
is a web server limited by the CPU
is copying files CPU work
""",
    ),
    entry(
        "cpu_bound",
        "CPU-bound task|CPU-bound program|CPU-bound process",
        "a",
        "CPU-bound tasks|CPU-bound programs",
        "io_bound throughput",
        """
what:
= A CPU-bound task spends most of its time computing, so a faster CPU or more cores help it.
what is a task that only computes
what does CPU-bound mean
my program uses 100 percent CPU all the time, what is it called
a program limited by the processor
what kind of task is a matrix multiplication
which programs profit from a faster processor
mostly computing
always wants the CPU
hardly ever waits
more cores would help, what kind of program
number crunching is what kind of task
example:
= CPU-bound tasks are, for instance, compiling, making prime numbers or running a language model.
is running a language model CPU work
is compression limited by the CPU
""",
    ),
    entry(
        "throughput",
        "throughput",
        "",
        "",
        "latency speedup",
        """
what:
= Throughput is how much work is done per unit of time, for example requests per second.
how much work is done per second, what is that called
what is work per time called
jobs finished per hour, what is that measure
requests per second are a measure of what
how is the amount of work measured
work per second
how many jobs per hour
amount done in a given time
how much gets done
tokens per second is a kind of what
""",
    ),
    entry(
        "latency",
        "latency",
        "",
        "latencies",
        "throughput response_time",
        """
what:
= Latency is how long one thing takes from request to answer, for example the time until a key appears on the screen.
how long I wait for one answer, what is that called
the time from the question to the answer
what is delay called in computing
what does it mean that a system has low latency
time until the first reaction
what is lag in a game
how long until it answers
delay of one request
time for one thing
waiting time for an answer
how quickly does it react
""",
    ),
    entry(
        "response_time",
        "response time",
        "the",
        "",
        "latency turnaround waiting_time",
        """
what:
= The response time is the time from a request to the first reaction of the system.
how long until the system first reacts
what should be short for interactive programs
what is the time until the first answer
""",
    ),
    entry(
        "turnaround",
        "turnaround time",
        "the",
        "",
        "response_time waiting_time",
        """
what:
= The turnaround time is the time from the arrival of a task to its end, waiting included.
how long does a job take from arrival to end
what is end time minus arrival time
which time includes the waiting of a job
""",
    ),
    entry(
        "waiting_time",
        "waiting time",
        "the",
        "",
        "turnaround response_time",
        """
what:
= The waiting time is how long a task sits in the run queue, ready but not running.
how long does a task wait for the CPU
what is turnaround minus run time
which time does shortest job first make small
""",
    ),
    entry(
        "core",
        "core|CPU core",
        "a",
        "cores|CPU cores",
        "cpu thread hyperthreading",
        """
what:
= A core is one unit of a CPU that can run a task; a CPU with four cores runs four tasks at the same moment.
what is inside a CPU and runs one task at a time
how many tasks can run at the same moment
what does quad-core mean
what is a dual core
what is one computing unit of a processor
what does 8 cores mean
why do CPUs have several cores
a computing unit of the chip
one of four in a quad-core
runs one task at a time
what does a CPU have four of
how many tasks can a 4-core CPU run at once
see:
= Cores are counted by `nproc` or `lscpu`; os.cpu_count() tells the number in Python.
how many cores do I have
how do I find out the number of cores
which command shows the number of cores
what does nproc print
how do I get the number of cores in Python
how many CPUs does my machine have
what does lscpu show
""",
    ),
    entry(
        "multicore",
        "multi-core CPU|multi-core processor|multicore processor",
        "a",
        "multi-core CPUs|multi-core processors",
        "core hyperthreading",
        """
what:
= A multi-core CPU has several cores on one chip, so several tasks can run at the same moment.
a processor with more than one core
why can my computer really do four things at once
what does multicore mean
what is a chip with many cores
what does my laptop need to run tasks at the same moment
""",
    ),
    entry(
        "hyperthreading",
        "hyper-threading|SMT",
        "",
        "",
        "core multicore",
        """
what:
= Hyper-threading lets one core hold two hardware threads that share its units; the gain is less than a second core.
why do I see 8 CPUs on 4 cores
what are logical cores
why does nproc show twice as many cores as I bought
what does SMT stand for
one core looks like two, why
""",
    ),
    entry(
        "numa",
        "NUMA",
        "",
        "",
        "affinity core memory_bandwidth",
        """
what:
= NUMA means that memory near a core's own socket is faster to reach than memory at another socket.
why is some memory slower than other memory on a big server
what does NUMA stand for
a machine with two CPU sockets and memory at each
""",
    ),
    entry(
        "interrupt",
        "interrupt|hardware interrupt",
        "an",
        "interrupts|hardware interrupts",
        "signal system_call timer_interrupt",
        """
what:
= An interrupt is a call from hardware to the CPU, which stops its work for a moment and runs a handler in the kernel.
= An interrupt is how a device, such as a keyboard or timer, tells the CPU that it needs attention.
how does the keyboard tell the CPU that a key was pressed
how does the hardware get the attention of the CPU
what happens in the CPU when I press a key
how does the disk say that data are ready
how does the network card tell the CPU that a packet came
a device needs attention, how does it tell
what makes the CPU stop and run the kernel
what is an IRQ
what does IRQ mean
how does the CPU notice a device
the hardware calls the CPU
stop what you do, a device needs you
key pressed, how does the CPU know
how do devices call for attention
doorbell of the hardware
""",
    ),
    entry(
        "timer_interrupt",
        "timer interrupt",
        "a",
        "timer interrupts",
        "interrupt preemption tick",
        """
what:
= A timer interrupt comes at regular times and gives the kernel the chance to switch tasks.
how does the kernel get control back from an endless loop
what lets the scheduler run again and again
how does the kernel know that a time slice is over
how does the kernel interrupt a program that never waits
""",
    ),
    entry(
        "cgroup",
        "cgroup|control group",
        "a",
        "cgroups|control groups",
        "nice namespace container affinity",
        """
what:
= A cgroup is a group of processes whose CPU and memory the kernel counts and limits.
= A cgroup, or control group, limits how much CPU and memory a group of processes may use.
how do I limit the memory of a group of processes
how can I limit the CPU use of several processes together
how do I give a program at most half a core
how do I keep a program from using all memory
how do containers limit memory
what limits the CPU and memory of a container
what does cgroup stand for
what is in /sys/fs/cgroup
how does Docker limit memory
put a fence around a group of processes
how can I restrict how much a user's programs take
limits for a bunch of processes
cap memory and CPU of a group
what do containers use to limit resources
give a service only 1 GB
a budget for a group of processes
restrict memory of a service
make:
= A cgroup is made by a folder in /sys/fs/cgroup, or more easily with `systemd-run -p MemoryMax=1G command`.
how do I start a program with a memory limit
how do I set a memory limit
how do I limit a program to 1 GB
how do I put a process into a cgroup
""",
    ),
    entry(
        "cpu_quota",
        "CPU quota|CPU limit",
        "a",
        "CPU quotas|CPU limits",
        "cgroup nice",
        """
what:
= A CPU quota in a cgroup says how much CPU time a group may use per period, for example 50 ms in every 100 ms.
how do I limit a process to 50 percent CPU
what is cpu.max in a cgroup
how do I cap the CPU use of a program
what is CPU throttling in a container
""",
    ),
    entry(
        "ulimit",
        "ulimit|resource limit",
        "",
        "",
        "cgroup file_descriptor",
        """
what:
= ulimit shows and sets limits of a shell's processes, such as open files (-n) or stack size (-s).
how do I set the maximum number of open files
what does ulimit -n show
how do I make the stack bigger
which command sets resource limits
""",
    ),
    entry(
        "idle_task",
        "idle task",
        "the",
        "",
        "scheduler sched_idle",
        """
what:
= The idle task runs on a core when no other task wants it; it lets the core sleep and save power.
what does the CPU do when there is nothing to do
what runs when no process wants to run
what does 90 percent idle mean
what does a core do when it has no work
what does id mean in top
""",
    ),
    entry(
        "yield_call",
        "sched_yield|sched_yield()",
        "",
        "",
        "preemption time_slice",
        """
what:
= sched_yield() gives up the core of its own accord, so that another ready task may run.
how does a task give up the CPU freely
which call lets others go first
what does sched_yield do
how do I let other threads run
""",
    ),
    entry(
        "time_command",
        "time command",
        "the",
        "",
        "cpu_usage utime",
        """
what:
= The time command shows how long a program ran: real time, user CPU time and system CPU time.
how do I measure how long a program takes
what do real, user and sys mean
which command measures run time
how long does my program run, how do I measure it
why is user time larger than real time
how do I time a command
""",
    ),
    entry(
        "oversubscription",
        "oversubscription",
        "",
        "",
        "context_switch thread_pool",
        """
what:
= Oversubscription means more busy threads than cores: they take turns, and switching and cold caches cost time.
what happens if I use more threads than cores
too many threads on few cores, what is that called
does my program get slower with 100 threads on 4 cores
are 64 threads on 8 cores a good idea
""",
    ),
    entry(
        "cooperative",
        "cooperative scheduling",
        "",
        "",
        "preemption coroutine",
        """
what:
= Cooperative scheduling means that a task runs until it gives up the core itself; one bad task can block all.
scheduling without preemption, what is it called
tasks give up the CPU by themselves
what did old Windows and Mac systems use
""",
    ),
    entry(
        "mechanism_policy",
        "",
        "",
        "",
        "scheduler",
        """
what:
= A fair scheduler gives each task the same share of CPU if all have the same nice value.
two processes compute on one core, how much does each get
how much CPU does each of two equal processes get
two busy programs on one core
if two programs want one core, who wins
four busy processes on one core, how much does each get
""",
    ),
]

PAIRS = [
    pair(
        "io_bound",
        "cpu_bound",
        """
= An I/O-bound task mostly waits for disk, network or keyboard; a CPU-bound task mostly computes.
which one waits and which one computes
which of the two needs a faster processor
how do I know if my program is CPU-bound or I/O-bound
""",
    ),
    pair(
        "throughput",
        "latency",
        """
= Throughput is how much work is done per second; latency is how long one piece of work takes.
can a system have high throughput and high latency
which of them is about waiting time
how much per second or how long for one, what are the names
""",
    ),
    pair(
        "fcfs",
        "round_robin",
        """
= FCFS runs each task to its end in the order of arrival; round robin lets all take turns with time slices.
which one interrupts tasks, FCFS or round robin
""",
    ),
    pair(
        "sjf",
        "fcfs",
        """
= FCFS takes tasks in the order of arrival; shortest job first takes the one that needs the least time.
""",
    ),
    pair(
        "sjf",
        "round_robin",
        """
= Shortest job first prefers short tasks; round robin gives all tasks equal time slices in turn.
""",
    ),
    pair(
        "sched_other",
        "sched_batch",
        """
= SCHED_OTHER is for normal tasks; SCHED_BATCH is for CPU-heavy background work that need not react quickly.
""",
    ),
    pair(
        "sched_batch",
        "sched_idle",
        """
= SCHED_BATCH still gets its fair share of the CPU; SCHED_IDLE runs only when nobody else wants it.
which one is weaker, batch or idle
""",
    ),
    pair(
        "sched_other",
        "sched_idle",
        """
= SCHED_OTHER gets a fair share of the CPU; SCHED_IDLE gets it only when nobody else wants it.
""",
    ),
    pair(
        "sched_other",
        "sched_fifo",
        """
= SCHED_OTHER shares the CPU fairly; SCHED_FIFO is real time and runs before all normal tasks.
""",
    ),
    pair(
        "sched_fifo",
        "sched_rr",
        """
= SCHED_FIFO runs a real-time task until it waits or yields; SCHED_RR gives tasks of equal priority time slices.
which real-time policy has time slices
""",
    ),
    pair(
        "nice",
        "priority",
        """
= A nice value is what the user sets, -20 to 19; the scheduler turns it into a weight or priority. High nice means
+ low priority.
is a high nice value a high priority
""",
    ),
    pair(
        "nice",
        "affinity",
        """
= A nice value says how much CPU a task gets; CPU affinity says on which cores it may run.
""",
    ),
    pair(
        "nice",
        "cgroup",
        """
= A nice value only weighs one process against others; a cgroup can set a hard limit for a whole group.
""",
    ),
    pair(
        "cfs",
        "eevdf",
        """
= CFS picked the task with the least weighted CPU time; EEVDF, its successor, also looks at deadlines to react faster.
""",
    ),
    pair(
        "core",
        "cpu",
        """
= A CPU is the whole processor chip; a core is one of the units in it that can run a task.
is a core a CPU
""",
    ),
    pair(
        "preemption",
        "cooperative",
        """
= With preemption the kernel takes the core away; in cooperative scheduling a task gives it up itself.
""",
    ),
    pair(
        "turnaround",
        "response_time",
        """
= The turnaround time ends when the task is done; the response time ends with the first reaction.
""",
    ),
]

DIALOGUES = [
    dialogue("""
u my computation makes the whole desktop slow
b A nice value is set with `nice -n 10 command` at the start and changed with `renice 10 -p PID` later.
u is a higher number better for the desktop?
b Yes, a higher nice value means less CPU for your computation and more for the rest.
u and if it should run only when nothing else does?
b SCHED_IDLE lets a task run only when nobody else wants the CPU.
"""),
    dialogue("""
u which policy should I take for a long background computation?
b SCHED_BATCH is a policy for CPU-heavy background work: the task is interrupted less and not treated as interactive.
u how do I set it?
b A scheduling policy is set with `chrt` in the shell or sched_setscheduler() in C, for example `chrt -b 0 command`.
"""),
    dialogue("""
u does nice 19 get more CPU than nice 0?
b No, nice 19 gets less; the higher the nice value, the less CPU time.
u and nice -20?
b Nice -20 gets the most CPU, but only root may set it.
"""),
    dialogue("""
u how many cores do I have?
b Cores are counted by `nproc` or `lscpu`; os.cpu_count() tells the number in Python.
u and how do I use only two of them?
b CPU affinity is set with `taskset -c 0,1 command`, or `taskset -cp 0,1 PID` for a running process.
u why would I do that?
b CPU affinity keeps a task near its warm caches and makes timings steadier; it also leaves other cores free.
"""),
    dialogue("""
u my low priority job never runs
b Starvation is when a task never gets its turn because others are always chosen first; aging helps.
u what is aging?
b Aging raises the priority of a task the longer it waits, so that no task starves.
"""),
    dialogue("""
u can one core run two processes at the same moment?
b No, a core runs one task at a time; it only switches between them very fast.
u and four cores?
b Four cores can run four tasks at the same moment.
"""),
]
