/* Loaded into a program with LD_PRELOAD. At the very end of `exit`, after every clean-up that the program and its
 * libraries asked for, it writes the names of the threads that are still at work into the file that DANCU_AT_EXIT
 * names, one a line, and then leaves them some time to go on with what was cleaned up.
 *
 * With DANCU_HOLD_MS, threads of connection pools are held up for so long in the middle of OpenSSL's work, at one of
 * its locks; until the end of `exit`, if that comes sooner. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define EXITING 0x4 /* PF_EXITING of the kernel: past everything of its own */
#define HELD_AT 10  /* locks of OpenSSL into a connection */

static volatile int ending;
static long hold_ms;

/* By the clock: on a busy machine a short sleep is a long one. */
static long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

static int still_at_work(FILE *out) {
    int found = 0;
    DIR *threads = opendir("/proc/self/task");
    struct dirent *thread;
    while (threads && (thread = readdir(threads))) {
        char path[300], line[1024];
        unsigned flags;
        FILE *stat;
        char *end, *name;
        if (thread->d_name[0] == '.' || atoi(thread->d_name) == getpid())
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/stat", thread->d_name);
        stat = fopen(path, "r");
        if (!stat)
            continue;
        end = fgets(line, sizeof line, stat) ? strrchr(line, ')') : NULL;
        fclose(stat);
        name = end ? strchr(line, '(') : NULL;
        if (!name || sscanf(end + 2, "%*c %*d %*d %*d %*d %*d %u", &flags) != 1 || (flags & EXITING))
            continue;
        *end = 0;
        found++;
        if (out)
            fprintf(out, "%s\n", name + 1);
    }
    if (threads)
        closedir(threads);
    return found;
}

/* r2d2's name for its threads, and this program's. */
static int is_of_a_pool(void) {
    char name[16] = {0};
    prctl(PR_GET_NAME, name, 0, 0, 0);
    return !strncmp(name, "r2d2-worker", 11) || !strncmp(name, "dancu-pool", 10);
}

/* In these programs only OpenSSL takes locks of this kind. */
int pthread_rwlock_rdlock(pthread_rwlock_t *lock) {
    static int (*take)(pthread_rwlock_t *);
    static __thread int taken;
    if (!take)
        take = (int (*)(pthread_rwlock_t *))dlsym(RTLD_NEXT, "pthread_rwlock_rdlock");
    if (hold_ms && ++taken == HELD_AT && is_of_a_pool())
        for (long until = now_ms() + hold_ms; now_ms() < until && !ending;)
            usleep(1000);
    return take(lock);
}

__attribute__((constructor)) static void at_start(void) {
    const char *hold = getenv("DANCU_HOLD_MS");
    hold_ms = hold ? atol(hold) : 0;
}

__attribute__((destructor)) static void at_exit(void) {
    const char *path = getenv("DANCU_AT_EXIT");
    char unfinished[4096];
    FILE *out;
    if (!path || snprintf(unfinished, sizeof unfinished, "%s.new", path) >= (int)sizeof unfinished)
        return;
    out = fopen(unfinished, "w");
    if (!out)
        return;
    still_at_work(out);
    fclose(out);
    rename(unfinished, path);
    ending = 1;
    for (long until = now_ms() + 2000; now_ms() < until && still_at_work(NULL);)
        usleep(5000);
}
