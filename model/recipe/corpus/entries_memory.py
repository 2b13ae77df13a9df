"""Subjects of the corpus: memory of processes, pages, caches and what goes wrong with them."""

from templates import dialogue, entry, pair

ENTRIES = [
    entry(
        "virtual_memory",
        "virtual memory",
        "",
        "",
        "page page_table address_space swap",
        """
what:
= Virtual memory gives each process its own address space; the kernel and the MMU map it to real memory page by page.
= Virtual memory means that a process uses its own addresses, which the hardware translates to places in RAM.
how can each process believe that it has all memory for itself
why can two processes use the same address without harm
how are processes kept out of each other's memory
how can a process use more memory than there is RAM
every process has its own addresses, how is that done
are the addresses in my program the real ones
are pointers in C real addresses
what hides the real memory from a process
two programs print the same address but have different values
the illusion of having all the memory
what makes address 1000 differ in two processes
every process believes it is alone in memory
addresses that are not the real ones
memory as a process sees it
private addresses for each process
own world of addresses
how does one address mean different things in two programs
why:
= Virtual memory protects processes from each other, lets them start at any place in RAM, and allows swap and sharing.
why do processes not use real addresses
why does each process have its own addresses
what do we gain from virtual addresses
how:
= Virtual memory works by page tables: each access is translated from a virtual page to a physical frame, with the
+ help of the TLB.
how is a virtual address turned into a real one
how does the CPU find the real address
how are addresses translated
simple:
= Virtual memory lets each process think it has all the memory for itself.
""",
        1.2,
    ),
    entry(
        "page",
        "page|memory page",
        "a",
        "pages|memory pages",
        "page_table page_fault tlb cache_line frame",
        """
what:
= A page is a block of memory of fixed size, usually 4 KiB; memory is managed in pages.
= A page is the unit in which memory is mapped, 4 KiB on most machines.
what is the unit of virtual memory
in which pieces is memory managed
what is a block of 4 KiB of memory
in what pieces does the kernel hand out memory
the small block in which memory is mapped
what is memory cut into
which piece of memory is copied on write
smallest block that can be mapped
chunk of memory of fixed size
unit of memory for the kernel
4 KiB of memory, how is it called
memory comes in blocks of 4096 bytes
size:
= A page is usually 4 KiB, that is 4096 bytes; `getconf PAGESIZE` shows it.
how many bytes are in a page
what is the page size in Linux
how do I find out the page size
what does getconf PAGESIZE print
4096 bytes, what is that the size of
is a page 4 KB
size of a memory page
4 KiB is the size of what in memory
how large is one page in Linux
simple:
= A page is a small block of memory, usually 4 KiB.
""",
    ),
    entry(
        "frame",
        "page frame|frame",
        "a",
        "page frames|frames",
        "page page_table ram",
        """
what:
= A page frame is a place in physical memory that holds one page.
what is a physical page called
where in RAM does a page lie
what holds one page in real memory
""",
    ),
    entry(
        "huge_page",
        "huge page",
        "a",
        "huge pages",
        "page tlb",
        """
what:
= A huge page is a bigger page, often 2 MiB, so that the TLB covers more memory with fewer entries.
what is a page of 2 MB
how can I have fewer TLB misses with big arrays
what are transparent huge pages
why use bigger pages
""",
    ),
    entry(
        "page_table",
        "page table",
        "a",
        "page tables",
        "page tlb mmu page_fault",
        """
what:
= A page table tells for each virtual page of a process where it lies in physical memory.
= A page table maps the virtual pages of a process to frames in RAM; each process has its own.
how does the system know where a virtual page is
where is it written which page is where in RAM
what maps virtual addresses to physical ones
what does the MMU look into
which table does each process have for its memory
where is the mapping from virtual to real memory kept
what translates my addresses
the map of the memory of a process
what is copied on fork instead of the memory itself
list that translates pages
dictionary from virtual to physical pages
where is page 5 in RAM, who knows
how does the MMU find the frame
translation table of a process
""",
    ),
    entry(
        "mmu",
        "MMU|memory management unit",
        "an",
        "MMUs",
        "page_table tlb",
        """
what:
= An MMU is the part of the CPU that translates virtual addresses to physical ones with the page table.
which part of the CPU translates addresses
what does MMU stand for
which hardware makes virtual memory possible
""",
    ),
    entry(
        "tlb",
        "TLB|translation lookaside buffer",
        "a",
        "TLBs",
        "page_table cache page",
        """
what:
= A TLB is a small cache in the CPU for the latest address translations, so the page table need not be read each time.
= The TLB keeps recent translations from virtual pages to physical ones, which makes memory access fast.
what makes address translation fast
what caches the page table
what does TLB stand for
where does the CPU remember translations
which cache holds translations of addresses
why is translation of addresses not slow
what gets lost on a switch to another process besides the caches
a little memory for recent page lookups
what is a TLB miss
quick notes of address translations
small fast table of recent translations
spares the walk through the page table
""",
    ),
    entry(
        "page_fault",
        "page fault",
        "a",
        "page faults",
        "page segfault swap cow",
        """
what:
= A page fault happens when a process touches a page that is not mapped or not in memory yet; the kernel then brings
+ it in.
= A page fault is a trap to the kernel because a page is not present; usually the kernel supplies it and the program
+ goes on.
what happens when a process uses a page that is not in memory
what happens if a page is not there
my program touches memory for the first time, what happens
the page is not present, what then
what does the CPU do if a page is missing
how does memory get filled on first use
what is a minor fault
what is a major fault
what is the difference between minor and major faults
what is minflt
what does majflt mean
what brings a page in on demand
what is demand paging
is malloc memory given at once
page not there yet
access to a page that is not loaded
first touch of a page
the kernel must fetch the page first
missing page, what does the CPU raise
trap because a page is missing
what happens on first access to fresh memory
bad:
= A page fault is not an error: minor ones are quick, major ones must read from disk and are slow. Only a forbidden
+ access ends in SIGSEGV.
is a page fault an error
does a page fault crash my program
should I fear page faults
are page faults normal
how slow is a page fault
simple:
= A page fault means that a page is not in memory yet and the kernel must bring it.
""",
    ),
    entry(
        "swap",
        "swap|swap space",
        "",
        "",
        "ram page_fault oom_killer thrashing",
        """
what:
= Swap is space on disk for memory pages that do not fit into RAM; it is much slower.
= Swap is where the kernel puts pages that are seldom used when RAM gets short: on the disk.
what happens when RAM is full
where does memory go when there is not enough RAM
what is a swap partition
what is a swap file
using the disk as memory
pages on disk instead of RAM, what is that
what does swapping mean
my computer gets slow when memory is full, why
what does the swap line in free mean
disk used as memory
overflow area for RAM
memory moved out to disk
when RAM is short pages go where
extra memory on the disk
see:
= Swap is shown by `free -h` or `swapon --show`.
how much swap do I have
how much swap is in use
which command shows swap
bad:
= Swap is about a thousand times slower than RAM, so a machine that swaps a lot feels frozen.
why is my machine slow when it swaps
is swapping slow
is it bad to use swap
why is swap slow
simple:
= Swap is disk space used as extra memory.
""",
    ),
    entry(
        "thrashing",
        "thrashing",
        "",
        "",
        "swap page_fault",
        """
what:
= Thrashing is when the machine spends its time moving pages between RAM and disk instead of working.
the disk works all the time and nothing gets done
the machine only swaps
my computer swaps all the time and hangs
too many processes for the memory, nothing moves
avoid:
= Thrashing is ended by running fewer programs at once, using less memory, or adding RAM.
my machine swaps like mad, what should I do
""",
    ),
    entry(
        "stack",
        "stack|call stack",
        "a",
        "stacks",
        "heap stack_overflow queue malloc",
        """
what:
= A stack is the memory for function calls: local variables and return addresses; each thread has its own.
= A stack holds the local variables and return addresses of the functions that are running; last in, first out.
where are local variables kept
where do local variables live
where is the return address kept
where does a function store its variables
what grows with each function call
which memory is freed when a function returns
which memory does each thread have of its own
where are function parameters kept
which memory is last in first out
what is a pile of function calls
how does the CPU know where to return after a function
why are local variables gone after the function
last in first out, which structure is that
memory of function calls
local variables live where
where do return addresses live
last in first out memory of a thread
grows when functions call functions
int x inside a function, where is it stored
memory that cleans up by itself when a function ends
size:
= A stack is usually limited to 8 MiB on Linux; `ulimit -s` shows the limit.
how much stack do I have
how deep can I recurse
what is the limit of the stack
what does ulimit -s show
simple:
= A stack is memory for function calls.
""",
    ),
    entry(
        "heap",
        "heap",
        "the",
        "",
        "stack malloc free memory_leak",
        """
what:
= The heap is the memory a program asks for while it runs, with malloc; it stays until it is freed.
= The heap is where malloc takes memory from; unlike the stack it lives on after a function returns.
where does malloc get memory from
where does memory from malloc live
where do objects in Python live
which memory stays after the function returns
where should I put a big array
memory that I must free myself, where is it
memory of which the size is known only at run time
where do I get memory for a list of unknown length
which memory must be freed by hand
memory from malloc comes from where
memory that lives until free
dynamic memory area
where do big long-lived objects go
store for data of unknown size
how:
= The heap grows when the program needs more: malloc takes pages from the kernel by brk or mmap and cuts them into
+ pieces.
how does the heap grow
what does brk do
where does malloc itself get memory
""",
    ),
    entry(
        "stack_overflow",
        "stack overflow",
        "a",
        "stack overflows",
        "stack recursion segfault",
        """
what:
= A stack overflow happens when function calls need more stack than there is, mostly by endless recursion; the
+ program crashes.
my function calls itself forever and crashes
what happens with endless recursion
what happens if a function calls itself without end
recursion too deep, what is that
maximum recursion depth exceeded in Python
why does my recursive function crash
a huge local array crashes my program
the stack is full, what now
avoid:
= A stack overflow is avoided by ending the recursion in time, using a loop, or putting big arrays on the heap.
my recursion crashes, what can I do
where should I put a big local array
""",
    ),
    entry(
        "recursion",
        "recursion",
        "",
        "",
        "stack_overflow function algorithm",
        """
what:
= Recursion means that a function calls itself with a smaller task until the task is trivial.
a function that calls itself, what is that
what is a recursive function
what is it when a function uses itself
to understand it you must first understand it
""",
    ),
    entry(
        "malloc",
        "malloc|malloc()",
        "",
        "",
        "free heap memory_leak mmap",
        """
what:
= malloc(n) gives a program n bytes of memory from the heap; free() gives them back.
= malloc() reserves memory on the heap and returns its address, or NULL if there is none.
how do I get memory in C
how do I reserve memory while the program runs
which function allocates memory in C
how do I make an array whose size I know only later
what does malloc return
what does malloc return when there is no memory
what does calloc do
what does realloc do
how do I ask for 100 bytes
how can a C program get more memory
how do I allocate memory
what is dynamic memory allocation
how do I allocate an array in C
ask for memory in C
give me n bytes
reserve space for an array at run time
get a block from the heap
how do I obtain memory when the program already runs
bad:
= malloc() is risky because each block must be freed exactly once: forget it and memory leaks, do it twice and the
+ program breaks.
what can go wrong with malloc
do I have to free what I malloc
what do I have to do after malloc
""",
    ),
    entry(
        "free",
        "free|free()",
        "",
        "",
        "malloc heap use_after_free",
        """
what:
= free(p) gives memory from malloc back, so that it can be used again.
how do I give memory back in C
which function releases memory
what is the opposite of malloc
what do I call when I no longer need the memory
how do I release what malloc gave me
how do I get rid of memory in C
what happens if I free twice
what is a double free
must I free memory before the program ends
return memory
hand back a block
done with a block from malloc, what now
counterpart of malloc
""",
    ),
    entry(
        "free_command",
        "free command|free -h",
        "the",
        "",
        "ram meminfo swap top",
        """
what:
= The free command shows how much RAM and swap is used and free; `free -h` prints it in readable units.
how much memory is free on my machine
how do I see how much memory is left
how do I check memory usage
which command shows the free memory
how much RAM is used right now
what does free -h show
what does available mean in free
how do I know if I am running out of memory
""",
    ),
    entry(
        "use_after_free",
        "use after free|dangling pointer",
        "a",
        "dangling pointers",
        "free pointer segfault",
        """
what:
= Use after free means using memory that was already given back; the value may be garbage or the program may crash.
I use a pointer after free
what is a pointer to memory that is gone
what happens if I use memory after freeing it
a pointer that points to freed memory
my value changed after I called free
why is returning the address of a local variable bad
""",
    ),
    entry(
        "memory_leak",
        "memory leak|leak",
        "a",
        "memory leaks|leaks",
        "malloc free oom_killer garbage_collection",
        """
what:
= A memory leak is memory that a program no longer needs but never frees, so it uses more and more.
= A memory leak happens when a program forgets to free memory; its memory use grows and grows.
my program uses more and more memory
my program's memory grows all the time
the RSS of my server grows every hour
why does my process get bigger and bigger
I forgot to call free, what is that called
what happens if I never call free
what happens if I forget to free memory
memory that is lost for the program
my program eats up all the RAM after some days
what do you call memory that is never given back
malloc without free, what does it lead to
after a day my program needs 10 GB
why does my server need a restart every week
memory taken but never given back
slowly growing memory use
bigger and bigger until it crashes
forgotten free
memory use goes up and never comes down
my program eats RAM without end
the process gets fatter every day
why does my app need more memory every hour
lost memory in a C program
server must be restarted because memory grows
memory nobody can reach any more but is still taken
avoid:
= A memory leak is avoided by freeing every block once; tools such as Valgrind or AddressSanitizer find the ones you
+ forgot.
how do I stop my program from growing
which tool shows what was not freed
what does Valgrind do
how do I repair a program that eats memory
see:
= A memory leak is seen when the RSS of a process grows without end; `valgrind ./prog` shows where the memory was
+ taken.
how do I notice a leak
how do I find out where memory is lost
which tool finds memory leaks
is my program leaking, how can I tell
simple:
= A memory leak is memory that is never given back.
""",
        1.2,
    ),
    entry(
        "garbage_collection",
        "garbage collection|garbage collector",
        "",
        "",
        "memory_leak free python",
        """
what:
= Garbage collection means that the language frees memory by itself when nothing refers to it any more, as in Python
+ or Java.
why do I not need free in Python
who frees memory in Python
how does Python give memory back
which languages free memory by themselves
what does a garbage collector do
""",
    ),
    entry(
        "segfault",
        "segmentation fault|segfault",
        "a",
        "segmentation faults|segfaults",
        "sigsegv null_pointer page_fault buffer_overflow",
        """
what:
= A segmentation fault means that a program accessed memory it may not use; the kernel ends it with SIGSEGV.
= A segmentation fault is a crash because of a bad memory access, for example through a null pointer.
my C program crashes with segmentation fault
my program says Segmentation fault (core dumped)
what does segmentation fault mean
what does segfault mean
I get a segfault, what is wrong
my program crashed when it followed a null pointer
what happens when I use a null pointer
what happens when I read memory that is not mine
what is the most common crash in C
a crash because of a wrong address
my program touched forbidden memory
what happens if I write to address 0
my pointer is wrong and the program dies
what does core dumped after segmentation fault tell me
why did my program crash with signal 11
crash by a bad pointer
access to memory that is not mine
the program touched a forbidden address
my program just says Segmentation fault
C program dies when I use an uninitialised pointer
following NULL crashes
wrote to an array with a wrong index and it crashed
why does *p crash when p is NULL
array index out of range and the program dies
program died: SIGSEGV
cause:
= A segmentation fault comes from a null or wild pointer, an index outside an array, memory used after free, or too
+ deep recursion.
why does my C program crash
what did I do wrong if I get a segfault
what are common mistakes that crash a C program
why does writing past an array crash
which bugs end in signal 11
avoid:
= A segmentation fault is found by compiling with -g -fsanitize=address, or with gdb, which shows the line of the
+ crash.
how do I find the line that crashes
how do I debug a segfault
my program crashes in C, how do I find out where
how do I find the reason of a crash
what does AddressSanitizer do
which tool shows where my program crashed
simple:
= A segmentation fault is a crash because of a wrong memory access.
""",
        1.2,
    ),
    entry(
        "pointer",
        "pointer",
        "a",
        "pointers",
        "null_pointer address_space c_language",
        """
what:
= A pointer is a variable that holds a memory address, the place where another value is kept.
what holds the address of another variable
what does the star mean in C
what does & before a variable mean in C
a variable that says where something is
what does int *p mean
how do I refer to a place in memory
what is an address of a variable good for
""",
    ),
    entry(
        "null_pointer",
        "null pointer|NULL",
        "a",
        "null pointers",
        "pointer segfault",
        """
what:
= A null pointer points to nothing; using it makes a program crash with a segmentation fault.
what is a pointer to nothing
what does NULL mean in C
what is address zero
which pointer points nowhere
what does malloc give when it fails
""",
    ),
    entry(
        "cache",
        "cache|CPU cache",
        "a",
        "caches|CPU caches",
        "cache_line ram tlb memory_bandwidth",
        """
what:
= A cache is a small fast memory near the CPU that keeps copies of data used lately.
= A cache keeps recently used data close to the core, since RAM is about a hundred times slower.
what is the small fast memory near the CPU
what memory is close to the core
where does the CPU keep data it used a moment ago
what are L1, L2 and L3
what is L1
what is the L3 cache
why is the second access to data faster
what hides the slowness of RAM
what is faster than RAM
what stands between the CPU and the RAM
which memory keeps what was used last
what is the level 2 cache
what does cached mean
quick memory beside the core
keeps what was used lately
short way to recent data
L1, L2, L3
little memory but fast
why is it faster to use the same data again
speed helper between CPU and RAM
memory faster than RAM
why:
= A cache is needed because RAM is much slower than a core, which would otherwise wait most of the time.
why do CPUs have small fast memories
why is RAM not enough
why not make all memory as fast as the cache
how:
= A cache loads whole lines of 64 bytes; a hit is answered in a few cycles, a miss must go to the next level or to
+ RAM.
what happens on a cache miss
what is a cache miss
what is a cache hit
how does the CPU look for data
what does a miss cost
avoid:
= Cache misses are avoided by using data in order, keeping them close together, and working on small blocks.
how do I write code that is good for the cache
how do I use the cache well
why is walking through an array by columns slow
why does the order of my loops matter
how can I have fewer cache misses
simple:
= A cache is a small fast memory close to the CPU.
""",
    ),
    entry(
        "cache_line",
        "cache line",
        "a",
        "cache lines",
        "cache false_sharing page",
        """
what:
= A cache line is the block of memory, usually 64 bytes, that a cache loads or writes at once.
= A cache line is 64 bytes of neighbouring memory that move between RAM and cache together.
what unit does a cache work with
how much does the CPU load at once from RAM
what is loaded together with my one byte
in which blocks does the cache load memory
why is reading neighbouring bytes fast
the unit between RAM and cache
what are the 64 bytes of a cache
64 bytes that travel together
smallest piece a cache loads
neighbours come along with my byte
block of a cache
size:
= A cache line is usually 64 bytes.
how many bytes are in a cache line
64 bytes, what is that the size of
how much memory is loaded on a cache miss
how many floats fit into a cache line
""",
    ),
    entry(
        "locality",
        "locality",
        "",
        "",
        "cache cache_line",
        """
what:
= Locality means that programs tend to use data again soon, and data that lie near each other; caches live from that.
why do caches work so well
what is temporal locality
what is spatial locality
why are neighbouring data used together
""",
    ),
    entry(
        "ram",
        "RAM|main memory",
        "",
        "",
        "cache swap disk rss",
        """
what:
= RAM is the main memory of a computer: fast, but empty when the power is off.
= RAM is where running programs and their data are kept; it forgets all when the power goes.
where are running programs kept
where are the data of a running program
what does RAM stand for
what is the working memory of a computer
which memory forgets everything when I switch off
what does 16 GB of memory in my laptop mean
what is lost when the power goes out
what is the memory with 8 or 16 gigabytes
what do I buy if my computer has too little memory
what is random access memory
the main memory
fast memory that forgets without power
memory of running programs
16 GB of what
where does a program live while it runs
the memory sticks in my PC
see:
= RAM in use is shown by `free -h`; details are in /proc/meminfo.
how much RAM do I have
how do I find out how much memory my computer has
which command tells me the size of my memory
simple:
= RAM is the working memory of a computer.
""",
    ),
    entry(
        "rss",
        "RSS|resident set size",
        "the",
        "",
        "pss vsize uss ram",
        """
what:
= RSS is the resident memory of a process: the part of it that is in RAM now, shared pages included.
= RSS, resident set size, tells how much RAM a process occupies at the moment.
what does RES in top mean
what does RSS stand for
how much RAM does a process really occupy
what is the RES column
which number shows the memory of a process in RAM
what is resident memory
what does VmRSS mean
the part of a process that is in RAM, what is it called
how much of my process is in memory now
which number in ps shows real memory
RAM that a process occupies
part of a process that is really in memory
the RES column
real memory of a process
how fat is my process in RAM
memory in use by a process, which number
see:
= RSS is shown by `ps -o rss`, in the RES column of top, or as VmRSS in /proc/PID/status.
how do I see how much memory a process uses
how much memory does my program use
how do I find out the memory use of a process
which process uses the most memory
where do I read the memory of a process
how do I measure the memory of my program
memory of my process, how do I see it
how much RAM does my server take
check memory of a program
bad:
= RSS counts shared pages fully in every process, so the sum over processes is too large; PSS avoids that.
why is the sum of all RSS larger than my RAM
why can I not add up RSS
is RSS exact
does RSS count shared memory
simple:
= RSS is how much RAM a process uses now.
""",
    ),
    entry(
        "pss",
        "PSS|proportional set size",
        "the",
        "",
        "rss uss vsize",
        """
what:
= PSS is like RSS, but each shared page is divided by the number of processes that share it.
= PSS counts a page shared by four processes as a quarter for each, so the sum over processes is right.
which number divides shared pages by the sharers
what does PSS stand for
how do I count shared memory fairly
which memory number can be summed over processes
what is proportional memory
my workers share pages after fork, which number is fair
how do I measure the memory of several forked processes together
which measure should I use for shared weights
shared pages divided by sharers
fair memory number with shared pages
a shared page counts only in part
RSS with sharing taken into account
memory number that divides what is shared
fair share of shared pages
three processes share a page, each counts a third
see:
= PSS is found in /proc/PID/smaps_rollup.
where do I read the PSS
where is PSS shown
which file has the PSS of a process
what is in smaps_rollup
""",
    ),
    entry(
        "uss",
        "USS|unique set size",
        "the",
        "",
        "rss pss",
        """
what:
= USS is the memory that only this process uses; it would become free if the process ended.
which memory is freed when a process ends
what does USS stand for
memory of a process that nobody shares
""",
    ),
    entry(
        "vsize",
        "virtual size|VSZ|vsize",
        "the",
        "",
        "rss pss virtual_memory",
        """
what:
= The virtual size is all address space a process has reserved, whether or not it is in RAM.
= VSZ counts every mapped page, also those never touched, so it can be much larger than RAM.
what does VIRT in top mean
what does VSZ mean in ps
why does my process show 20 GB in VIRT
VIRT is larger than my RAM, how can that be
the size of all mappings of a process
which memory number is always the largest
should I worry about a large VIRT
what is VmSize
all address space of a process
VIRT column
memory that is promised but perhaps not used
reserved address space
""",
    ),
    entry(
        "oom_killer",
        "OOM killer|out-of-memory killer",
        "the",
        "",
        "swap cgroup sigkill memory_leak",
        """
what:
= The OOM killer is the part of the kernel that kills a process with SIGKILL when memory runs out.
= The OOM killer ends a process, often the biggest, when there is no memory left, so that the system lives on.
what happens when memory runs out
what happens when there is no memory left
who kills processes when memory is full
my process was killed and I did not do it
my program was suddenly killed
the kernel killed my program
dmesg says Out of memory: Killed process
what does Out of memory: Killed process mean
my process disappears when it needs much memory
which part of the kernel kills processes
what does OOM stand for
what is out of memory
why did Linux kill my process
my job died with Killed and code 137 and used much memory
memory full, process killed
who shot my process when RAM was full
kernel kills to save memory
no memory left, who must die
killed because of too little memory
my training run vanished when memory was full
the last line of my job is Killed
process terminated for lack of memory
which mechanism frees memory by killing
how:
= The OOM killer chooses the process with the highest score, mostly the one that uses most memory; oom_score_adj
+ changes it.
which process does the kernel kill when memory runs out
whom does the OOM killer choose
how does the kernel choose its victim
what is oom_score_adj
avoid:
= The OOM killer stays away if programs use less memory, there is some swap, or limits are set with cgroups.
how do I keep my process from being killed for memory
how can I protect a process from the OOM killer
see:
= The OOM killer leaves a message in the kernel log, shown by `dmesg`.
how do I know if the kernel killed my process
where do I see that a process was killed for memory
simple:
= The OOM killer ends a process when memory runs out.
""",
    ),
    entry(
        "fragmentation",
        "fragmentation",
        "",
        "",
        "malloc heap page",
        """
what:
= Fragmentation means that free memory is split into many small pieces, so a big block cannot be had.
enough memory is free but a big malloc fails
free memory in many small holes
why can I not get a large block although much is free
memory full of little holes, what is that
what is external fragmentation
what is internal fragmentation
the free memory is scattered
memory in crumbs
holes in memory
enough free bytes but not in one piece
many small free blocks
""",
    ),
    entry(
        "buffer_overflow",
        "buffer overflow",
        "a",
        "buffer overflows",
        "segfault stack_overflow pointer",
        """
what:
= A buffer overflow happens when a program writes past the end of a buffer and destroys what lies behind it.
= A buffer overflow means writing more data into an array than fits; it can crash a program or let in attackers.
I write more into an array than fits
what happens when I write past the end of an array
what happens if a string is longer than its array
why is gets dangerous
why should I not use gets or strcpy
an attacker sends too long a name, what happens
my array has 10 places and I write to place 12
writing beyond the end of memory
which bug do attackers love in C
too much data for an array
past the end of the array
input longer than the buffer
overwriting what lies behind an array
strcpy with a long string
security hole by long input
avoid:
= A buffer overflow is avoided by checking lengths, using functions such as snprintf, or a language that checks
+ bounds.
how do I write safely into an array
how do I protect my C program from long input
what should I use instead of strcpy
""",
    ),
    entry(
        "address_space",
        "address space",
        "an",
        "address spaces",
        "virtual_memory stack heap page_table",
        """
what:
= An address space is all addresses a process can use: code, data, heap, stack and mapped files.
= An address space is the private range of addresses of a process; threads share one.
which parts does the memory of a process have
what is in the memory of a process
how is the memory of a process laid out
which regions does a process have
what do all threads of a process share as a whole
where are code, data, heap and stack
what does a process see as its memory
all addresses of a process
code, data, heap and stack together
memory map of a process
what does a process have for its own, addresses from 0 on
layout of a process in memory
see:
= The address space of a process is listed in /proc/PID/maps.
how do I see the memory map of a process
what is in /proc/PID/maps
which file shows the mappings of a process
""",
    ),
    entry(
        "aslr",
        "ASLR",
        "",
        "",
        "address_space buffer_overflow",
        """
what:
= ASLR places stack, heap and libraries at random addresses, which makes attacks harder.
why does my program print other addresses each time it runs
why do addresses change between runs
what does ASLR stand for
""",
    ),
    entry(
        "memory_bandwidth",
        "memory bandwidth",
        "",
        "",
        "cache ram latency",
        """
what:
= Memory bandwidth is how many bytes per second can be moved between RAM and the CPU.
= Memory bandwidth limits programs that read much and compute little, such as a language model that makes one token.
how fast can data come from RAM
how many gigabytes per second can the CPU read
what limits a program that reads large arrays
why does a language model on the CPU not get faster with more cores
my program is slow but computes little, it only reads memory
bytes per second between memory and CPU
what limits the speed of text generation
why are more cores no help when memory is the limit
bytes per second from RAM
speed of the way between RAM and CPU
GB/s of memory
how much data can the memory deliver per second
limit for reading big weights
""",
    ),
    entry(
        "memory_protection",
        "memory protection",
        "",
        "",
        "virtual_memory segfault user_mode",
        """
what:
= Memory protection keeps a process from reading or writing the memory of others or of the kernel.
can one process read the memory of another
can a program destroy the memory of another program
why can a crash of one program not harm the others
what stops a program from reading my passwords in another one
may a process write into another process
""",
    ),
    entry(
        "register",
        "register|CPU register",
        "a",
        "registers|CPU registers",
        "cache ram cpu",
        """
what:
= A register is a tiny, very fast place inside the CPU that holds one value it works with.
where does the CPU keep the numbers it is working with
what is the fastest memory of all
what is saved on a context switch
what is rax
what is the instruction pointer
what is the program counter
""",
    ),
    entry(
        "memory_hierarchy",
        "memory hierarchy",
        "the",
        "",
        "register cache ram disk",
        """
what:
= The memory hierarchy goes from small and fast to large and slow: registers, caches, RAM, disk.
which memories does a computer have, from fast to slow
order the kinds of memory by speed
what is faster, cache or RAM
is RAM faster than a disk
which memory is the slowest
why are there so many kinds of memory
""",
    ),
    entry(
        "page_cache",
        "page cache",
        "the",
        "",
        "ram file disk cache",
        """
what:
= The page cache is RAM in which the kernel keeps file data, so that reading a file again is fast.
why is the second reading of a file faster
why is my RAM full of cache
what is buff/cache in free
why is so little memory free in Linux
does Linux eat my RAM
where are files kept after they were read
is it bad that little memory is free
""",
    ),
    entry(
        "memory_limit",
        "",
        "",
        "",
        "oom_killer",
        """
what:
= When malloc finds no memory it returns NULL; Linux often promises more than it has, and then the OOM killer acts.
what is overcommit
what happens when malloc fails
can I malloc more than the RAM
why does malloc of 100 GB succeed
""",
    ),
    entry(
        "alignment",
        "alignment",
        "",
        "",
        "cache_line pointer",
        """
what:
= Alignment means that data start at an address that is a multiple of their size, which the CPU reads fastest.
why are there gaps in my struct
why is my struct bigger than its parts
at which addresses should data start
what is padding in a struct
""",
    ),
    entry(
        "shared_library",
        "shared library",
        "a",
        "shared libraries",
        "library mmap page",
        """
what:
= A shared library is code used by many programs; it is loaded once and its pages are shared, as with libc.so.
what is a .so file
what does ldd show
why do programs share code in memory
what is a DLL in Linux
""",
    ),
]

