"""Subjects of the corpus: the operating system, files, hardware and the first words of programming."""

from templates import dialogue, entry, pair

ENTRIES = [
    entry(
        "operating_system",
        "operating system|OS",
        "an",
        "operating systems",
        "kernel linux driver process",
        """
what:
= An operating system is the software that manages a computer's hardware and runs its programs, such as Linux.
= An operating system stands between programs and hardware: it shares CPU, memory, files and devices among them.
what is Linux an example of
what are Linux, Windows and macOS
which software manages the hardware
what starts first when I switch on my computer
what does OS stand for
what lets programs use the computer together
what is between my programs and the hardware
what software does every computer need
the boss of all software on a computer
manager of the hardware
Linux or Windows is a what
software that runs all other software
base software of a computer
what is needed before any app can run
the software that shares the machine among programs
host of all programs
what do I install first on a new computer
why:
= An operating system lets many programs share one machine safely and spares them the details of the hardware.
why does a computer need an operating system
what would a computer be without an operating system
what does the operating system do all day
what are the tasks of an operating system
why can I not run programs without Linux or Windows
example:
= Operating systems are, for instance, Linux, Windows, macOS, Android and iOS.
name some operating systems
which operating systems do you know
name three operating systems
is Android an operating system
is Windows an operating system
simple:
= An operating system is the software that runs a computer.
""",
        1.3,
    ),
    entry(
        "linux",
        "Linux",
        "",
        "",
        "operating_system kernel unix open_source",
        """
what:
= Linux is a free, open-source operating system; strictly speaking, it is its kernel.
= Linux is an open-source operating system used on servers, phones and many computers.
what runs on most servers
which operating system has a penguin
which operating system is free and open source
whose symbol is a penguin
what is Ubuntu
what are Ubuntu, Debian and Fedora
what is Tux
is Linux free
is Linux an operating system
what is the system with the penguin
the penguin system
free operating system
kernel by Linus Torvalds
what do supercomputers run
the open operating system
system on most servers of the world
what is Debian built on
make:
= Linux was started by Linus Torvalds in 1991; today thousands of people work on it.
who invented Linux
who made Linux
who wrote Linux
who is Linus Torvalds
when was Linux made
how old is Linux
who started Linux
> who made it
> who invented it
why:
= Linux is popular because it is free, open, stable and runs on nearly every kind of machine.
why do people like Linux
why do servers run Linux
why should I use Linux
what is good about Linux
is Linux good
simple:
= Linux is a free operating system.
""",
    ),
    entry(
        "unix",
        "Unix",
        "",
        "",
        "linux operating_system c_language",
        """
what:
= Unix is an operating system from the 1970s, made at Bell Labs; Linux and macOS follow its ideas.
what came before Linux
who made Unix
what is the grandfather of Linux
what did Ken Thompson and Dennis Ritchie make
how old is Unix
what is POSIX
""",
    ),
    entry(
        "windows",
        "Windows",
        "",
        "",
        "linux macos operating_system",
        """
what:
= Windows is an operating system made by Microsoft.
who makes Windows
which operating system does Microsoft make
what runs on most office computers
""",
    ),
    entry(
        "macos",
        "macOS",
        "",
        "",
        "windows linux operating_system",
        """
what:
= macOS is the operating system of Apple's computers; it is a kind of Unix.
which system runs on a Mac
what does Apple use on its computers
who makes macOS
""",
    ),
    entry(
        "file",
        "file",
        "a",
        "files",
        "directory inode file_system file_descriptor",
        """
what:
= A file is a named collection of bytes kept by the file system, usually on a disk.
= A file is data with a name, such as a text, a picture or a program.
what do I save a text in
where are my texts and pictures kept
what is data with a name on the disk
what is stored in a folder
what is a picture on my disk
what do I open in an editor
what do cat and less show
what is notes.txt
what is stored on a disk under a name
named data on disk
a document on the disk
what holds a text or picture
bytes with a name
where do I keep data for later
what has a name, a size and an owner
a letter I saved is a what
make:
= A file is made by an editor, by `touch name`, or by redirecting output with > into it.
how do I create an empty file
how do I make a new file in the shell
what does touch do
how can I create a file in the terminal
stop:
= A file is deleted with `rm name`; there is no way back, so be careful.
how do I delete a file
how do I remove a file in the shell
what does rm do
can I get a deleted file back
which command deletes a file
see:
= Files are listed by `ls`; `ls -l` also shows their size, owner and rights, and `cat name` prints one.
how do I see my files
how do I list the files in a folder
what does ls do
what does ls -l show
how do I see what is in a file
what does cat do
which command shows a file
how do I show hidden files
simple:
= A file is data with a name.
""",
    ),
    entry(
        "directory",
        "directory|folder",
        "a",
        "directories|folders",
        "file file_system path",
        """
what:
= A directory, or folder, is a list of names that lead to files and other directories.
= A directory holds files and other directories, like a drawer; its name ends a step of a path.
what holds files
where do I put files to keep order
what is a folder in Linux
what contains files and other folders
what is /home
what is the thing I cd into
like a drawer for files
what is inside a directory
a folder
place for files
box for files
list of file names
what do I make with mkdir
tree of files, what are its branches
make:
= A directory is made with `mkdir name` and entered with `cd name`.
how do I make a folder
how do I create a new folder
what does mkdir do
how do I change into a folder
what does cd do
how do I go one folder up
see:
= The current directory is shown by `pwd`, and its contents by `ls`.
in which folder am I
where am I in the file system
what does pwd do
how do I find out my current folder
which directory am I in
stop:
= A directory is removed with `rmdir name` when empty, or with `rm -r name` together with all that is in it.
how do I delete a folder
how do I remove a folder with everything in it
what does rm -r do
what does rmdir do
""",
    ),
    entry(
        "path",
        "path|file path",
        "a",
        "paths|file paths",
        "directory file root_directory",
        """
what:
= A path says where a file is, such as /home/anna/notes.txt; the names are parted by slashes.
how do I name a file in another folder
what is /home/anna/notes.txt
what do the slashes in a file name mean
what is an absolute path
what is a relative path
what do . and .. mean
what is the way to a file called
""",
    ),
    entry(
        "root_directory",
        "root directory",
        "the",
        "",
        "path directory root",
        """
what:
= The root directory is /, the top of the file tree in Linux; all paths start there.
what is / in Linux
what does a single slash mean as a folder
what is at the top of all folders
where does every path start
""",
    ),
    entry(
        "home_directory",
        "home directory",
        "a",
        "home directories",
        "directory user path",
        """
what:
= A home directory is the folder of one user, such as /home/anna; ~ is short for it.
what does ~ mean in the shell
where are my own files in Linux
what is the tilde in a path
where does cd without a name take me
""",
    ),
    entry(
        "inode",
        "inode",
        "an",
        "inodes",
        "file directory file_system link",
        """
what:
= An inode is the record of a file in the file system: its size, owner, rights and where its data lie, but not its
+ name.
= An inode holds everything about a file except its name and its contents.
where does the file system keep the size and owner of a file
what is the record of a file on disk
where are the rights of a file stored
is the name of a file in its inode
where is the information about a file kept
what does ls -i show
what does stat show about a file
what number does each file have in the file system
the disk is not full but I cannot create files
facts about a file without its name
number of a file in the file system
size, owner, rights of a file are where
metadata of a file
what describes a file on disk
""",
    ),
    entry(
        "link",
        "hard link",
        "a",
        "hard links",
        "symlink inode file",
        """
what:
= A hard link is another name for the same inode, so the same file has two names.
how can one file have two names
what does ln do
what is the number after the rights in ls -l
when is a file really deleted
""",
    ),
    entry(
        "symlink",
        "symbolic link|symlink",
        "a",
        "symbolic links|symlinks",
        "link file path",
        """
what:
= A symbolic link is a small file that points to another path; if the target is gone, the link is broken.
what does ln -s do
what is the arrow in ls -l
what is a shortcut to a file in Linux
what is a broken link
a file that points to another file
""",
    ),
    entry(
        "file_system",
        "file system",
        "a",
        "file systems",
        "file directory inode disk",
        """
what:
= A file system keeps files and directories in order on a disk; ext4 is a common one on Linux.
= A file system is the way files are stored on a disk: names, folders, inodes and blocks.
what keeps the files on a disk in order
what is ext4
how are files stored on a disk
what does mount attach
what are ext4, NTFS and FAT
what is made when I format a disk
how does the system find a file on the disk
what does formatting a disk create
order on the disk
how data are organised on a disk
system for storing files
ext4 is a what
keeps track of where files are on disk
see:
= File systems and their free space are shown by `df -h`.
how much space is left on my disk
is my disk full
which command shows free disk space
what does df do
no space left on device, what does that mean
""",
    ),
    entry(
        "mount",
        "mount|mounting",
        "",
        "",
        "file_system directory disk",
        """
what:
= Mounting makes the file system of a disk appear at a folder of the file tree.
how do I use a USB stick in Linux
how does a second disk get into the tree of folders
what does mount do
what does umount do
""",
    ),
    entry(
        "permission",
        "permission|file permission",
        "a",
        "permissions|file permissions|rights",
        "user root",
        """
what:
= Permissions say who may read (r), write (w) or execute (x) a file: the owner, the group and others.
what does rwx mean
what does rwxr-xr-x mean
who may read my file
what does permission denied mean
I get permission denied
what are the letters at the start of a line of ls -l
how does Linux protect files from other users
what does chmod do
what does chmod +x do
what does 755 mean
what does chmod 644 mean
make:
= Permissions are changed with chmod, for example `chmod +x script.sh` to make a script executable.
how do I make a script executable
how do I change the rights of a file
how do I forbid others to read my file
my script does not start, permission denied
""",
    ),
    entry(
        "user",
        "user|user account",
        "a",
        "users|user accounts",
        "root permission home_directory",
        """
what:
= A user is somebody who may use the system, known to the kernel by a number, the UID.
what is a UID
what does whoami print
what does id print
how does Linux know who I am
which number stands for a user
how do I see who I am
""",
    ),
    entry(
        "driver",
        "driver|device driver",
        "a",
        "drivers|device drivers",
        "kernel device operating_system",
        """
what:
= A driver is the part of the kernel that knows how to control one kind of device, such as a printer or disk.
= A driver is software that lets the operating system use a device.
how does the system know how to use my printer
which software controls a device
my printer does not work, what may be missing
which part of the kernel talks to the graphics card
what do I have to install for a new device
what translates between the kernel and a device
what does a device need to work
the code that knows how to talk to a keyboard
software for a device
talks to a piece of hardware
needed so that the printer works
code for a graphics card
translator for hardware
""",
    ),
    entry(
        "device",
        "device|hardware device",
        "a",
        "devices",
        "driver interrupt computer",
        """
what:
= A device is a piece of hardware such as a disk, keyboard, screen or network card; in Linux many appear as files in
+ /dev.
what is in /dev
what are keyboard, disk and screen for the kernel
what is /dev/sda
what does everything is a file mean
""",
    ),
    entry(
        "terminal",
        "terminal|terminal window",
        "a",
        "terminals",
        "shell session stdin",
        """
what:
= A terminal is the window in which you type commands; it shows text and passes your keys to the shell.
= A terminal is a window for text: you type commands and see what programs print.
where can I type my commands
which window is for typing commands
what is the black window with text
what is a console
what is a TTY
what does TTY stand for
what is the window where bash runs
what do hackers in films look at
open the window for commands, what is its name
window for commands
black window
place to type ls
text window
where can I enter commands
stop:
= A terminal is left with `exit` or Ctrl-D.
how do I close the terminal
how do I leave the shell
how do I log out
""",
    ),
    entry(
        "computer",
        "computer",
        "a",
        "computers",
        "cpu ram program operating_system",
        """
what:
= A computer is a machine that follows programs: it takes data in, works on them and gives results out.
= A computer is a machine that computes by following instructions very fast.
what machine follows programs
what is a laptop
what is a PC
what is a machine that calculates
what is the thing on my desk that runs programs
is a phone a computer
what are you running on
what are the parts of a computer
what is inside a computer
machine that runs programs
machine that computes
electronic machine for data
what is this machine I type on
how:
= A computer works by letting the CPU fetch instructions from memory and carry them out one after another.
how does a computer think
how can a machine calculate
what happens inside a computer
can a computer think
simple:
= A computer is a machine that follows programs.
""",
    ),
    entry(
        "hardware",
        "hardware",
        "",
        "",
        "software computer device",
        """
what:
= Hardware is the part of a computer you can touch, such as the CPU, memory and disk.
what can I touch of a computer
what are CPU, RAM and disk together
is a keyboard hardware or software
what is a mouse of a computer, hardware or software
""",
    ),
    entry(
        "software",
        "software",
        "",
        "",
        "hardware program operating_system",
        """
what:
= Software is all programs and data of a computer, the part you cannot touch.
what part of a computer can I not touch
what are programs together called
is Linux hardware or software
is an app software
what is an app
""",
    ),
    entry(
        "cpu",
        "CPU|processor",
        "a",
        "CPUs|processors",
        "core gpu register ram",
        """
what:
= A CPU is the processor of a computer: it carries out the instructions of programs.
= A CPU, central processing unit, is the part of a computer that executes instructions.
what does CPU stand for
what is the brain of a computer
which part of a computer does the work
which part carries out the instructions
which chip runs the programs
what is a processor
what do Intel and AMD make
what computes in a computer
what is the chip that calculates
what is the most important chip in a computer
what gets hot under the fan
chip that computes
brain of the machine
part that carries out instructions
heart of the hardware
the processor, what does it do
where is my code executed
central processing unit
how:
= A CPU works in a loop: it fetches an instruction from memory, decodes it, executes it and goes to the next.
how does a processor execute a program
what does a processor do all the time
what is the fetch decode execute cycle
how does the chip run my program
simple:
= A CPU is the part of a computer that does the computing.
""",
    ),
    entry(
        "clock_speed",
        "clock speed",
        "the",
        "",
        "cpu core",
        """
what:
= The clock speed tells how many steps a CPU makes per second; 3 GHz are three billion.
what does 3 GHz mean
what is a gigahertz
how fast is a processor, in which unit
what does GHz mean
how many steps does a CPU make in a second
""",
    ),
    entry(
        "disk",
        "disk|hard disk|SSD",
        "a",
        "disks|hard disks|SSDs",
        "ram file_system swap",
        """
what:
= A disk keeps data when the power is off; an SSD has no moving parts and is much faster than a hard disk.
where are files when the computer is off
what is an SSD
what keeps data without power
what is a hard drive
where is data kept for long
what does 1 TB in my laptop mean
is an SSD faster than a hard disk
""",
    ),
    entry(
        "bit",
        "bit",
        "a",
        "bits",
        "byte binary hexadecimal",
        """
what:
= A bit is the smallest unit of information: 0 or 1.
what is the smallest unit of information
what can be only 0 or 1
what are zeros and ones called
a single 0 or 1, what is it
how many values does a bit have
what does 64-bit mean
what is a binary digit
0 or 1
smallest piece of data
yes or no in a computer
one of eight in a byte
unit with two values
""",
    ),
    entry(
        "byte",
        "byte",
        "a",
        "bytes",
        "bit binary kilobyte",
        """
what:
= A byte is 8 bits; it can hold 256 different values, from 0 to 255.
how many bits are in a byte
how many bits does a byte have
what are eight bits together
how many values can a byte hold
what is the largest number in a byte
what is 8 bits
in what unit are files measured
how many different values do 8 bits have
which unit holds one letter
eight bits
a group of 8 bits
256 different values
what is 8 bits long
room for one letter
size:
= A byte is 8 bits.
how many bits are there in one byte
is a byte 8 bits
8 bits are one what
""",
    ),
    entry(
        "kilobyte",
        "kilobyte|KiB",
        "a",
        "kilobytes",
        "byte megabyte gigabyte",
        """
what:
= A kilobyte is 1000 bytes; a kibibyte (KiB) is 1024 bytes.
how many bytes are in a kilobyte
what does KB mean
what does KiB mean
1024 bytes are what
how many bytes has a KiB
""",
    ),
    entry(
        "megabyte",
        "megabyte|MiB",
        "a",
        "megabytes",
        "kilobyte gigabyte byte",
        """
what:
= A megabyte is a million bytes; a mebibyte (MiB) is 1024 KiB.
how many bytes are in a megabyte
what does MB mean
what is a million bytes
how many kilobytes are in a megabyte
""",
    ),
    entry(
        "gigabyte",
        "gigabyte|GiB",
        "a",
        "gigabytes",
        "megabyte kilobyte byte",
        """
what:
= A gigabyte is a billion bytes; a gibibyte (GiB) is 1024 MiB.
how many bytes are in a gigabyte
what does GB mean
what is a billion bytes
how many megabytes are in a gigabyte
which is more, a megabyte or a gigabyte
""",
    ),
    entry(
        "binary",
        "binary|binary system|binary number",
        "the",
        "binary numbers",
        "bit hexadecimal byte",
        """
what:
= The binary system writes numbers with only two digits, 0 and 1; five is 101.
= Binary means base two: only the digits 0 and 1, each place worth twice the one to its right.
how do computers write numbers
which number system has only 0 and 1
which digits does a computer use
what does 101 mean in binary
what is base 2
why do computers use zeros and ones
how does one write 5 with zeros and ones
how do I write 2 in binary
numbers with two digits only
why do computers only know 0 and 1
only zeros and ones
counting with two digits
base two
number system of computers
1010 is which kind of number
""",
    ),
    entry(
        "hexadecimal",
        "hexadecimal|hexadecimal system|hex",
        "",
        "hexadecimal numbers",
        "binary byte bit",
        """
what:
= Hexadecimal is base 16: the digits 0 to 9 and A to F; FF is 255.
= Hexadecimal writes numbers with 16 digits, 0 to 9 and A to F, so one digit stands for four bits.
what does 0x mean
what is 0xFF
what is FF in decimal
which number system has 16 digits
which digits does hex have
what is base 16
what does A mean in hex
numbers with letters A to F, what are they
why are addresses written with letters
what does 0x10 mean
why do programmers use letters in numbers
base sixteen
digits and letters up to F
0x in front of a number
numbers like 1F
which system counts 9, A, B, C
""",
    ),
    entry(
        "ascii",
        "ASCII",
        "",
        "",
        "unicode byte",
        """
what:
= ASCII gives each letter, digit and sign a number from 0 to 127; A is 65.
how are letters stored in a computer
which number is the letter A
what does ASCII stand for
how does a computer store text
what is 65 in ASCII
""",
    ),
    entry(
        "unicode",
        "Unicode|UTF-8",
        "",
        "",
        "ascii byte",
        """
what:
= Unicode gives a number to every character of all languages; UTF-8 stores them in one to four bytes.
how are Chinese letters or emojis stored
what is UTF-8
why do I see strange signs instead of umlauts
how many bytes has an emoji
""",
    ),
    entry(
        "compiler",
        "compiler",
        "a",
        "compilers",
        "interpreter program linker c_language",
        """
what:
= A compiler translates source code into machine code that the CPU can run; gcc is one for C.
= A compiler turns a program text into machine code before it is run.
what turns source code into machine code
what is gcc
what does gcc do
what translates a C program
which program makes an executable from my code
how does my C code become a program
what do I need to run C code
who translates my program for the CPU
what is clang
the tool that builds an executable
translator for programs
from C text to machine code
makes an executable out of source code
gcc is a what
translates code before it runs
which tool turns my .c file into a program
why:
= A compiler is needed because the CPU understands only machine code, not the text you write.
why do I have to compile C
why can the CPU not run C code directly
why compile at all
use:
= A compiler is used like this: `gcc prog.c -o prog`, and then `./prog` runs the result.
how do I compile a C program
how do I use gcc
what does gcc prog.c -o prog do
how do I build my C file
simple:
= A compiler turns program text into machine code.
""",
    ),
    entry(
        "jit",
        "just-in-time compiler|JIT compiler|JIT",
        "a",
        "just-in-time compilers|JIT compilers",
        "compiler interpreter",
        """
what:
= A just-in-time compiler translates code into machine code while the program runs; Numba is one for Python.
what does JIT stand for
how can Python code be made fast at run time
compiling while the program runs, what is that
""",
    ),
    entry(
        "interpreter",
        "interpreter",
        "an",
        "interpreters",
        "compiler python shell",
        """
what:
= An interpreter reads a program and carries it out step by step, without making machine code first; Python has one.
what runs Python code
what carries out a script line by line
which program executes scripts
what is the program called python
how is Python code run
""",
    ),
    entry(
        "linker",
        "linker",
        "a",
        "linkers",
        "compiler library",
        """
what:
= A linker joins compiled pieces and libraries into one executable program.
what does undefined reference mean
what joins object files
what does ld do
which tool comes after the compiler
""",
    ),
    entry(
        "library",
        "library|software library",
        "a",
        "libraries",
        "shared_library function linker",
        """
what:
= A library is a collection of ready functions that programs can use.
what is libc
where does printf come from
what is a collection of functions called
what do I import in Python
how can I use code that others wrote
what is numpy
""",
    ),
    entry(
        "function",
        "function",
        "a",
        "functions",
        "variable loop recursion library",
        """
what:
= A function is a named piece of a program that can be called, takes arguments and may return a value.
what is def in Python
a named piece of code that I can call
what is main in C
what does it mean to call a function
what is a subroutine
what takes arguments and returns a value
what is print()
""",
    ),
    entry(
        "variable",
        "variable",
        "a",
        "variables",
        "function loop pointer",
        """
what:
= A variable is a name for a place that holds a value, which may change.
what does x = 5 do
what is x in a program
where does a program keep a value
a name for a value
what do I use to remember a number in a program
""",
    ),
    entry(
        "loop",
        "loop",
        "a",
        "loops",
        "function variable algorithm",
        """
what:
= A loop repeats a piece of a program, for example as long as a condition is true.
what do for and while do
how does a program repeat something
what is a for loop
what is while in Python
how do I do the same thing ten times
what is an endless loop
my program never ends
""",
    ),
    entry(
        "algorithm",
        "algorithm",
        "an",
        "algorithms",
        "program function sorting",
        """
what:
= An algorithm is a clear list of steps that solves a problem, like a recipe.
= An algorithm is an exact recipe for solving a task step by step.
what is a recipe for a computer
what is a list of exact steps to solve a problem
what do you call a step by step way to solve a problem
what is sorting by bubble sort an example of
what is like a cooking recipe
what is behind a program
the plan that a program follows
what did Euclid invent for the greatest common divisor
a recipe step by step
clear steps to a result
plan to solve a problem
method for a task in exact steps
how to do something, step by step, in computing
rules for solving a task
example:
= An algorithm example: to find the largest number, look at each one and keep the largest seen so far.
name an algorithm
which algorithms do you know
give me a simple algorithm
simple:
= An algorithm is a recipe for a computer.
""",
    ),
    entry(
        "sorting",
        "sorting algorithm|sorting",
        "a",
        "sorting algorithms",
        "algorithm",
        """
what:
= Sorting means putting things in order; quicksort and merge sort are known algorithms for it.
how does a computer put things in order
what is quicksort
what is bubble sort
how do I sort a list
what does the sort command do
""",
    ),
    entry(
        "python",
        "Python",
        "",
        "",
        "c_language java interpreter gil",
        """
what:
= Python is an easy programming language that is run by an interpreter; it is popular for data and AI.
= Python is a popular programming language known for being easy to read.
which programming language is easy to learn
which language is popular for AI
which language uses indentation for blocks
what language has a snake as its sign
which language should I learn first
what is a .py file
what language is print("hello") in
is Python a snake
is Python a language
which language is named after Monty Python
easy language with a snake logo
language for beginners
popular language for data science
language without braces
scripting language made by Guido
language this chat program is written in
make:
= Python was made by Guido van Rossum and first came out in 1991.
who invented Python
who made Python
who is Guido van Rossum
when did Python come out
how old is Python
why is it called Python
why:
= Python is liked because it is easy to read and has libraries for nearly everything.
why do people like Python
why should I learn Python
what is Python good for
is Python good for beginners
bad:
= Python is slower than C because it is interpreted, and its GIL keeps threads from running in parallel.
why is Python slow
is Python slow
is Python slower than C
what is bad about Python
use:
= Python programs are started with `python3 name.py`.
how do I run a Python program
how do I start a Python script
what does python3 name.py do
""",
    ),
    entry(
        "c_language",
        "C|C language|C programming language",
        "",
        "",
        "python rust cpp compiler",
        """
what:
= C is a fast programming language close to the machine; the Linux kernel is written in it.
= C is a compiled programming language from the 1970s, used for kernels and other fast programs.
in which language is Linux written
what language is the kernel written in
which language has pointers and malloc
which language did Dennis Ritchie make
who invented C
what language is printf in
which old language is still used for operating systems
which language is close to the hardware
what is a .c file
what is the letter C in programming
is C hard
old fast language
the language of the kernel
language with malloc and free
language of Kernighan and Ritchie
language for system programming
why:
= C is used where speed and control over memory matter, as in kernels, drivers and small devices.
why are kernels written in C
why should I learn C
what is C good for
why is C so fast
""",
    ),
    entry(
        "cpp",
        "C++",
        "",
        "",
        "c_language python rust",
        """
what:
= C++ is a programming language that adds classes and much more to C; it is fast and used for games and browsers.
what is C plus plus
which language came out of C
who is Bjarne Stroustrup
in which language are games written
""",
    ),
    entry(
        "rust",
        "Rust",
        "",
        "",
        "c_language cpp python",
        """
what:
= Rust is a fast programming language whose compiler prevents most memory errors and data races.
which language is safe and fast
which language has a borrow checker
what language has a crab as mascot
""",
    ),
    entry(
        "java",
        "Java",
        "",
        "",
        "python c_language",
        """
what:
= Java is a programming language that runs on a virtual machine, so the same program works on many systems.
which language runs on the JVM
what is the JVM
is Java the same as JavaScript
""",
    ),
    entry(
        "programming_language",
        "programming language",
        "a",
        "programming languages",
        "python c_language compiler",
        """
what:
= A programming language is a language for writing programs, such as C, Python or Rust.
what are C, Python and Java
in what do people write programs
how do I tell a computer what to do
what do I learn to become a programmer
name some programming languages
which programming languages do you know
""",
    ),
    entry(
        "source_code",
        "source code",
        "",
        "",
        "program compiler open_source",
        """
what:
= Source code is the text of a program as a programmer writes it.
what does a programmer write
what is the text of a program called
what is in a .c or .py file
what does open source open
""",
    ),
    entry(
        "git",
        "Git",
        "",
        "",
        "open_source source_code commit",
        """
what:
= Git is a tool that keeps the history of files, so that people can work together on a program.
= Git is a version control system: it remembers every version of your files.
how do programmers keep old versions of their code
which tool remembers all versions of my files
how do several people work on the same code
what does git commit do
what does git clone do
what does git pull do
what does git push do
what is version control
what is GitHub
who made Git
which tool did Linus Torvalds make besides Linux
how can I go back to yesterday's code
history of my code
versions of files
go back to an older version
share code with a team
save every step of a project
undo changes in my project
tool behind GitHub
simple:
= Git remembers all versions of your files.
""",
    ),
    entry(
        "commit",
        "commit|Git commit",
        "a",
        "commits|Git commits",
        "git",
        """
what:
= A commit is one saved step in the history of a Git project, with a message that says what changed.
what do I make to save my changes in Git
what is one step in the Git history
what does a commit message say
""",
    ),
    entry(
        "open_source",
        "open source|open-source software",
        "",
        "",
        "linux git source_code",
        """
what:
= Open source means that everybody may read, use and change the source code of a program.
= Open source is software whose source code is free for all to read, change and share.
may I read the code of Linux
software that everybody may change
what does open source mean
is open source free
which kind of software may I change myself
what kind of software is Linux
what is free software
code that is open to all
code for everyone
anyone may read and change the code
free to use and change
the opposite of secret code
example:
= Open source examples are Linux, Python, Git and Firefox.
name some open source programs
which programs are open source
is Firefox open source
""",
    ),
    entry(
        "internet",
        "internet",
        "the",
        "",
        "web ip_address socket network",
        """
what:
= The internet is a worldwide network of computers that exchange data by common rules.
= The internet joins millions of computer networks all over the world.
what connects computers all over the world
what is the worldwide network
how are computers around the world connected
what do I need for e-mail
what is the net
what is online
what is my computer connected to when I am online
is the internet the same as the web
network of networks
computers linked all over the world
global network
how can I reach a computer in Japan
how:
= The internet works by cutting data into packets, which routers pass on from one to the next until they arrive.
how do data travel around the world
what happens when I open a web page
how does a message get to another country
simple:
= The internet is a network of computers all over the world.
""",
    ),
    entry(
        "web",
        "web|World Wide Web",
        "the",
        "",
        "internet browser",
        """
what:
= The web is the pages and links that we read with a browser over the internet.
what does www mean
what do I see in a browser
who invented the web
what is a website
what are web pages
""",
    ),
    entry(
        "browser",
        "browser|web browser",
        "a",
        "browsers|web browsers",
        "web internet program",
        """
what:
= A browser is a program that shows web pages, such as Firefox or Chrome.
which program shows web pages
what is Firefox
what is Chrome
how do I look at a website
""",
    ),
    entry(
        "network",
        "network|computer network",
        "a",
        "networks|computer networks",
        "internet socket ip_address",
        """
what:
= A network is a group of computers joined by cables or radio so that they can exchange data.
how are computers connected in an office
what is a LAN
what is Wi-Fi
connected computers, what are they together
""",
    ),
    entry(
        "ip_address",
        "IP address",
        "an",
        "IP addresses",
        "internet port tcp",
        """
what:
= An IP address is the number by which a computer is found in a network, such as 192.168.0.1.
how is a computer found on the internet
what is 127.0.0.1
what is 192.168.0.1
what does IP stand for
what is localhost
what number does a computer have in the network
""",
    ),
    entry(
        "port",
        "port|network port",
        "a",
        "ports|network ports",
        "ip_address socket tcp",
        """
what:
= A port is a number that tells which program on a computer gets the data, such as 80 for web servers.
what is port 80
how does a packet find the right program
what is 8080 in localhost:8080
address already in use, what does that mean
""",
    ),
    entry(
        "bug",
        "bug|software bug",
        "a",
        "bugs|software bugs",
        "debugger race segfault",
        """
what:
= A bug is a mistake in a program that makes it do something wrong.
= A bug is an error in a program.
what is a mistake in a program called
what is an error in software
my program does something wrong, what does it have
why does my program not do what I want
what do programmers fight all day
what does a debugger find
is a bug an insect
what is the insect in my program
something is wrong in the code, what is the word
what do testers look for
mistake in code
my code is wrong somewhere
error made by a programmer
flaw in software
thing that makes a program crash
why does my program give the wrong answer
a fault in a program
avoid:
= Bugs are avoided by small steps, clear code, tests and letting others read it.
how do I write programs without mistakes
how can I make fewer mistakes in my code
how do I find a mistake in my program
how do I test my program
cause:
= Bugs come from wrong thinking, misunderstandings, forgotten cases and typing errors of people.
why do programs have mistakes
who makes bugs
why does software fail
why is it called a bug
simple:
= A bug is a mistake in a program.
""",
    ),
    entry(
        "test",
        "software test|unit test",
        "a",
        "software tests|unit tests",
        "bug debugger",
        """
what:
= A test is code that checks whether a program does what it should.
how do I check that my program is right
what is pytest
what does a unit test do
why should I write tests
""",
    ),
    entry(
        "abstraction",
        "abstraction",
        "an",
        "abstractions",
        "operating_system",
        """
what:
= An abstraction hides details behind something simple: a file hides disk blocks, a process hides the CPU.
hiding details behind something simple
why is a file an abstraction
what does it mean to abstract
""",
    ),
    entry(
        "boot",
        "booting|boot",
        "",
        "",
        "kernel init operating_system",
        """
what:
= Booting is starting a computer: the firmware loads the boot loader, that loads the kernel, and the kernel starts
+ init.
what happens when I switch on my computer
how does a computer start
what is a boot loader
what does GRUB do
what comes after the power button
""",
    ),
    entry(
        "man_page",
        "man page|manual page",
        "a",
        "man pages|manual pages",
        "shell",
        """
what:
= A man page is the manual of a command or system call; `man ls` shows the one for ls.
how do I get help for a command
where can I read about fork
what does man do
how do I read the manual
where is the documentation of ls
""",
    ),
    entry(
        "grep",
        "grep",
        "",
        "",
        "shell_pipe find_command",
        """
what:
= grep prints the lines that contain a given text, for example `grep error log.txt`.
how do I search for a word in a file
which command finds lines with a word
what does grep do
how do I find all errors in a log
""",
    ),
    entry(
        "find_command",
        "find|find command",
        "",
        "",
        "grep directory",
        """
what:
= find looks for files by name, size or date, for example `find . -name "*.c"`.
how do I search for a file
where is my file, how do I find it
which command looks for files
what does find . -name do
""",
    ),
    entry(
        "wc",
        "wc",
        "",
        "",
        "grep shell_pipe",
        """
what:
= wc counts lines, words and bytes; `wc -l` counts only lines.
how do I count the lines of a file
how do I count words
what does wc -l do
what does wc do
""",
    ),
    entry(
        "cp",
        "cp",
        "",
        "",
        "mv file",
        """
what:
= cp copies a file: `cp old new`; `cp -r` copies a folder.
how do I copy a file
which command copies
what does cp do
how do I copy a folder
""",
    ),
    entry(
        "mv",
        "mv",
        "",
        "",
        "cp file",
        """
what:
= mv moves or renames a file: `mv old new`.
how do I rename a file
how do I move a file
what does mv do
how do I change the name of a file
""",
    ),
    entry(
        "editor",
        "text editor|editor",
        "a",
        "text editors|editors",
        "file program terminal",
        """
what:
= A text editor is a program for writing and changing text files, such as nano, vim or VS Code.
how do I change a file in the terminal
which program do I use to write code
what is vim
what is nano
how do I write a text file
stop:
= To leave vim type :q! and Enter; nano is left with Ctrl-X.
how do I exit vim
how do I quit vim
how do I leave nano
I am stuck in vim
help, I cannot get out of vim
""",
    ),
    entry(
        "script",
        "script|shell script",
        "a",
        "scripts|shell scripts",
        "shell program python",
        """
what:
= A script is a text file with commands that an interpreter, such as the shell or Python, carries out.
a file with shell commands, what is it
what does #!/bin/bash mean
what is the first line with #!
how can I run many commands at once
what is a .sh file
""",
    ),
    entry(
        "cron",
        "cron",
        "",
        "",
        "daemon script",
        """
what:
= cron is a daemon that starts commands at set times, such as every night.
how do I run a command every night
how do I start a program at a certain time
what does crontab do
""",
    ),
    entry(
        "ssh",
        "SSH",
        "",
        "",
        "shell terminal socket",
        """
what:
= SSH lets you log in to another computer over the network in a safe, encrypted way.
how do I log in to a server
how do I work on a machine far away
what does ssh do
""",
    ),
    entry(
        "pin_tool",
        "taskset",
        "",
        "",
        "affinity nice",
        """
what:
= taskset starts a command on certain cores or changes the cores of a running process.
which command sets the cores of a process
what does taskset -c 0 do
""",
    ),
    entry(
        "chrt",
        "chrt",
        "",
        "",
        "scheduling_policy pin_tool",
        """
what:
= chrt shows or sets the scheduling policy and real-time priority of a process.
which command changes between SCHED_OTHER and SCHED_BATCH
what does chrt -p do
""",
    ),
    entry(
        "fan",
        "",
        "",
        "",
        "",
        """
cause:
= The fan gets loud because the CPU is busy and warm; look in `top` which process uses it.
why is my fan so loud
why does my computer get hot
my laptop gets hot
""",
    ),
]

