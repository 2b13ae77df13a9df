"""Subjects of the corpus: threads, locks, races, deadlocks and working in parallel."""

from templates import dialogue, entry, pair

ENTRIES = [
    entry(
        "thread",
        "thread",
        "a",
        "threads",
        "process mutex pthread_create thread_pool",
        """
what:
= A thread is a path of execution inside a process; it shares the memory of the process with its other threads.
= A thread is one flow of execution within a process; all threads of a process share its memory and files.
what runs inside a process and shares its memory
what do you call a path of execution
how can one program do two things at the same time
how can a process do several things at once
what is a lightweight process
what is a light process
what does a process have at least one of
what does multithreaded mean
what is multithreading
what shares memory with its brothers in the same process
what is the smallest thing the scheduler runs
several workers in one process, what are they called
what does LWP mean in ps
which thing inside a process has its own stack
a part of a program that runs on its own beside the others
is a thread a process
does a thread have its own PID
one process, many flows of control, what are those
what is that thing that runs inside of a process
a worker inside a process
several of these live in one process and share memory
what can one process have many of
a flow of execution
the thing that actually runs inside a process
a strand of execution in a program
what does pthread_create make
what has its own stack but shares the heap
how can a program use several cores at once
a mini process in a process
which unit does Linux schedule
many hands in one process
what makes a program work on two things at once
inside one process, independent paths of execution are called what
why:
= A thread is cheap to make and shares data easily, so one process can use several cores or wait for several things.
why would I use more than one thread
why should my program have threads
why do programs use several threads
why do we split work into threads
what do I gain from many threads
why not one thread only
when are threads a good idea
why does a server use threads
what are the advantages of threads
why is it useful to have many threads
why do browsers use threads
how:
= A thread has its own stack and registers; the kernel schedules it on a core like any other task.
how can several threads run in one process
how does the kernel run a thread
how does a thread run beside the others
are threads scheduled by the kernel
what does the kernel do with threads
example:
= A thread example: a browser draws a page in one thread while another one loads pictures.
which programs use threads
where are threads used
give me a use of threads in practice
make:
= A thread is made with pthread_create() in C, std::thread in C++ or threading.Thread in Python.
how do I start a thread in C
how do I start a thread in Python
how do I make my program multithreaded
how do I add a second thread
how do I run a function in parallel
which call starts a thread
how do I start several threads
start another thread
create a thread in C
begin a new thread in Python
how can I let two functions run at the same time
stop:
= A thread ends when its function returns; others should ask it to, for example with a flag, rather than kill it.
how do I end a thread
how does a thread end
can I kill a single thread
how do I stop a thread in Python
what is the proper way to finish a thread
can one thread kill another
when does a thread end
how do I cancel a thread
end a running thread
make a thread stop
bad:
= Threads are risky because they share memory: two of them that write the same data without a lock make a race
+ condition.
what are the dangers of threads
what can go wrong with threads
why are threads hard
why is multithreading difficult
why do people say threads are evil
what is the trouble with many threads
see:
= Threads are listed by `ps -eLf` or `top -H`, and in the folder /proc/PID/task.
how do I see the threads of a process
how do I list the threads of my program
how many threads does my program have
where can I count the threads
how do I show threads in top
how many threads does a process have
what does top -H do
show me the threads of a process
count the threads of my process
more:
= Threads of one process share memory and open files, but each has its own stack, registers and thread ID.
if one thread crashes, what about the others
> what do they share
> what does it share
simple:
= A thread is a worker inside a process.
""",
        2.0,
    ),
    entry(
        "threads_share",
        "",
        "",
        "",
        "thread",
        """
what:
= Threads of a process share its memory and open files; each has its own stack and registers.
= Threads share the heap, global variables, code and open files; stack and registers are their own.
what do threads share
what do threads of one process have in common
what do threads have of their own
what does every thread own
what is private to a thread
what is not shared between threads
do threads share memory
do threads share the heap
do threads share the stack
do threads share global variables
do threads share open files
does each thread have its own stack
does every thread have its own registers
does each thread have its own heap
which memory is shared by threads
can one thread see the variables of another
can a thread read the memory of another thread
can two threads use the same file descriptor
are local variables shared between threads
are globals shared between threads
do two threads in one process use the same variables
what belongs to a thread and what to the process
shared or private: which parts of memory do threads have
what is common to all threads in a process
what does one thread see of the other
name what threads share
name what is private to a thread
which parts are shared between threads
is the heap shared by threads
is the stack private to a thread
do threads have separate memory
do threads have their own memory
if one thread changes a global variable, do the others see it
do threads have separate stacks
what can threads use together
""",
        1.5,
    ),
    entry(
        "main_thread",
        "main thread",
        "the",
        "",
        "thread process",
        """
what:
= The main thread is the first thread of a process, the one that runs main(); when main returns, the process ends.
what is the first thread of a process
which thread runs main
what happens to the threads when main returns
my threads stop when main ends, why
do other threads live on after main returns
how many threads does a new process have
""",
    ),
    entry(
        "tid",
        "TID|thread ID",
        "a",
        "TIDs|thread IDs",
        "pid thread",
        """
what:
= A TID is the number the kernel gives to a thread; the main thread's TID equals the PID.
what number does a thread have
how are threads numbered
what does gettid return
do threads have a PID
what is the number of a thread called
do all threads have the same PID
""",
    ),
    entry(
        "pthread_create",
        "pthread_create|pthread_create()",
        "",
        "",
        "pthread_join thread clone",
        """
what:
= pthread_create() starts a new thread that runs the function you give it.
which function starts a thread in C
how do I create a thread with POSIX
how is a thread started in C
what does pthread_create do
which call in C begins a new thread
which C function makes a new thread
how do I run a function in a new thread
pthread_create or fork for a thread
what are the arguments of pthread_create
start a thread in C
the POSIX call for a new thread
the call that makes a thread
run work() in its own thread in C
example:
= pthread_create() in C: `pthread_t t; pthread_create(&t, NULL, work, arg); pthread_join(t, NULL);`
show me thread creation in C code
code for starting a thread in C
how do I write a thread in C
""",
    ),
    entry(
        "pthread_join",
        "pthread_join|pthread_join()|join",
        "",
        "",
        "pthread_create wait thread",
        """
what:
= pthread_join() waits until a thread has ended and hands over its return value.
which function waits for a thread
how do I wait for a thread to finish
how do I wait until my thread is done
what does joining a thread mean
what does join do with a thread
how do I get the result of a thread
my main ends before my threads, what should I call
how do I make main wait for its threads
what is wait for threads
what does t.join() do in Python
wait for the end of a thread
the wait() of threads
let main wait for a worker thread
collect the result of a thread
why:
= pthread_join() is needed so that main does not end too early and the thread's resources are freed.
why do I have to join threads
what happens if I do not join a thread
must I join every thread
why join a thread
""",
    ),
    entry(
        "detached_thread",
        "detached thread",
        "a",
        "detached threads",
        "pthread_join thread",
        """
what:
= A detached thread frees its resources by itself when it ends, and nobody can join it.
what does pthread_detach do
how do I start a thread that I need not join
a thread nobody waits for, what is it
what does it mean to detach a thread
can I join a detached thread
""",
    ),
    entry(
        "race",
        "race condition|race|data race",
        "a",
        "race conditions|races|data races",
        "deadlock critical_section mutex atomic",
        """
what:
= A race condition is a bug in which the result depends on the timing of threads or processes.
= A race condition means that the result depends on who comes first, so a program is sometimes right and sometimes
+ wrong.
two threads write the same variable at once, what is that
two threads change the same variable without a lock
what happens if two threads write to the same variable
what happens when two threads add one to a counter at once
my counter is too small when I use two threads
my program gives a different result every time with threads
the result changes from run to run, why
my counter loses updates, why
the bug shows up only sometimes in my threaded program
why does my parallel program sometimes give wrong sums
a result that depends on timing, what is that called
the outcome depends on who is first
what is it called when the order of threads changes the result
what bug depends on timing
two threads increment x a million times and the sum is wrong
why is counter++ not safe with threads
is x++ safe in two threads
what goes wrong without locks
who wins when two threads write
wrong result because two threads write at the same time
sometimes right, sometimes wrong, in a threaded program
the result depends on luck and timing
two threads, one variable, no lock
both threads read the old value and add one
1000 additions by two threads gave only 1873
the final number differs each time I run it
a bug that comes and goes with threads
unprotected shared data leads to what
whoever is faster decides the result
timing decides whether my program is right
threads trample on the same data
my sum is too small when I use threads
lost updates between threads, what is that
what is the danger when threads share a variable
my parallel sum is wrong every time
cause:
= A race condition happens when threads touch the same data without a lock and at least one of them writes.
how can a race between threads happen
why is my shared counter wrong
what do I need for a race to occur
why do races happen at all
avoid:
= A race condition is avoided by protecting the shared data with a mutex, using atomic operations, or not sharing
+ data.
my counter is wrong with two threads, how do I repair it
how do I make my code thread-safe
how do I protect a shared variable
how do I share a variable between threads safely
how can two threads count together correctly
how do I make a counter that several threads can use
what should I put around counter++
protect a counter from two threads
make sharing a variable safe
how do I stop two threads from writing at once
my results change from run to run, how do I repair that
how do I get the right sum with threads
bad:
= A race condition is bad because it is rare and hard to repeat: the program may work a thousand times and then fail.
why are races hard to find
why do I not see the race in my tests
why is a race hard to debug
can a race crash my program
example:
= A race condition example: two threads read 5, both add 1 and both write 6, so one addition is lost.
show how a race loses an update
how exactly is an update lost
how can two increments become one
see:
= Race conditions are found by tools such as ThreadSanitizer (-fsanitize=thread) or Helgrind.
which tool finds races
how do I find a data race in my code
what does ThreadSanitizer do
simple:
= A race condition is when two threads get in each other's way and the result is luck.
""",
        1.7,
    ),
    entry(
        "critical_section",
        "critical section",
        "a",
        "critical sections",
        "race mutex",
        """
what:
= A critical section is a piece of code that only one thread may run at a time, because it touches shared data.
which part of the code must be run by one thread only
what do you call code that only one thread may enter
what is the code between lock and unlock
what is protected by a mutex
the part of a program that touches shared data
where must only one thread be at a time
how do I call the code that needs a lock
what do I put between lock and unlock
only one thread may be here at once
code that must not be run by two threads together
where shared data are changed
the part between lock and unlock, name it
a stretch of code for one thread at a time
which code needs protection by a lock
avoid:
= A critical section should be short, so that other threads do not wait long for the lock.
how long should a critical section be
why should I hold a lock only for a short time
how long may I keep a lock
""",
    ),
    entry(
        "mutual_exclusion",
        "mutual exclusion",
        "",
        "",
        "mutex critical_section",
        """
what:
= Mutual exclusion means that only one thread at a time may use a shared thing; a mutex provides it.
what does mutex stand for
what does mutual exclusion mean for threads
how do I make sure that only one thread is inside
what rule says one at a time
where does the name mutex come from
""",
    ),
    entry(
        "mutex",
        "mutex|lock",
        "a",
        "mutexes|locks",
        "semaphore spin_lock condition_variable deadlock",
        """
what:
= A mutex is a lock that lets only one thread at a time into a critical section; the others wait.
= A mutex is a lock: one thread holds it, and all others that want it wait until it is unlocked.
how do I protect shared data from two threads
how do I let only one thread at a time run some code
what lets one thread in at a time
what is the lock for threads called
which tool keeps threads out of each other's way
what do I use so that only one thread changes a variable
what do pthread_mutex_lock and unlock do
what does pthread_mutex_lock do
what is a key that only one thread can hold
like the key of a toilet, only one thread can have it
what is threading.Lock in Python
what is std::mutex
what is it that only one thread can hold
what should I take before I write a shared variable
what does it mean to lock something in a program
a lock for threads
one thread inside, the others wait outside
which object do I lock before touching shared data
who has it may enter, all others wait
protect a variable against simultaneous writes
keep other threads out for a moment
the thing with lock and unlock
only one at a time, which tool
a door that lets in one thread
how can I guard my shared list
a talking stick for threads
why:
= A mutex is needed to avoid race conditions when several threads use the same data.
why do I have to lock shared data
why lock at all
what happens if I do not lock
when is a lock necessary
how:
= A mutex works with two calls: lock() enters or waits, unlock() leaves and wakes a waiting thread.
what happens when a thread calls lock and the lock is taken
how do I lock and unlock
what does a thread do when the lock is taken
what happens on unlock
who wakes the waiting thread
example:
= A mutex in C: `pthread_mutex_lock(&m); counter++; pthread_mutex_unlock(&m);`
show me a lock in C code
how do I use a mutex in C
code with a mutex please
how do I write lock and unlock
bad:
= A mutex costs waiting time, and locks taken in different orders can cause a deadlock.
what are the disadvantages of locks
do locks make my program slow
why are too many locks bad
what happens if I forget to unlock
I forgot to unlock, what happens
simple:
= A mutex is a lock: only one thread can hold it.
""",
        1.5,
    ),
    entry(
        "semaphore",
        "semaphore",
        "a",
        "semaphores",
        "mutex condition_variable barrier",
        """
what:
= A semaphore is a counter that threads wait on: wait takes one off, or sleeps at zero, and post adds one.
= A semaphore is a counter for free places; a thread that finds it at zero waits until another one adds to it.
how do I let at most three threads in at once
how do I allow only five threads at the same time
a counter that threads wait on, what is it
what is a counter for free places called
what do sem_wait and sem_post do
what does sem_wait do
what does sem_post do
like a car park with free places, which tool is that
a lock that lets in more than one thread
how do I limit the number of threads that use something
which tool counts how many may enter
what did Dijkstra invent with P and V
what are P and V
how can one process signal another that data are ready
what is a lock with a number
what happens when a semaphore is zero
at most n threads may enter, which tool
a counter with wait and post
a lock that counts
how to let in three threads but no more
places in a car park, as a tool for threads
wait when the count is zero
which tool limits how many threads go in
threads wait until the counter is above zero
what counts down on wait and up on post
why:
= A semaphore is useful to limit how many threads use a resource, or to let one thread signal another.
when is a counter better than a lock
why not always a mutex but a counting one
what would I use sem_post for
example:
= A semaphore example: with the value 3, three threads may use the printer pool and the fourth one waits.
where does one use a counting lock
show me a use of a semaphore
simple:
= A semaphore is a counter that says how many may still enter.
""",
        1.2,
    ),
    entry(
        "condition_variable",
        "condition variable",
        "a",
        "condition variables",
        "mutex semaphore",
        """
what:
= A condition variable lets threads sleep until another thread signals that some condition may now be true.
how does a thread wait until another one has produced something
how do I wait for an event from another thread
how can a thread sleep until a queue is no longer empty
what does pthread_cond_wait do
what does pthread_cond_signal do
how do I wake a waiting thread
what is used together with a mutex to wait for something
my thread polls in a loop, what is better
how do I avoid busy waiting in a thread
a thread should wait until data are there
sleep until some other thread says go
wait and notify between threads
a thread waits for news from another thread
tell a sleeping thread that something changed
how to wait for a full buffer without a loop
what goes with a mutex for waiting
how:
= A condition variable is used with a mutex: wait() unlocks it, sleeps and locks it again; test the condition in a
+ loop.
why do I need a while loop around cond_wait
why does pthread_cond_wait take a mutex
what is a spurious wakeup
why must I test the condition again after waking
""",
    ),
    entry(
        "deadlock",
        "deadlock",
        "a",
        "deadlocks",
        "livelock starvation race mutex",
        """
what:
= A deadlock is when threads wait for each other forever, because each holds a lock that another one needs.
= A deadlock means that two or more threads wait for each other and none can ever go on.
two threads each wait for the lock of the other
two threads wait for each other
threads that wait for each other forever, what is that
thread A holds lock 1 and wants 2, thread B holds 2 and wants 1
my threads are all stuck waiting for locks
my program hangs and all threads wait for a lock
my threaded program stopped and uses no CPU
nobody can go on because everybody waits
what is it when nobody can go on because all wait
what happens if a waits for b and b waits for a
two people each hold one chopstick and want the other
what is the dining philosophers problem about
each holds what the other needs
why does my program freeze when two threads lock two mutexes
what happens when locks are taken in different order
what is a circle of waiting threads
what is the deadly embrace
what can happen with two locks
stuck forever waiting on each other
I lock the same mutex twice and it hangs
A waits for B and B waits for A
everyone waits, nothing moves
two threads blocked for good by each other
circular waiting of threads
stuck threads that wait on each other's locks
none of the threads can continue, each waits for another
thread one has lock a, thread two has lock b, both want the other one
two locks, two threads, and the program stands still
my program stands still and top shows no CPU
two cars on a narrow bridge, neither goes back
nobody moves because all wait for each other
what is a standstill of threads called
what happens if two threads lock in opposite order
waiting forever for a lock
what could happen if I take two mutexes
four cars at a crossing, each waits for the other
cause:
= A deadlock happens when threads hold one lock and wait for another in a circle, for instance by locking in
+ different orders.
what are the conditions for a deadlock
how can two threads block each other
which four conditions lead to a deadlock
why did my two threads get stuck
how do threads get into that circle
how do I produce a deadlock
what must come together so that threads block each other
two threads lock in different order, what may happen
avoid:
= A deadlock is avoided by taking locks always in the same order; timeouts or fewer locks help as well.
= Deadlocks are avoided when all threads take the locks in the same order.
in which order should I take locks
my threads wait for each other, how do I repair that
how do I make sure my threads never wait for each other
what is the rule for taking two locks
which rule prevents threads from blocking each other
how can I take two locks safely
how do I lock two mutexes without getting stuck
how can the philosophers eat without getting stuck
what is lock ordering
how do I get rid of deadlocks
how do I lock safely
same order of locks, what is that good for
how can I take several locks without danger
keep threads from waiting for each other forever
never get stuck with two locks, how
two mutexes, what should I watch out for
what is a good habit when using several locks
prevent threads from blocking each other
example:
= A deadlock example: thread 1 holds A and wants B, while thread 2 holds B and wants A.
show me how two threads get stuck
draw a case of threads that block each other
bad:
= A deadlock is bad because the program hangs forever, without an error and without using the CPU.
will a deadlock end by itself
does a deadlock use CPU
does a deadlock go away
how long does a deadlock last
see:
= A deadlock is seen when the program hangs without CPU use; a debugger such as gdb shows every thread waiting for a
+ lock.
how do I find a deadlock
how do I know that my program is deadlocked
how do I debug a deadlock
which tool shows where my threads wait
simple:
= A deadlock is when everybody waits for somebody else and nobody can move.
""",
        1.8,
    ),
    entry(
        "livelock",
        "livelock",
        "a",
        "livelocks",
        "deadlock starvation",
        """
what:
= A livelock is when threads keep reacting to each other but make no progress, like two people who always step aside
+ the same way.
threads are busy but nothing gets done
two threads keep giving way to each other
threads run all the time but get nowhere
what is like a deadlock but with movement
two people in a corridor step aside the same way again and again
they use CPU but make no progress, what is that
everybody is polite and nobody gets on
what is a deadlock in which threads keep running
running but going nowhere
both step aside all the time
busy threads without progress
after you, no after you, in threads
active but stuck
""",
    ),
    entry(
        "starvation",
        "starvation",
        "",
        "",
        "deadlock livelock aging priority",
        """
what:
= Starvation is when a task never gets its turn because others are always chosen first; aging helps.
a thread never gets the lock because others are faster
a process never gets the CPU because others are more important
what is it when a task never gets its turn
my low priority task never runs
what happens to low priority tasks when there are always important ones
what does it mean that a process starves
a job waits forever although the others run
what do we call never getting the CPU
can a process wait forever for the CPU
why does my nice 19 job never run
one thread never gets a chance
always overtaken by others
a task waits and waits while others run
left out by the scheduler
hungry for CPU time but never served
avoid:
= Starvation is avoided by aging: the longer a task waits, the higher its priority becomes. Fair schedulers help too.
how do I make sure every task gets a turn
what helps a task that never runs
which trick helps low priority tasks
how does a scheduler treat long waiting tasks fairly
what is the cure when a task never gets the CPU
""",
    ),
    entry(
        "priority_inversion",
        "priority inversion",
        "",
        "",
        "priority mutex starvation",
        """
what:
= Priority inversion is when an important task waits for a lock that a less important one holds; priority
+ inheritance cures it.
a high priority thread waits for a low priority thread
an important task is blocked by an unimportant one
what went wrong on the Mars Pathfinder
what is priority inheritance for
why does my real-time thread wait for a slow one
""",
    ),
    entry(
        "spin_lock",
        "spin lock|spinlock",
        "a",
        "spin locks|spinlocks",
        "mutex futex atomic",
        """
what:
= A spin lock is a lock that waits by looping until it is free; it is good only for very short waits.
= A spin lock waits by looping: the thread tries again and again and keeps its core busy.
which lock waits in a loop
which lock keeps the CPU busy while it waits
what is a lock that does not sleep
a lock that tries again and again
waiting by looping, what is that
what is busy waiting on a lock
which lock does the kernel use where it may not sleep
my thread burns CPU while it waits for a lock
a lock that never goes to sleep
keep asking until the lock is free
a lock that burns CPU while waiting
looping on a lock
no sleeping, only trying again
when:
= A spin lock is good when the wait is shorter than a context switch and the owner runs on another core.
is spinning ever good
when is looping better than sleeping
when is a spin lock faster than a mutex
spin lock on one core, is that a good idea
bad:
= A spin lock wastes CPU time while it waits, most of all when there are more threads than cores.
what is the drawback of spinning
why not always spin
why should I not use spin locks in my program
""",
    ),
    entry(
        "busy_waiting",
        "busy waiting|polling",
        "",
        "",
        "spin_lock condition_variable",
        """
what:
= Busy waiting means testing a condition in a loop instead of sleeping; it reacts fast but burns CPU time.
my loop waits for a flag and uses 100 percent CPU
what is it when a program asks again and again
while (!done); what is wrong with that
my waiting program uses a full core
why is an empty waiting loop bad
""",
    ),
    entry(
        "rwlock",
        "read-write lock|readers-writer lock|rwlock",
        "a",
        "read-write locks|rwlocks",
        "mutex semaphore",
        """
what:
= A read-write lock lets many readers in at once, but a writer only alone.
many threads read and few write, which lock is good
which lock allows several readers
how can many threads read at the same time
what does pthread_rwlock do
a lock for many readers and one writer
""",
    ),
    entry(
        "atomic",
        "atomic operation",
        "an",
        "atomic operations|atomics",
        "race lock_free cas mutex",
        """
what:
= An atomic operation happens as a whole or not at all; no other thread can see it half done.
= An atomic operation cannot be interrupted halfway: other threads see it done or not done.
what does atomic mean
an operation that cannot be split
how can I add to a counter without a lock
how do I count in many threads without a mutex
how do I increment safely without locking
which operations can not be interrupted
what does std::atomic do
what does __atomic_fetch_add do
what is an indivisible operation
something that other threads never see half done
is counter++ atomic
all or nothing in one step
an indivisible step
a step nobody can interrupt
safe increment without a lock
an update no other thread can see half finished
example:
= An atomic operation is, for instance, fetch_add, which adds to a variable and returns its old value in one step.
name some atomics
what does fetch_add do
""",
    ),
    entry(
        "cas",
        "compare-and-swap|CAS",
        "",
        "",
        "atomic lock_free",
        """
what:
= Compare-and-swap writes a new value only if the old one is still as expected, in one atomic step.
what does CAS do
which instruction are lock-free structures built on
change a value only if nobody else did
what does compare_exchange do
how does a lock work inside the CPU
what is test and set
""",
    ),
    entry(
        "lock_free",
        "lock-free programming|lock-free",
        "",
        "",
        "atomic cas mutex",
        """
what:
= Lock-free means that threads share data with atomic operations and no locks, so some thread always makes progress.
how can threads share data without locks
what is a lock-free queue
what does lock free mean
a data structure without locks, how does it work
can I share data without a mutex
programming without locks, what is it called
no locks, only atomic steps
how to work together without waiting for locks
sharing without ever blocking
""",
    ),
    entry(
        "barrier",
        "barrier",
        "a",
        "barriers",
        "semaphore mutex condition_variable",
        """
what:
= A barrier is a point where all threads wait until everyone has arrived; then all go on.
= A barrier makes each thread wait until all of them have reached the same point.
how do I make all threads wait for each other at one point
all threads shall wait until everybody is there
what is a meeting point for threads
how can threads start the next step together
what does pthread_barrier_wait do
every thread must finish step 1 before step 2 starts
how do I keep threads in step
nobody goes on until all have arrived
which tool makes threads wait until the last one comes
like friends who wait at the corner until all are there
wait here until all have come
everyone meets before going on
the slowest thread holds up all the others at this point
a common waiting point
gather all threads before the next phase
when:
= A barrier is used when a step needs the results of all threads from the step before, as in parallel matrix work.
when do all my threads have to meet
when do threads need to wait for all others
""",
    ),
    entry(
        "memory_barrier",
        "memory barrier|memory fence",
        "a",
        "memory barriers|memory fences",
        "barrier atomic cache",
        """
what:
= A memory barrier keeps the CPU and the compiler from moving reads and writes across it, so other cores see them in
+ order.
what is a fence instruction
how do I stop the CPU from reordering my writes
why do other cores see my writes in another order
what does mfence do
""",
    ),
    entry(
        "thread_pool",
        "thread pool",
        "a",
        "thread pools",
        "work_stealing thread queue",
        """
what:
= A thread pool is a set of threads made once that take jobs from a queue, so no thread is made for each job.
= A thread pool keeps some threads ready that take tasks from a queue one after another.
how do I avoid making a thread for every request
a fixed number of workers that take jobs from a queue
what is ThreadPoolExecutor
threads that are kept and used again
a set of waiting worker threads
how does a server handle many jobs with few threads
workers waiting for tasks, what is that called
creating threads again and again is slow, what can I do
ready-made workers for small jobs
reuse threads instead of creating new ones
a crew of threads that share a job list
ten threads serve a thousand jobs
why:
= A thread pool saves the cost of making and ending threads, and it limits how many run at once.
why reuse threads
what is the advantage of keeping workers ready
what do I gain by reusing threads
size:
= A thread pool for computing has about as many threads as there are cores; more only adds switching.
how many threads should I use
how many threads should my program have
how many workers are best on 8 cores
what is a good number of threads
should I use more threads than cores
""",
    ),
    entry(
        "work_stealing",
        "work stealing",
        "",
        "",
        "thread_pool load_balancing",
        """
what:
= Work stealing means that idle workers take tasks from the queues of busy workers.
= Work stealing lets a worker with nothing to do take tasks from a busy one, so that all cores stay busy.
what does an idle thread do when others have too much work
how do idle workers get tasks
a worker without work takes some from another
when workers are idle, whose tasks do they take
taking tasks from somebody else's queue
how can threads share out uneven work
how do I keep all cores busy when tasks differ in length
is stealing allowed among threads
how does a thief thread work
what do lazy workers do in a work stealing scheduler
idle ones help the busy ones
take jobs from somebody who has too many
a free core grabs tasks from another queue
what do workers do when their own queue is empty
helping out a busy neighbour among workers
who gets work when a worker has nothing left
why:
= Work stealing balances the load by itself, with little fighting over locks, when tasks take unequal time.
why should workers steal
what is good about stealing tasks
why not one queue for all workers
""",
    ),
    entry(
        "load_balancing",
        "load balancing",
        "",
        "",
        "work_stealing thread_pool",
        """
what:
= Load balancing means sharing work evenly, so that no core or server is overloaded while others are idle.
how is work shared evenly between cores
one core is full and the others are idle, what is missing
how do I share the work fairly among workers
spreading work evenly, what is it called
""",
    ),
    entry(
        "gil",
        "GIL|global interpreter lock",
        "the",
        "",
        "thread mutex python multiprocessing",
        """
what:
= The GIL is Python's global interpreter lock: only one thread at a time runs Python code in a process.
= The GIL, global interpreter lock, lets only one thread of a process execute Python code at a time.
why do threads not make my Python program faster
why is Python slow with threads
my Python threads use only one core
my Python program uses just one core although it has four threads
what stops Python threads from running in parallel
what does GIL stand for
what lock does Python have
can Python threads run at the same time
why does Python use only one CPU
do Python threads run in parallel
which lock is in the Python interpreter
why are Python threads not parallel
the lock inside Python
which lock makes Python threads run one by one
why is only one Python thread active at a time
the reason that Python threads do not speed up computing
eight Python threads, one core busy
avoid:
= The GIL is avoided by using several processes (multiprocessing), or by code such as Numba or NumPy that releases it.
how do I use all cores in Python
how do I make Python really parallel
how can Python use several cores
threads do not help in Python, what should I use
is there a way around the Python lock
how do I run Python code on four cores
why:
= The GIL exists because it makes the interpreter simple and keeps its reference counts safe.
why does Python have such a lock
why did they put a global lock into Python
""",
    ),
    entry(
        "multiprocessing",
        "multiprocessing",
        "",
        "",
        "gil thread process",
        """
what:
= Multiprocessing is a Python module that runs work in several processes, each with its own memory and its own GIL.
which Python module uses several processes
how do I run Python functions in other processes
what is multiprocessing.Pool
how do I use many processes in Python
""",
    ),
    entry(
        "false_sharing",
        "false sharing",
        "",
        "",
        "cache_line cache race",
        """
what:
= False sharing is when threads write different variables on the same cache line, so that the line keeps moving
+ between cores.
= False sharing slows threads down: their variables are different but lie in one 64-byte cache line.
my threads write different variables but are still slow
two counters next to each other slow each other down
why are my threads slow although they share no data
why does my parallel code get slower with each thread
different variables in one cache line, what is the problem
why should per-thread counters be 64 bytes apart
cores fight over a cache line, what is that called
two threads, two variables, one cache line
two variables in the same 64 bytes slow down two cores
the cache line jumps between cores
no shared data but still slow
neighbouring counters of different threads
performance problem with variables in one cache line
avoid:
= False sharing is avoided by keeping the data of each thread at least one cache line, 64 bytes, apart.
what is padding to 64 bytes good for
how do I place per-thread data in memory
how do I stop cores from fighting over a cache line
why do people align counters to 64 bytes
""",
    ),
    entry(
        "amdahl",
        "Amdahl's law|Amdahls law",
        "",
        "",
        "speedup scaling",
        """
what:
= Amdahl's law says that the serial part of a program limits its speedup, however many cores you use.
= Amdahl's law: if a part s of the work is serial, the speedup can never be more than 1/s.
why can my program not get faster with more and more cores
what limits the speedup of a parallel program
which law limits the speedup
why do 100 cores not make it 100 times faster
why does adding cores not help any more
how fast can a parallel program get
10 percent of my program is serial, how fast can it get
the part that cannot be parallel, how does it limit me
what did Amdahl say
who is Amdahl
is there a limit to parallel speed
why is my program not twice as fast on two cores
what does the serial part do to the speedup
why is there a limit to how fast parallel programs get
the rule about serial parts and speedup
more cores bring less and less
the sequential part sets the limit
which formula gives the best possible speedup
what is the maximal speedup of a program
example:
= Amdahl's law example: with 10 % serial work the speedup stays below 10, even on a thousand cores.
give me numbers for Amdahl
half of my program is serial, what is the best speedup
if 10 percent is serial, what is the best speedup
""",
    ),
    entry(
        "speedup",
        "speedup",
        "the",
        "",
        "amdahl scaling",
        """
what:
= The speedup is the time with one worker divided by the time with many; 4 is ideal on four cores.
how do I measure how much faster my parallel program is
how many times faster did it get, what is that number called
time on one core divided by time on many
how is the gain from more cores measured
it took 10 seconds on one core and 5 on two, what is the speedup
what is parallel efficiency
how many times faster on more cores
ratio of serial time to parallel time
8 seconds became 2 seconds, how do I call that
a factor of four faster, what is that number called
""",
    ),
    entry(
        "scaling",
        "scaling",
        "",
        "",
        "speedup amdahl",
        """
what:
= Scaling tells how much faster a program becomes when it gets more cores; it scales well if twice the cores nearly
+ halve the time.
does my program scale
what does it mean that a program scales well
how does it behave with more cores
what is scalability
""",
    ),
    entry(
        "futex",
        "futex",
        "a",
        "futexes",
        "mutex spin_lock system_call",
        """
what:
= A futex is a Linux system call for locks: it enters the kernel only when a thread must wait or wake another.
= A futex, or fast user-space mutex, is what Linux locks are built on; without waiting it needs no kernel.
what are mutexes in Linux built on
which system call do locks use
how does a mutex sleep in Linux
what does strace show as futex
strace shows futex all the time
what does futex stand for
how can a lock be taken without the kernel
what is a fast user-space mutex
the base of locks in Linux
a lock that asks the kernel only if needed
the system call behind pthread mutexes
""",
    ),
    entry(
        "concurrency",
        "concurrency",
        "",
        "",
        "parallelism thread multitasking",
        """
what:
= Concurrency means that several tasks are in progress at the same time, perhaps taking turns on one core.
several tasks make progress by taking turns
what is it when tasks overlap in time
can one core be concurrent
dealing with many things at once
a cook who switches between two pots, what is that
what does concurrent mean
many tasks in progress, maybe on one core
overlapping tasks
juggling several tasks
one waiter serves many tables
""",
    ),
    entry(
        "parallelism",
        "parallelism",
        "",
        "",
        "concurrency thread speedup",
        """
what:
= Parallelism means that several tasks really run at the same moment, on different cores.
tasks that really run at the same moment
what is it when two cores compute at once
doing many things at the same moment
two cooks, each with a pot, what is that
what does parallel mean
what do I need for true parallel work
can one core work in parallel
really at the same time on several cores
two cores, two tasks, at the same moment
computing side by side
many waiters serve many tables
""",
    ),
    entry(
        "thread_safe",
        "thread safety|thread-safe",
        "",
        "",
        "race mutex",
        """
what:
= Thread-safe code works correctly even when several threads call it at the same time.
what does thread-safe mean
can I call this function from many threads
is printf thread-safe
is my function safe for threads
code that many threads may call at once
which functions may be used by several threads
""",
    ),
    entry(
        "thread_local",
        "thread-local variable|thread-local storage",
        "a",
        "thread-local variables",
        "thread race",
        """
what:
= A thread-local variable exists once per thread, so threads do not share it and need no lock for it.
how does each thread get its own copy of a variable
a global variable that is different in each thread
what does __thread do in C
what is TLS for threads
""",
    ),
    entry(
        "producer_consumer",
        "producer-consumer problem|bounded buffer",
        "the",
        "",
        "queue semaphore condition_variable",
        """
what:
= The producer-consumer problem: some threads put items into a buffer and others take them out, waiting when it is
+ full or empty.
one thread makes data and another uses it
what is a bounded buffer
a queue between two threads, what is the classic problem
what do producers and consumers do
one thread fills a queue, another empties it
""",
    ),
    entry(
        "queue",
        "queue|FIFO queue",
        "a",
        "queues",
        "stack producer_consumer thread_pool",
        """
what:
= A queue is a row of items in which the first one in is the first one out.
which structure gives out the oldest item first
first in, first out, which structure is that
what is a waiting line in a program
what is like the line at a shop
""",
    ),
    entry(
        "coroutine",
        "coroutine|async function",
        "a",
        "coroutines",
        "thread concurrency event_loop",
        """
what:
= A coroutine is a function that can pause and go on later; many of them take turns within one thread.
what does async do in Python
what does await do
what is asyncio
how can one thread handle many connections
a function that can be paused
""",
    ),
    entry(
        "event_loop",
        "event loop",
        "an",
        "event loops",
        "coroutine thread",
        """
what:
= An event loop waits for events, such as input on a socket, and calls the right code for each, all in one thread.
how does node.js handle many users with one thread
what does epoll help with
how can a server work without threads
what is select or epoll for
""",
    ),
    entry(
        "philosophers",
        "dining philosophers problem",
        "the",
        "",
        "deadlock mutex",
        """
what:
= The dining philosophers problem shows deadlock: five philosophers each take one fork and wait forever for the
+ second.
who are the dining philosophers
five philosophers and five forks
what is the story with the forks and the spaghetti
what problem did Dijkstra tell with philosophers
""",
    ),
]

