"""This program: what llmproc is, its processes, commands, files and limits."""

ENTRIES: list[dict] = [
    {
        "id": "llmproc",
        "names": ["llmproc", "this program"],
        "article": "",
        "weight": 2.0,
        "answers": {
            "what": [
                (
                    "llmproc is a program that runs language models on the CPU and shows what the "
                    "operating system sees while they run."
                ),
            ],
            "why": [
                (
                    "llmproc was made to show how processes, threads, scheduling and memory look while a "
                    "real program works hard."
                ),
            ],
            "how": [
                (
                    "llmproc works with a main process for the prompt loop and a worker process for "
                    "inference, which is forked from a template."
                ),
            ],
        },
        "asks": {
            "what": [
                "what is this program",
                "what does this program do",
                "what program am i using",
                "what am i looking at here",
                "what did i just start",
                "what is the purpose of this software",
                "what is this thing on my screen",
                "what is this app for",
                "i started this but do not know what it is",
                "tell me what this tool does",
                "what kind of software is this",
                "describe this program in one sentence",
                "what have i installed here",
                "who are you and what is this program for",
                "what is this project about",
                "explain this software to me",
                "what can this tool show me",
            ],
            "why": [
                "why was this program made",
                "why does llmproc exist",
                "what is llmproc good for",
                "why would i use this program",
                "what can i learn from this program",
                "what is the point of llmproc",
                "why run a language model in an operating systems course",
            ],
            "how": [
                "how does llmproc work",
                "how is this program built",
                "how does this software work inside",
                "which processes does llmproc have",
                "what is the structure of llmproc",
                "how many kinds of processes does this program use",
                "how is the work divided inside llmproc",
            ],
        },
        "siblings": ["author_program", "worker", "run_cpu"],
    },
    {
        "id": "program_name",
        "names": [],
        "article": "",
        "answers": {
            "what": ["The name of this program is llmproc."],
        },
        "asks": {
            "what": [
                "what is the name of this program",
                "how is this program called",
                "what is this software called",
                "under which name do i find this program",
                "whats this app called",
                "what do i type to start this program",
                "tell me the name of the tool",
            ],
        },
        "siblings": ["llmproc"],
    },
    {
        "id": "author_program",
        "names": [],
        "article": "",
        "weight": 1.5,
        "answers": {
            "what": ["llmproc was made by the llmproc project."],
        },
        "asks": {
            "what": [
                "who made this program",
                "who made llmproc",
                "who wrote this",
                "who wrote you",
                "who created you",
                "who made you",
                "who is your maker",
                "who programmed you",
                "who built this software",
                "who is behind llmproc",
                "who developed you",
                "where do you come from",
                "who is your creator",
                "who trained you",
                "are you made by a company",
                "do you have parents",
                "whose program is this",
                "who invented you",
                "who is your boss",
                "did openai make you",
                "are you from google",
            ],
        },
        "siblings": ["llmproc", "license_program"],
    },
    {
        "id": "run_cpu",
        "names": [],
        "article": "",
        "answers": {
            "what": ["llmproc runs on the CPU only; it needs no graphics card."],
            "why": [
                (
                    "llmproc uses the CPU because its processes and threads can be watched there with the"
                    " tools of the operating system."
                ),
            ],
        },
        "asks": {
            "what": [
                "do i need a gpu for this program",
                "does llmproc use a graphics card",
                "do you run on the gpu",
                "on which hardware do you run",
                "what hardware does this program need",
                "are you running on my processor",
                "can i use this without a graphics card",
                "which part of my computer are you using",
                "where do you run",
                "cpu or gpu, which one do you use",
                "does this use my gpu",
                "what does it need to run",
            ],
            "why": [
                "why does llmproc use the cpu",
                "why cpu only",
                "why does this program not use a gpu",
                "why no gpu here",
                "why do you run on the cpu",
                "what is the reason for using the cpu in llmproc",
            ],
        },
        "siblings": ["llmproc", "linux_only", "numba"],
    },
    {
        "id": "linux_only",
        "names": [],
        "article": "",
        "answers": {
            "what": ["llmproc runs on Linux, because it reads /proc and uses Linux scheduling."],
        },
        "asks": {
            "what": [
                "on which system does llmproc run",
                "does this work on windows",
                "can i use this program on a mac",
                "which operating system does llmproc need",
                "do i need linux for this",
                "will it run on my windows laptop",
                "what system are you running on",
                "is this a linux program",
                "where can i use llmproc",
                "does llmproc run on macos",
                "which os is this made for",
            ],
        },
        "siblings": ["llmproc", "run_cpu"],
    },
    {
        "id": "python_numba",
        "names": [],
        "article": "",
        "answers": {
            "what": ["llmproc is written in Python, with Numba for the fast parts."],
        },
        "asks": {
            "what": [
                "which language is llmproc written in",
                "what programming language is this program made with",
                "in what language were you programmed",
                "is this written in c",
                "are you written in python",
                "what is llmproc written in",
                "what is the code of this program written in",
                "is llmproc a python program",
                "which tools was llmproc built with",
                "what are you made of",
                "what are you written in",
            ],
        },
        "siblings": ["numba", "llmproc"],
    },
    {
        "id": "numba",
        "names": ["Numba"],
        "article": "",
        "answers": {
            "what": [
                (
                    "Numba is a compiler that turns Python functions with numbers into fast machine code "
                    "while the program runs."
                ),
            ],
            "why": ["Numba is used because plain Python is too slow for the many multiplications of a model."],
            "how": [
                (
                    "Numba compiles a function the first time it is called, so the first call is slow and"
                    " later calls are fast."
                ),
            ],
        },
        "asks": {
            "what": [
                "what makes python fast in this program",
                "what compiles the python code here",
                "which compiler does llmproc use",
                "what turns python functions into machine code",
                "what is that numba thing",
                "is numba a compiler",
                "what does numba do",
                "which package speeds up the loops of llmproc",
            ],
            "why": [
                "why does llmproc use numba",
                "why not plain python",
                "why is numba needed",
                "what is numba good for",
                "why not write the program in c",
                "why do you need a compiler for python",
                "why use numba",
            ],
            "how": [
                "how does numba work",
                "how does numba make python fast",
                "when does numba compile",
                "why is the first call slow in llmproc",
                "what happens at the first call of a numba function",
            ],
        },
        "siblings": ["python_numba", "run_cpu"],
    },
    {
        "id": "worker",
        "names": ["worker process", "worker"],
        "plural": ["worker processes", "workers"],
        "article": "a",
        "answers": {
            "what": [
                "A worker process is the process of llmproc that does the inference, that is, the heavy calculation.",
            ],
            "why": [
                (
                    "A worker process is separate so that it can be watched, scheduled, pinned and killed"
                    " without losing the prompt loop."
                ),
            ],
        },
        "asks": {
            "what": [
                "which process does the inference",
                "who does the calculation in llmproc",
                "which process uses all the cpu in this program",
                "what does the worker do",
                "where does the model run in llmproc",
                "which process of llmproc should i watch in top",
                "who does the hard work here",
                "where are the tokens computed",
                "which process answers my question",
                "what is the job of the worker here",
            ],
            "why": [
                "why is there a separate worker",
                "why not do everything in one process in llmproc",
                "what is the worker process good for",
                "why does llmproc use a worker",
                "why is inference in its own process",
            ],
        },
        "siblings": ["main_process", "template_process", "llmproc"],
    },
    {
        "id": "main_process",
        "names": ["main process"],
        "article": "the",
        "answers": {
            "what": [
                (
                    "The main process of llmproc runs the prompt loop: it reads your input, sends it to "
                    "the worker, and prints the answer."
                ),
            ],
        },
        "asks": {
            "what": [
                "which process reads what i type",
                "what runs the prompt loop",
                "who prints the answer on the screen",
                "what does the main process do",
                "which process of llmproc talks to the terminal",
                "who passes my question to the worker",
                "what does llmproc's first process do",
            ],
        },
        "siblings": ["worker", "template_process"],
    },
    {
        "id": "template_process",
        "names": ["template process", "template"],
        "article": "the",
        "answers": {
            "what": ["The template process of llmproc loads everything once and then forks the workers."],
            "why": [
                (
                    "The template process is useful because a forked worker starts at once and shares "
                    "memory with it by copy-on-write."
                ),
            ],
        },
        "asks": {
            "what": [
                "who forks the workers",
                "where do the workers come from",
                "which process starts a new worker",
                "what is the template in llmproc",
                "what does the template process do",
                "how is a worker created in llmproc",
                "which process is the parent of the worker",
                "who makes a new worker when one dies",
            ],
            "why": [
                "why does llmproc have a template process",
                "why fork workers from a template",
                "what is the template good for",
                "why not start each worker from nothing",
                "why are workers forked",
                "why is starting a worker so quick",
            ],
        },
        "siblings": ["worker", "main_process", "fork_why"],
    },
    {
        "id": "fork_why",
        "names": [],
        "article": "",
        "answers": {
            "what": ["When a worker dies, the template process forks a new one and llmproc goes on."],
        },
        "asks": {
            "what": [
                "what happens when i kill the worker",
                "what if the worker crashes",
                "can i kill the worker process",
                "i killed the worker, is everything lost",
                "does llmproc survive a dead worker",
                "what does llmproc do when its worker is gone",
                "will there be a new worker after a crash",
                "is it bad to send kill to the worker",
            ],
        },
        "siblings": ["template_process", "worker"],
    },
    {
        "id": "quit",
        "names": [],
        "article": "",
        "weight": 2.5,
        "answers": {
            "how": ["To leave the program, type /bye or press Ctrl-D or Ctrl-C."],
        },
        "asks": {
            "how": [
                "how do i leave",
                "how do i quit",
                "how can i exit this program",
                "how do i stop this program",
                "how do i close this",
                "how do i get out of here",
                "let me out",
                "what do i type to quit",
                "what is the command to leave",
                "i want to leave",
                "i want to quit now",
                "which key ends the program",
                "i am done, how do i close you",
                "how do i end this chat",
                "how to exit",
                "exit please",
                "which command ends llmproc",
                "how do i turn you off",
                "how do i shut you down",
                "is there an exit command",
                "i am stuck in here, help me get out",
                "get me back to my shell",
                "what does /bye do",
                "what does ctrl-d do here",
            ],
        },
        "siblings": ["help_command", "clear_command"],
    },
    {
        "id": "help_command",
        "names": [],
        "article": "",
        "weight": 1.5,
        "answers": {
            "how": ["To see the help, type /? and press Enter."],
        },
        "asks": {
            "how": [
                "how do i get help",
                "where is the help",
                "how can i see the help",
                "what does /? do",
                "is there a help page",
                "what is the help command",
                "how do i see what commands there are",
                "where can i look up the commands",
                "how do i ask for help in this program",
                "show help",
                "i do not know the commands, where are they listed",
                "is there a manual in this program",
                "which command shows the help",
            ],
        },
        "siblings": ["quit", "commands_list"],
    },
    {
        "id": "commands_list",
        "names": [],
        "article": "",
        "answers": {
            "what": ["The commands are /?, /bye, /clear, /set, /sched, /nice, /pin, /ps, /save, /load and /regen."],
        },
        "asks": {
            "what": [
                "what commands are there",
                "which commands do you know",
                "what commands can i use",
                "list the commands",
                "list all commands of llmproc",
                "which commands does this program have",
                "what slash commands exist",
                "tell me the commands",
                "what can i type besides questions",
                "what are the words that start with a slash",
                "give me a list of the commands",
                "what are all the slash things",
            ],
        },
        "siblings": ["help_command", "quit", "clear_command"],
    },
    {
        "id": "clear_command",
        "names": [],
        "article": "",
        "weight": 1.5,
        "answers": {
            "how": ["To forget the conversation and start again, type /clear."],
        },
        "asks": {
            "how": [
                "how do i start a new conversation",
                "how can i make you forget everything",
                "how do i clear the chat",
                "what does /clear do",
                "forget what i said",
                "which command deletes the conversation",
                "i want to start over",
                "how do i reset the conversation",
                "how do i wipe the chat",
                "how can i begin again from nothing",
                "can you forget our talk",
                "what is the command for a fresh start",
                "the chat is too long, how do i empty it",
            ],
        },
        "siblings": ["save_command", "memory_chat", "regen_command"],
    },
    {
        "id": "set_temperature",
        "names": [],
        "article": "",
        "answers": {
            "how": [
                "To change the temperature, type /set temperature and a number, for example /set temperature 0.7.",
            ],
        },
        "asks": {
            "how": [
                "how do i change the temperature here",
                "how can i make your answers more random",
                "how do i set the temperature",
                "which command changes the temperature",
                "how can i make you more creative",
                "how do i make you less random",
                "what does /set temperature do",
                "i want the same answer each time, what do i type",
                "how do i turn the randomness off",
                "can i change how random you are",
                "how do i set the temperature to 0",
                "what do i type to get wilder answers",
            ],
        },
        "siblings": ["temperature", "set_command", "seed"],
    },
    {
        "id": "set_command",
        "names": [],
        "article": "",
        "answers": {
            "what": ["/set changes a setting of the program, for example /set temperature 0.7."],
        },
        "asks": {
            "what": [
                "what does /set do",
                "what is the set command",
                "what can i change with /set",
                "which command changes a setting",
                "how do i change a setting",
                "how do i change the settings of llmproc",
                "where are the settings",
            ],
        },
        "siblings": ["set_temperature", "commands_list"],
    },
    {
        "id": "sched_command",
        "names": [],
        "article": "",
        "answers": {
            "how": ["To change the scheduling policy of the worker, type /sched and the name of a policy."],
        },
        "asks": {
            "how": [
                "how do i change the scheduling policy of llmproc",
                "what does /sched do",
                "which command changes the policy",
                "how can i run the worker with another policy",
                "how do i make the worker a batch task",
                "how can i try SCHED_IDLE in llmproc",
                "what is the sched command for",
                "how do i set SCHED_BATCH here",
                "can i change how the worker is scheduled",
                "how do i tell llmproc which scheduler policy to use",
            ],
        },
        "siblings": ["nice_command", "pin_command", "ps_command"],
    },
    {
        "id": "nice_command",
        "names": [],
        "article": "",
        "answers": {
            "how": ["To change the nice value of the worker, type /nice and a number."],
        },
        "asks": {
            "how": [
                "what does /nice do",
                "how do i change the nice value in llmproc",
                "how do i give the worker less cpu",
                "how can i lower the priority of the worker",
                "which command sets the nice value",
                "how do i make you nicer to other programs",
                "what is the nice command for",
                "how can i make llmproc step back for other programs",
                "can i change the priority of the worker",
            ],
        },
        "siblings": ["sched_command", "pin_command"],
    },
    {
        "id": "pin_command",
        "names": [],
        "article": "",
        "answers": {
            "how": ["To choose the cores on which the worker may run, type /pin and the core numbers."],
        },
        "asks": {
            "how": [
                "what does /pin do",
                "how do i pin the worker to a core",
                "how can i choose the cores of the worker",
                "which command sets the affinity",
                "how do i keep the worker on one core",
                "how do i bind the worker to core 2",
                "what is the pin command for",
                "can i choose on which core you run",
                "how do i set the affinity in llmproc",
                "how do i make you use only one core",
            ],
        },
        "siblings": ["sched_command", "nice_command", "ps_command"],
    },
    {
        "id": "ps_command",
        "names": [],
        "article": "",
        "answers": {
            "how": ["To see the processes of the program, type /ps."],
        },
        "asks": {
            "how": [
                "what does /ps do",
                "how do i list the processes of llmproc",
                "which command shows the processes of this program",
                "how can i see the workers",
                "how do i see the pids of llmproc",
                "what is the ps command in llmproc",
                "how do i see what processes you have",
                "show me your processes",
                "how can i look at your worker and its state",
                "which pid do you have",
                "what is your pid",
            ],
        },
        "siblings": ["sched_command", "log_file", "pin_command"],
    },
    {
        "id": "save_command",
        "names": [],
        "article": "",
        "answers": {
            "how": ["To save the conversation in a file, type /save and a file name."],
        },
        "asks": {
            "how": [
                "how do i save this conversation",
                "what does /save do",
                "can i keep our chat",
                "which command stores the chat",
                "how do i store what we said",
                "can i save the chat in a file",
                "i want to keep this talk for tomorrow",
                "how can i write the conversation to disk",
                "where can i save our talk",
                "what is the command for saving",
            ],
        },
        "siblings": ["load_command", "clear_command"],
    },
    {
        "id": "load_command",
        "names": [],
        "article": "",
        "answers": {
            "how": ["To bring back a saved conversation, type /load and the file name."],
        },
        "asks": {
            "how": [
                "how do i load a saved chat",
                "what does /load do",
                "how can i continue an old conversation",
                "which command reads a saved chat",
                "i saved a chat yesterday, how do i get it back",
                "how do i open a saved conversation",
                "can we go on with an older talk",
                "how do i restore a chat",
                "what is the opposite of /save",
                "what is the command for loading",
            ],
        },
        "siblings": ["save_command", "regen_command"],
    },
    {
        "id": "regen_command",
        "names": [],
        "article": "",
        "answers": {
            "how": ["To get another answer to your last question, type /regen."],
        },
        "asks": {
            "how": [
                "what does /regen do",
                "how do i get a different answer",
                "can you answer that again",
                "how do i ask for another try",
                "which command makes a new answer",
                "i do not like this answer, can i get another one",
                "how do i regenerate the answer",
                "how can i make you try again",
                "what is the command for a second try",
                "how do i repeat the last question",
                "redo the last answer, how",
            ],
        },
        "siblings": ["set_temperature", "clear_command"],
    },
    {
        "id": "log_file",
        "names": [],
        "article": "",
        "weight": 1.5,
        "answers": {
            "how": [
                (
                    "To keep the log in a file, start the program with 2>log.txt; the measurements are "
                    "written to stderr."
                ),
            ],
        },
        "asks": {
            "how": [
                "how do i save the log",
                "where does the log go",
                "how can i write the log into a file",
                "what does 2>log.txt do here",
                "how do i keep the measurements",
                "where are the measurements written",
                "the log is mixed with the chat, how do i separate them",
                "how do i get a log file from llmproc",
                "how do i store the numbers that fly by",
                "how do i hide the log lines",
                "what must i add to the command line to keep the log",
                "how do i record the cpu use in a file",
            ],
        },
        "siblings": ["avg_cpu", "plots", "run_folder"],
    },
    {
        "id": "avg_cpu",
        "names": [],
        "article": "",
        "weight": 1.5,
        "answers": {
            "how": ["To compute the average CPU use from a log, run tools/avg_cpu_use.py with the log file."],
        },
        "asks": {
            "how": [
                "how do i get the average cpu use",
                "which tool computes the average cpu",
                "how do i find out how busy the cpu was on average",
                "what does avg_cpu_use.py do",
                "i have a log, how do i get the mean cpu usage",
                "which script reads the log and gives the average",
                "how do i compute mean cpu from log.txt",
                "what is the average cpu script called",
                "where is the tool for the average cpu",
                "how do i measure the average cpu usage of llmproc",
            ],
        },
        "siblings": ["log_file", "plots"],
    },
    {
        "id": "plots",
        "names": [],
        "article": "",
        "answers": {
            "how": [
                (
                    "To draw plots from a log, use tools/plot_cpu.py for the CPU and tools/plot_timing.py"
                    " for the timing."
                ),
            ],
        },
        "asks": {
            "how": [
                "how do i make a plot",
                "how can i draw the measurements",
                "which tools draw plots",
                "can i see a graph of a run",
                "how do i plot the log",
                "how do i get pictures from the log",
                "is there a script for charts",
                "how do i make a chart from log.txt",
                "i want a diagram for my report",
                "which scripts make figures",
                "how do i visualise a run",
            ],
        },
        "siblings": ["plot_cpu", "plot_timing", "log_file"],
    },
    {
        "id": "plot_cpu",
        "names": [],
        "article": "",
        "answers": {
            "how": ["To plot the CPU use over time, run tools/plot_cpu.py with the log file."],
        },
        "asks": {
            "how": [
                "how do i plot the cpu use",
                "which tool draws the cpu curve",
                "what does plot_cpu.py do",
                "how do i see the cpu usage over time",
                "how can i get a graph of the cpu load",
                "which script shows a curve of the processor use",
                "where is the cpu plot script",
                "how do i draw how busy the worker was",
            ],
        },
        "siblings": ["plot_timing", "avg_cpu"],
    },
    {
        "id": "plot_timing",
        "names": [],
        "article": "",
        "answers": {
            "how": ["To plot how long the tokens took, run tools/plot_timing.py with the log file."],
        },
        "asks": {
            "how": [
                "how do i plot the timing",
                "which tool draws the time per token",
                "what does plot_timing.py do",
                "how can i see how long each token took",
                "how do i get a graph of the speed",
                "which script shows the timing",
                "where is the timing plot script",
                "how do i draw the token times",
            ],
        },
        "siblings": ["plot_cpu", "avg_cpu"],
    },
    {
        "id": "weights_file",
        "names": [],
        "article": "",
        "weight": 1.5,
        "answers": {
            "what": ["The weights of the model are in the file model/model.bin."],
        },
        "asks": {
            "what": [
                "where are the weights",
                "where is the model stored",
                "in which file is the model",
                "what is model.bin",
                "where is model/model.bin used for",
                "where do you keep your weights",
                "where is your brain stored",
                "in what file is your knowledge",
                "which file holds the parameters",
                "where can i find the model file",
                "what is in the folder model",
                "what is the largest file of this project for",
            ],
        },
        "siblings": ["which_model", "model_size"],
    },
    {
        "id": "which_model",
        "names": [],
        "article": "",
        "answers": {
            "what": ["The model is a small language model that was trained from scratch for this project."],
        },
        "asks": {
            "what": [
                "which model is this",
                "what model are you",
                "which model do you use",
                "are you gpt",
                "are you chatgpt",
                "are you llama",
                "what kind of model are you",
                "is this a llama model",
                "which language model is inside llmproc",
                "what model is running here",
                "are you a large language model",
                "is your model downloaded from somewhere",
                "are you a known model",
                "who is the model behind this chat",
                "are you claude",
                "are you siri",
            ],
        },
        "siblings": ["model_size", "weights_file", "training_data_program"],
    },
    {
        "id": "model_size",
        "names": [],
        "article": "",
        "answers": {
            "what": ["The model is tiny: it has a few million parameters."],
            "why": ["The model is tiny so that it answers quickly on any CPU and comes along with the program."],
        },
        "asks": {
            "what": [
                "how big is your model",
                "how many parameters do you have",
                "how large are you",
                "how many weights does the model have",
                "are you a big model",
                "what size is the model",
                "how small are you",
                "do you have billions of parameters",
                "how big are you",
                "is the model small",
                "how many numbers are in your brain",
            ],
            "why": [
                "why is the model so small",
                "why are you so small",
                "why not use a bigger model",
                "why did they not take a large model",
                "what is good about a small model",
                "why only a few million parameters",
            ],
        },
        "siblings": ["which_model", "weights_file"],
    },
    {
        "id": "training_data_program",
        "names": [],
        "article": "",
        "answers": {
            "what": [
                (
                    "The model was trained on simple English text written for this project, mostly about "
                    "operating systems."
                ),
            ],
        },
        "asks": {
            "what": [
                "what were you trained on",
                "which text did you learn from",
                "what data was the model trained with",
                "where does your knowledge come from",
                "how did you learn all this",
                "have you read the internet",
                "what did you read to learn",
                "on what was this model trained",
                "did you learn from books",
                "where did you learn english",
            ],
        },
        "siblings": ["which_model", "learn_chat"],
    },
    {
        "id": "english_only",
        "names": [],
        "article": "",
        "answers": {
            "what": ["I speak only English."],
        },
        "asks": {
            "what": [
                "which language do you speak",
                "what languages do you know",
                "can you speak german",
                "do you speak french",
                "sprechen sie deutsch",
                "parlez-vous francais",
                "can you talk in spanish",
                "do you understand other languages",
                "can i write in another language",
                "can you translate this",
                "habla espanol",
                "do you know chinese",
                "can you speak russian",
                "do you speak hungarian",
                "translate hello into french",
                "is english your only language",
                "can we talk in italian",
                "how do you say cat in german",
            ],
        },
        "siblings": ["which_model", "mistakes"],
    },
    {
        "id": "mistakes",
        "names": [],
        "article": "",
        "answers": {
            "what": ["I am a very small model, so I make mistakes; please check important answers."],
        },
        "asks": {
            "what": [
                "do you make mistakes",
                "can you be wrong",
                "are your answers always right",
                "can i trust you",
                "is everything you say true",
                "are you reliable",
                "how sure are you",
                "may i believe your answers",
                "do you ever get it wrong",
                "should i check what you say",
                "how correct are you",
                "do you lie",
                "can i use your answer in my exam",
                "that was wrong",
                "you are wrong",
                "that is not right",
                "that is false",
                "your answer is wrong",
                "i think you made an error",
                "no, that is incorrect",
                "are you sure",
                "really? are you sure about that",
            ],
        },
        "siblings": ["which_model", "hallucination"],
    },
    {
        "id": "learn_chat",
        "names": [],
        "article": "",
        "answers": {
            "what": ["I do not learn while we chat; my weights stay fixed."],
        },
        "asks": {
            "what": [
                "do you learn from me",
                "do you learn while we talk",
                "can i teach you something",
                "will you get smarter when i talk to you",
                "are you learning right now",
                "does chatting train you",
                "do you improve by talking",
                "can you learn new things",
                "if i tell you a fact will you remember it forever",
                "i want to teach you a word",
                "do you get better over time",
                "will you know this next week",
            ],
        },
        "siblings": ["memory_chat", "training_data_program"],
    },
    {
        "id": "memory_chat",
        "names": [],
        "article": "",
        "answers": {
            "what": ["I remember only this conversation, and nothing after you leave."],
        },
        "asks": {
            "what": [
                "do you remember me",
                "do you remember what we said yesterday",
                "will you remember me tomorrow",
                "how long do you remember things",
                "have we met before",
                "do you have a memory",
                "what do you remember",
                "can you recall our last chat",
                "do you forget me when i leave",
                "did we talk last week",
                "how much can you remember",
                "do you know me from before",
                "will you miss what i said",
            ],
        },
        "siblings": ["learn_chat", "clear_command"],
    },
    {
        "id": "no_internet",
        "names": [],
        "article": "",
        "answers": {
            "what": ["I have no access to the internet."],
        },
        "asks": {
            "what": [
                "can you go online",
                "do you have internet",
                "can you search the web",
                "can you google something for me",
                "look it up on the internet",
                "can you open a web page",
                "are you connected to the internet",
                "do you need a connection",
                "can i use you offline",
                "do you work without wifi",
                "browse the web for me",
                "can you check a website",
                "can you send an email",
                "can you download a file for me",
                "do you use the cloud",
            ],
        },
        "siblings": ["privacy_program", "memory_chat"],
    },
    {
        "id": "privacy_program",
        "names": [],
        "article": "",
        "answers": {
            "what": ["What you type stays on your computer; llmproc sends nothing to the internet."],
        },
        "asks": {
            "what": [
                "is my chat private",
                "who can read what i type",
                "do you send my words anywhere",
                "are you spying on me",
                "is this conversation secret",
                "where does my text go",
                "does llmproc send data to a server",
                "is my data safe",
                "do you tell others what i say",
                "can i tell you a secret",
                "can anybody see our chat",
            ],
        },
        "siblings": ["no_internet", "save_command"],
    },
    {
        "id": "run_folder",
        "names": ["run folder"],
        "plural": ["run folders"],
        "article": "a",
        "answers": {
            "what": [
                (
                    "A run folder is the folder in which llmproc keeps the files of one run, such as its "
                    "log and measurements."
                ),
            ],
        },
        "asks": {
            "what": [
                "where are the files of a run",
                "what is in the folder of a run",
                "which folder keeps the results of one run",
                "where does llmproc put its measurements",
                "what are these folders with the logs in them",
                "where do i find the files of my last run",
            ],
        },
        "siblings": ["log_file", "plots"],
    },
    {
        "id": "start_program",
        "names": [],
        "article": "",
        "answers": {
            "how": [
                (
                    "To start the program, open a terminal in the project folder and run llmproc; then "
                    "type your question."
                ),
            ],
        },
        "asks": {
            "how": [
                "how do i start this program",
                "how do i run llmproc",
                "how can i launch it",
                "what do i do to begin",
                "how do i start a chat",
                "how do i use this program",
                "how does one use llmproc",
                "how do i use this",
                "what should i type",
                "how do i begin",
                "i am new here, what do i do",
            ],
        },
        "siblings": ["quit", "llmproc"],
    },
    {
        "id": "interrupt_answer",
        "names": [],
        "article": "",
        "answers": {
            "how": ["To leave in the middle of an answer, press Ctrl-C."],
        },
        "asks": {
            "how": [
                "how do i interrupt you",
                "you talk too long, how do i stop you",
                "how can i cut an answer short",
                "how can i break off an answer",
                "what key stops you while you write",
                "how do i stop the answer",
            ],
        },
        "siblings": ["quit", "regen_command"],
    },
    {
        "id": "watch_cpu",
        "names": [],
        "article": "",
        "answers": {
            "how": ["To watch the CPU use of llmproc, look at its log on stderr or run top in another terminal."],
        },
        "asks": {
            "how": [
                "how do i see how much cpu you use",
                "how can i watch the cpu while you answer",
                "how busy is the cpu when you talk",
                "how do i see what the operating system sees",
                "how can i monitor the worker",
                "how much cpu do you need",
                "where do i see the cpu use of llmproc",
                "are you using a lot of cpu",
            ],
        },
        "siblings": ["ps_command", "avg_cpu", "log_file"],
    },
    {
        "id": "threads_program",
        "names": [],
        "article": "",
        "answers": {
            "what": ["The worker can use several threads, which share the work of each matrix multiplication."],
        },
        "asks": {
            "what": [
                "how many threads do you use",
                "does llmproc use threads",
                "is llmproc multi threaded",
                "do you use more than one core",
                "can you use all my cores",
                "does the worker run in parallel",
                "how do several threads share the work in llmproc",
                "do you have threads inside",
            ],
        },
        "siblings": ["worker", "run_cpu"],
    },
    {
        "id": "speed_program",
        "names": [],
        "article": "",
        "answers": {
            "what": ["The speed depends on your CPU; the log shows the tokens per second."],
        },
        "asks": {
            "what": [
                "how fast are you",
                "how quick is llmproc",
                "how many tokens per second do you make",
                "what speed do you have",
                "how fast can you write",
                "how do i see your speed",
                "why are you slow",
                "you are slow",
                "why does it take so long",
                "why is the answer so slow",
                "are you fast",
            ],
        },
        "siblings": ["run_cpu", "tokens_per_second", "threads_program"],
    },
    {
        "id": "license_program",
        "names": [],
        "article": "",
        "answers": {
            "what": ["llmproc is a course project whose source code you can read and change."],
        },
        "asks": {
            "what": [
                "can i see the source code",
                "is llmproc open source",
                "may i read your code",
                "where is the code of this program",
                "can i change this program",
                "is this program free",
                "do i have to pay for this",
                "does llmproc cost money",
                "can i look inside this program",
            ],
        },
        "siblings": ["author_program", "llmproc"],
    },
    {
        "id": "proc_program",
        "names": [],
        "article": "",
        "answers": {
            "what": ["llmproc reads /proc to learn how much CPU time and memory its processes use."],
        },
        "asks": {
            "what": [
                "where does llmproc get its numbers from",
                "how does this program know its cpu use",
                "why does llmproc read /proc",
                "how do you measure the cpu time",
                "where do the measurements come from",
                "what does llmproc read to see the cpu ticks",
            ],
        },
        "siblings": ["watch_cpu", "linux_only"],
    },
]

