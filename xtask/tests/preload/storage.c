// Stands between xtask and the C library: storage that fails at the call that STORAGE_FAILS_AT names, counted from 1.
// STORAGE_FAILS_BY says how: `kill` ends the process there, half of what it wrote written, as `kill -9` or a lost power
// line does; `full` lets nothing be written any more, from that call on. Programs that xtask starts are left alone.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

enum fate { WELL, KILLED, FULL, HALF };

// What becomes of the next call that changes what is stored.
static enum fate next(void) {
    static long calls;
    const char *at = getenv("STORAGE_FAILS_AT"), *by = getenv("STORAGE_FAILS_BY");
    if (!at || !by || strcmp(program_invocation_short_name, "xtask") != 0)
        return WELL;
    long call = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST), fails = atol(at);
    if (strcmp(by, "kill") == 0)
        return call == fails ? KILLED : WELL;
    return call < fails ? WELL : call == fails ? HALF : FULL;
}

// Calls that change nothing by half: 0 when they may be done.
static int refused(void) {
    switch (next()) {
    case WELL: return 0;
    case KILLED: raise(SIGKILL);
    default: errno = ENOSPC; return -1;
    }
}

// What frees space works on a full disk too.
static void not_killed(void) {
    if (next() == KILLED)
        raise(SIGKILL);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    struct stat about;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        return REAL(write)(fd, bytes, count);
    enum fate fate = next();
    if (fate == WELL)
        return REAL(write)(fd, bytes, count);
    ssize_t written = fate == FULL || count < 2 ? 0 : REAL(write)(fd, bytes, count / 2);
    if (fate == KILLED)
        raise(SIGKILL);
    if (written > 0)
        return written;
    errno = ENOSPC;
    return -1;
}

static int opened(const char *name, const char *path, int flags, mode_t mode) {
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, name);
    if ((flags & (O_CREAT | O_TRUNC)) && refused())
        return -1;
    return real(path, flags, mode);
}

#define OPEN(name)                                        \
    int name(const char *path, int flags, ...) {          \
        va_list rest;                                     \
        va_start(rest, flags);                            \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                     \
        return opened(#name, path, flags, mode);          \
    }
OPEN(open)
OPEN(open64)

int mkdir(const char *path, mode_t mode) { return refused() ? -1 : REAL(mkdir)(path, mode); }
int rename(const char *from, const char *to) { return refused() ? -1 : REAL(rename)(from, to); }
int fsync(int fd) { not_killed(); return REAL(fsync)(fd); }
int unlink(const char *path) { not_killed(); return REAL(unlink)(path); }
int unlinkat(int dir, const char *path, int flags) { not_killed(); return REAL(unlinkat)(dir, path, flags); }