PAIRS = [
    pair(
        "mutex",
        "semaphore",
        """
= A mutex lets one thread in, and only its owner unlocks it; a semaphore is a counter that can let several in.
which one counts, the mutex or the semaphore
when do I take a semaphore and not a mutex
is a mutex a semaphore with the value one
which one lets in more than one thread
lock or counter, which one do I need
can anybody release a semaphore
""",
    ),
    pair(
        "mutex",
        "spin_lock",
        """
= A mutex lets a waiting thread sleep; a spin lock waits by looping and keeps its core busy.
which lock sleeps and which one loops
which of the two burns CPU
should I sleep or spin when I wait for a lock
""",
    ),
    pair(
        "mutex",
        "condition_variable",
        """
= A mutex keeps threads out of shared data; a condition variable lets them sleep until something has changed.
why do I need a mutex and a condition variable
""",
    ),
    pair(
        "deadlock",
        "livelock",
        """
= In a deadlock the threads sleep and wait for each other; in a livelock they keep running but make no progress.
which of the two uses CPU
which one is a standstill with movement
""",
    ),
    pair(
        "deadlock",
        "starvation",
        """
= In a deadlock nobody can go on; in starvation the others go on, but one task never gets its turn.
everybody stuck or only one, what are the names
""",
    ),
    pair(
        "deadlock",
        "race",
        """
= A deadlock makes threads wait forever; a race condition gives wrong results because of bad timing.
which one hangs and which one gives wrong results
which comes from too few locks and which from too many
""",
    ),
    pair(
        "concurrency",
        "parallelism",
        """
= Concurrency means tasks make progress in turns, even on one core; parallelism means they run at the same moment on
+ several cores.
can something be concurrent but not parallel
which of them needs several cores
taking turns or at the same moment, what are the words
""",
    ),
    pair(
        "pthread_create",
        "fork",
        """
= pthread_create() starts a thread that shares the memory; fork() makes a new process with its own copy of it.
which of them shares memory, fork or pthread_create
should I fork or start a thread
""",
    ),
    pair(
        "pthread_join",
        "wait",
        """
= pthread_join() waits for a thread of the same process; wait() waits for a child process.
""",
    ),
    pair(
        "barrier",
        "semaphore",
        """
= A barrier holds all threads until everyone has arrived; a semaphore lets in as many threads as its counter says.
""",
    ),
    pair(
        "barrier",
        "mutex",
        """
= A barrier makes all threads wait for each other at one point; a mutex lets them through one at a time.
""",
    ),
    pair(
        "atomic",
        "mutex",
        """
= An atomic operation protects one small step without waiting; a mutex can protect a longer piece of code.
which is faster, an atomic or a lock
""",
    ),
    pair(
        "thread",
        "thread_pool",
        """
= A thread is one path of execution; a thread pool is a set of threads kept ready to take jobs.
""",
    ),
    pair(
        "coroutine",
        "thread",
        """
= A thread is switched by the kernel at any time; a coroutine gives up its turn itself, and many share one thread.
""",
    ),
    pair(
        "gil",
        "mutex",
        """
= The GIL is one lock around the whole Python interpreter; a mutex is a lock you place around your own data.
""",
    ),
]