PAIRS = [
    pair(
        "stack",
        "heap",
        """
= The stack holds local variables and is freed when a function returns; the heap holds memory from malloc until it
+ is freed.
where do local variables go and where does malloc memory go
which one must I free myself, stack or heap
which one is freed by itself
should I put a large array on the stack or the heap
which memory is faster, stack or heap
stack or heap, where is my variable
""",
    ),
    pair(
        "rss",
        "pss",
        """
= RSS counts shared pages fully in every process; PSS divides them by the number of processes that share them.
which number is fair with shared pages
which one can I add up over processes
is RSS or PSS larger
should I use RSS or PSS for forked workers
""",
    ),
    pair(
        "rss",
        "vsize",
        """
= RSS is the memory really in RAM; the virtual size is all address space a process has reserved.
which one is larger, RSS or VSZ
what is the difference between RES and VIRT
RES or VIRT, which one counts
how do RES and VIRT in top differ
""",
    ),
    pair(
        "page_fault",
        "segfault",
        """
= A page fault is normal: the kernel brings the page in; a segmentation fault is a forbidden access that ends the
+ program.
is every page fault a crash
""",
    ),
    pair(
        "malloc",
        "free",
        """
= malloc() takes memory from the heap; free() gives it back.
""",
    ),
    pair(
        "malloc",
        "mmap",
        """
= malloc() gives pieces of any size from the heap; mmap() asks the kernel for whole pages or maps a file.
""",
    ),
    pair(
        "ram",
        "cache",
        """
= RAM is the large main memory; a cache is much smaller and faster and lies near the core.
which is faster, RAM or cache
which is larger, RAM or cache
""",
    ),
    pair(
        "ram",
        "swap",
        """
= RAM is fast memory chips; swap is space on disk for pages that do not fit, and is far slower.
""",
    ),
    pair(
        "ram",
        "disk",
        """
= RAM is fast but forgets when the power is off; a disk is slow but keeps its data.
what is the difference between memory and disk
which one keeps data without power
""",
    ),
    pair(
        "page",
        "cache_line",
        """
= A page, 4 KiB, is the unit of virtual memory; a cache line, 64 bytes, is the unit of the cache.
""",
    ),
    pair(
        "page",
        "frame",
        """
= A page is a piece of virtual memory; a frame is the place in RAM that holds it.
""",
    ),
    pair(
        "memory_leak",
        "segfault",
        """
= A memory leak makes a program grow because memory is not freed; a segmentation fault ends it because of a wrong
+ access.
""",
    ),
    pair(
        "buffer_overflow",
        "stack_overflow",
        """
= A buffer overflow writes past the end of an array; a stack overflow needs more stack than there is.
""",
    ),
    pair(
        "stack",
        "queue",
        """
= A stack gives out what came last; a queue gives out what came first.
""",
    ),
    pair(
        "tlb",
        "cache",
        """
= A TLB keeps address translations; a cache keeps the data themselves.
""",
    ),
]