PAIRS: list[dict] = [
    {
        "a": "worker",
        "b": "main_process",
        "answers": ["The worker process does the inference; the main process runs the prompt loop and talks to you."],
        "asks": [
            "which one reads my text and which one computes",
            "worker or main, who does what",
            "how do the main process and the worker share the job",
            "two processes of llmproc, what is different",
            "is the worker the same as the main process",
        ],
    },
    {
        "a": "worker",
        "b": "template_process",
        "answers": ["The template process only forks workers; the worker process does the inference."],
        "asks": [
            "which one is forked, worker or template",
            "worker or template, who calculates",
            "how do template and worker belong together",
            "template vs worker",
        ],
    },
    {
        "a": "plot_cpu",
        "b": "plot_timing",
        "answers": [
            "tools/plot_cpu.py draws the CPU use over time; tools/plot_timing.py draws how long the tokens took.",
        ],
        "asks": [
            "two plot tools, how do they differ",
            "plot_cpu or plot_timing, which one do i need",
            "which plot script shows the speed",
            "are the two plot scripts the same",
        ],
    },
    {
        "a": "save_command",
        "b": "load_command",
        "answers": ["/save writes the conversation to a file; /load brings it back."],
        "asks": [
            "/save or /load, which is which",
            "how do /save and /load belong together",
            "difference between save and load in llmproc",
        ],
    },
    {
        "a": "clear_command",
        "b": "regen_command",
        "answers": ["/clear forgets the whole conversation; /regen only makes a new answer to the last question."],
        "asks": [
            "/clear or /regen, what is the difference",
            "does /regen delete the chat",
            "difference between clear and regen",
        ],
    },
    {
        "a": "sched_command",
        "b": "nice_command",
        "answers": ["/sched changes the scheduling policy of the worker; /nice changes its nice value."],
        "asks": [
            "/sched or /nice, which one do i use",
            "is /nice the same as /sched",
            "difference between the sched and nice commands",
            "policy or nice value, which command is for which",
        ],
    },
]

