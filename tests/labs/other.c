/* A correct program that is built differently: one file, fork without exec, signals instead of a second pipe, a loop that
   sleeps instead of a thread. Its "model" counts for WORK_MS of CPU time a turn, so its text is not that of --course. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t ready, dead, stop;
static void on_signal(int number) {
    if (number == SIGUSR1) ready = 1;
    if (number == SIGCHLD) dead = 1;
    if (number == SIGINT) stop = 1;
}

static double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void infer(int in, double work) {
    char line[4096];
    int position = 0, length = 0;
    for (;;) {
        length = 0;
        while (length < (int)sizeof line - 1) {
            if (read(in, line + length, 1) != 1) _exit(0);
            if (line[length++] == '\n') break;
        }
        double start = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
        for (int word = 0; word < 16; word++) {
            while (seconds(CLOCK_PROCESS_CPUTIME_ID) - start < work * (word + 1) / 16) {}
            printf("word%d ", word);
            fflush(stdout);
        }
        position += 256 + length;
        printf("\n[INFO] SEQ LEN: %d at %.4f tok/s\n", position, 256 / (seconds(CLOCK_MONOTONIC) - wall));
        fflush(stdout);
        kill(getppid(), SIGUSR1);
    }
}

struct usage { double when; long ticks; };
static struct usage log_line(pid_t pid, struct usage before, int print) {
    static const char *names[] = {"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "?", "SCHED_IDLE"};
    char path[64], text[2048], comm[64] = "", *field[64];
    struct usage now = {seconds(CLOCK_MONOTONIC), before.ticks};
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) return now;
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = 0;
    char *open = strchr(text, '('), *close = strrchr(text, ')');
    snprintf(comm, sizeof comm, "%.*s", (int)(close - open + 1), open);
    int count = 3;
    for (char *word = strtok(close + 2, " "); word; word = strtok(NULL, " ")) field[count++] = word;
    now.ticks = atol(field[14]) + atol(field[15]);
    double percent = (now.ticks - before.ticks) / ((now.when - before.when) * sysconf(_SC_CLK_TCK)) * 100;
    if (print)
        fprintf(stderr, "[pid] %d [tcomm] %s [state] %s [policy] %s [nice] %s [vsize] %s [task_cpu] %s [utime] %s"
                " [stime] %s [cpu%%] %.2f%%\n", pid, comm, field[3], names[atoi(field[41])], field[19], field[23],
                field[39], field[14], field[15], percent);
    return now;
}

int main(int count, char **words) {
    int nice_value = 0, policy = SCHED_OTHER, pipes[2], status;
    for (int i = 1; i + 1 < count; i++) {
        if (!strcmp(words[i], "--nice")) nice_value = atoi(words[i + 1]);
        if (!strcmp(words[i], "--policy")) policy = !strcmp(words[i + 1], "batch") ? SCHED_BATCH : SCHED_OTHER;
    }
    double work = getenv("WORK_MS") ? atof(getenv("WORK_MS")) / 1000 : 1.0;
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGCHLD, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    if (pipe(pipes)) return 1;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGINT, SIG_DFL);
        close(pipes[1]);
        infer(pipes[0], work);
    }
    close(pipes[0]);
    if (nice_value) setpriority(PRIO_PROCESS, child, nice_value);
    if (policy) sched_setscheduler(child, policy, &(struct sched_param){0});
    char line[4096];
    while (!stop && !dead) {
        printf(">>> ");
        fflush(stdout);
        ssize_t size = read(0, line, sizeof line);
        if (size <= 0) break;
        ready = 0;
        struct usage past = log_line(child, (struct usage){0, 0}, 0);
        if (write(pipes[1], line, size) != size) break;
        while (!ready && !dead && !stop) {
            double until = seconds(CLOCK_MONOTONIC) + 0.3;
            while (!ready && !dead && !stop && seconds(CLOCK_MONOTONIC) < until) usleep(3000);
            past = log_line(child, past, 1);
        }
    }
    if (stop) kill(child, SIGKILL);
    close(pipes[1]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (WIFSIGNALED(status)) printf("\nChild exited with %d (killed by a signal)\n", WTERMSIG(status));
    else printf("\nChild exited with %d\n", WEXITSTATUS(status));
    return 0;
}