PAIRS = [
    pair(
        "operating_system",
        "kernel",
        """
= An operating system is the whole, with shell, tools and libraries; the kernel is its core that controls the
+ hardware.
is the kernel the operating system
is Linux a kernel or an operating system
""",
    ),
    pair(
        "linux",
        "unix",
        """
= Unix is the older system from Bell Labs; Linux is a free system, newly written, that works like it.
is Linux a Unix
""",
    ),
    pair(
        "linux",
        "windows",
        """
= Linux is open source and free; Windows is made and sold by Microsoft.
is Linux better than Windows
should I use Linux or Windows
""",
    ),
    pair(
        "file",
        "directory",
        """
= A file holds data; a directory holds names of files and other directories.
is a directory a file
what is the difference between a file and a folder
""",
    ),
    pair(
        "link",
        "symlink",
        """
= A hard link is a second name for the same inode; a symbolic link is a small file that points to a path.
which link breaks when the file is removed
""",
    ),
    pair(
        "terminal",
        "shell",
        """
= A terminal is the window that shows text and takes keys; a shell is the program in it that runs commands.
is bash a terminal
are terminal and shell the same
""",
    ),
    pair(
        "compiler",
        "interpreter",
        """
= A compiler translates the whole program to machine code first; an interpreter carries it out step by step.
which one makes machine code
which one does Python use
""",
    ),
    pair(
        "python",
        "c_language",
        """
= Python is interpreted and easy to write; C is compiled, faster and closer to the machine.
which is faster, Python or C
should I learn Python or C
which is easier, C or Python
""",
    ),
    pair(
        "c_language",
        "cpp",
        """
= C is small and simple; C++ adds classes, templates and much more to it.
""",
    ),
    pair(
        "bit",
        "byte",
        """
= A bit is 0 or 1; a byte is 8 bits.
which is larger, a bit or a byte
""",
    ),
    pair(
        "binary",
        "hexadecimal",
        """
= Binary is base 2 with the digits 0 and 1; hexadecimal is base 16 with 0 to 9 and A to F.
""",
    ),
    pair(
        "hardware",
        "software",
        """
= Hardware is what you can touch; software is the programs that run on it.
which one can I touch
""",
    ),
    pair(
        "internet",
        "web",
        """
= The internet is the network of computers; the web is the pages we read over it with a browser.
""",
    ),
    pair(
        "cpu",
        "gpu",
        """
= A CPU has a few strong cores for all kinds of work; a GPU has thousands of simple ones for the same step on much
+ data.
which has more cores, a CPU or a GPU
""",
    ),
    pair(
        "cpu",
        "ram",
        """
= A CPU carries out instructions; RAM keeps the programs and data it works on.
""",
    ),
    pair(
        "algorithm",
        "program",
        """
= An algorithm is the idea, a list of steps; a program is that idea written down for a computer.
""",
    ),
    pair(
        "kilobyte",
        "megabyte",
        """
= A kilobyte is a thousand bytes; a megabyte is a million bytes.
which is more, a kilobyte or a megabyte
""",
    ),
    pair(
        "file_descriptor",
        "inode",
        """
= A file descriptor is a number by which a process names an open file; an inode is the record of the file on disk.
""",
    ),
    pair(
        "debugger",
        "compiler",
        """
= A compiler translates a program; a debugger helps to find its errors while it runs.
""",
    ),
    pair(
        "cp",
        "mv",
        """
= cp makes a copy and keeps the old file; mv moves or renames it.
""",
    ),
]