DIALOGUES: list[list[tuple[str, str]]] = [
    [
        ("who made you", "llmproc was made by the llmproc project."),
        ("and what is it written in?", "llmproc is written in Python, with Numba for the fast parts."),
        (
            "why not plain python",
            "Numba is used because plain Python is too slow for the many multiplications of a model.",
        ),
    ],
    [
        ("how do i save this chat", "To save the conversation in a file, type /save and a file name."),
        ("and how do i get it back later?", "To bring back a saved conversation, type /load and the file name."),
        ("thanks", "You are welcome."),
    ],
    [
        ("how do i leave this program?", "To leave the program, type /bye or press Ctrl-D or Ctrl-C."),
        ("ok bye", "Goodbye! Have a nice day."),
    ],
    [
        (
            "how do i get a log file",
            "To keep the log in a file, start the program with 2>log.txt; the measurements are written to stderr.",
        ),
        (
            "and the average cpu from it?",
            "To compute the average CPU use from a log, run tools/avg_cpu_use.py with the log file.",
        ),
        (
            "can i plot it too",
            "To draw plots from a log, use tools/plot_cpu.py for the CPU and tools/plot_timing.py for the timing.",
        ),
    ],
    [
        (
            "which process computes the answers",
            "A worker process is the process of llmproc that does the inference, that is, the heavy calculation.",
        ),
        ("who starts it?", "The template process of llmproc loads everything once and then forks the workers."),
        ("what if i kill it", "When a worker dies, the template process forks a new one and llmproc goes on."),
    ],
    [
        ("are you chatgpt?", "The model is a small language model that was trained from scratch for this project."),
        ("how big is it", "The model is tiny: it has a few million parameters."),
        (
            "why so small?",
            "The model is tiny so that it answers quickly on any CPU and comes along with the program.",
        ),
    ],
    [
        (
            "what is this program",
            (
                "llmproc is a program that runs language models on the CPU and shows what the operating "
                "system sees while they run."
            ),
        ),
        ("does it need a graphics card?", "llmproc runs on the CPU only; it needs no graphics card."),
        ("and windows?", "llmproc runs on Linux, because it reads /proc and uses Linux scheduling."),
    ],
    [
        ("do you learn from what i say", "I do not learn while we chat; my weights stay fixed."),
        ("do you at least remember it?", "I remember only this conversation, and nothing after you leave."),
        ("how do i make you forget", "To forget the conversation and start again, type /clear."),
    ],
]