DIALOGUES = [
    dialogue("""
u my counter is wrong when I use two threads
b A race condition is a bug in which the result depends on the timing of threads or processes.
u how do I repair it?
b A race condition is avoided by protecting the shared data with a mutex, using atomic operations, or not sharing
+ data.
u and if I take two locks?
b A deadlock is avoided by taking locks always in the same order; timeouts or fewer locks help as well.
"""),
    dialogue("""
u my program hangs and uses no CPU
b Perhaps it is a deadlock, or it waits for input or the disk; look at its state in ps.
u it has two threads and two locks
b A deadlock happens when threads hold one lock and wait for another in a circle, for instance by locking in
+ different orders.
u so what should I do?
b A deadlock is avoided by taking locks always in the same order; timeouts or fewer locks help as well.
"""),
    dialogue("""
u why are threads faster than processes?
b A thread is cheap to make and shares data easily, so one process can use several cores or wait for several things.
u so why do we use processes at all?
b A process keeps running programs apart: each has its own memory, so one that crashes or goes wild cannot harm the
+ others.
"""),
    dialogue("""
u I use 8 threads but my Python program is not faster
b The GIL is Python's global interpreter lock: only one thread at a time runs Python code in a process.
u what can I do about that?
b The GIL is avoided by using several processes (multiprocessing), or by code such as Numba or NumPy that releases it.
"""),
    dialogue("""
u how many threads should I use?
b A thread pool for computing has about as many threads as there are cores; more only adds switching.
u I have 8 cores
b Then about 8 threads are a good start.
"""),
    dialogue("""
u can two threads hold the same mutex?
b No, only one thread can hold a mutex at a time; the others wait.
u and a semaphore?
b A semaphore can let in several threads, as many as its counter says.
"""),
    dialogue("""
u if one thread crashes, do the others live on?
b No, a bad memory access in one thread ends the whole process with all its threads.
u and with processes?
b With processes only the one that crashes ends; the others have their own memory and go on.
"""),
]