DIALOGUES = [
    dialogue("""
u how many bits are in a byte?
b A byte is 8 bits.
u and in two bytes?
b Two bytes are 16 bits.
u and in four?
b Four bytes are 32 bits.
"""),
    dialogue("""
u who made Linux?
b Linux was started by Linus Torvalds in 1991; today thousands of people work on it.
u and Python?
b Python was made by Guido van Rossum and first came out in 1991.
u and C?
b C was made by Dennis Ritchie in the early 1970s.
u and Git?
b Git was made by Linus Torvalds in 2005.
"""),
    dialogue("""
u how do I delete a file?
b A file is deleted with `rm name`; there is no way back, so be careful.
u and a folder?
b A directory is removed with `rmdir name` when empty, or with `rm -r name` together with all that is in it.
u and how do I make one?
b A directory is made with `mkdir name` and entered with `cd name`.
"""),
    dialogue("""
u which language should I learn first?
b Python is an easy programming language that is run by an interpreter; it is popular for data and AI.
u is it fast?
b Python is slower than C because it is interpreted, and its GIL keeps threads from running in parallel.
u so should I take C?
b Begin with Python, and learn C when you want to know how the machine works.
"""),
    dialogue("""
u I am stuck in vim
b To leave vim type :q! and Enter; nano is left with Ctrl-X.
u it worked!
b Very good! You are free again.
"""),
    dialogue("""
u how do I compile my program?
b A compiler is used like this: `gcc prog.c -o prog`, and then `./prog` runs the result.
u it says command not found when I type prog
b Type ./prog, for the shell looks only in the folders of PATH.
"""),
]