DIALOGUES = [
    dialogue("""
u my program uses more and more memory
b A memory leak is memory that a program no longer needs but never frees, so it uses more and more.
u how do I find it?
b A memory leak is seen when the RSS of a process grows without end; `valgrind ./prog` shows where the memory was
+ taken.
u what happens if I do nothing?
b Then memory runs out one day, and the OOM killer may end the program.
"""),
    dialogue("""
u my C program crashes
b Perhaps it accessed memory it may not use; does it say segmentation fault?
u yes
b A segmentation fault comes from a null or wild pointer, an index outside an array, memory used after free, or too
+ deep recursion.
u how do I find the line?
b A segmentation fault is found by compiling with -g -fsanitize=address, or with gdb, which shows the line of the
+ crash.
"""),
    dialogue("""
u how big is a page?
b A page is usually 4 KiB, that is 4096 bytes; `getconf PAGESIZE` shows it.
u and a cache line?
b A cache line is usually 64 bytes.
"""),
    dialogue("""
u my process was killed and I did not do it
b The OOM killer is the part of the kernel that kills a process with SIGKILL when memory runs out.
u how can I be sure?
b The OOM killer leaves a message in the kernel log, shown by `dmesg`.
"""),
    dialogue("""
u why is the sum of all RSS larger than my RAM?
b RSS counts shared pages fully in every process, so the sum over processes is too large; PSS avoids that.
u where do I find PSS?
b PSS is found in /proc/PID/smaps_rollup.
"""),
    dialogue("""
u does Linux eat my RAM? almost nothing is free
b The page cache is RAM in which the kernel keeps file data, so that reading a file again is fast.
u do I lose that memory?
b No, the kernel gives it back as soon as programs need it.
"""),
]
