/*
 * A disk that fails, for tests: loaded in front of libc (LD_PRELOAD), it counts the calls that change what lies under one
 * folder, and lets one of them fail, or all from one on. `disk.py` compiles and drives it; nothing of it is in the product.
 *
 *   FAIL_UNDER  the folder, as an absolute path without links
 *   FAIL_LOG    a file outside of it, to which every call adds a line of fields with tabs between them: its number, its name,
 *               the file, what else has to be known of it, and `fails` or `works`
 *   FAIL_AT     the number of the call that fails, from 1; without it none does
 *   FAIL_ERRNO  EIO or ENOSPC
 *   FAIL_ON     if set, all later calls fail as well
 *   FAIL_SHORT  if set, a write that fails first writes half of what it was given, as a disk does that runs full
 *
 * What else has to be known is, of a write, where it begins and how long it is; of a truncation, the new length; of a link
 * or a rename, the name until now; of an open, `empty` if it empties the file. What the process says on its output is in the
 * log too, as a call `says` with number 0 that never fails: so the log tells what was on disk when it was said.
 *
 * The log is written line by line, so it also tells how far a process came that was killed. Every process counts its own
 * calls. A call that fails changes nothing; what a failed sync leaves in the cache of the kernel, a later read sees.
 *
 * For 64-bit Linux. Calls that libc makes within itself (stdio), an open that empties a file without making one, and pages
 * that are mapped are not seen.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *folder;
static size_t folder_length;
static long fail_at;
static int fail_errno;
static bool fail_on, fail_short;
static int log_file = -1;
static atomic_long calls;
/* The file whose last write was cut short: the next one fails. */
static _Thread_local int owing = -1;

static void refuse(const char *why)
{
    fprintf(stderr, "disk.c: %s\n", why);
    _exit(99);
}

__attribute__((constructor)) static void begin(void)
{
    const char *log = getenv("FAIL_LOG"), *at = getenv("FAIL_AT"), *number = getenv("FAIL_ERRNO");

    folder = getenv("FAIL_UNDER");
    if (!folder || folder[0] != '/' || !log)
        refuse("FAIL_UNDER and FAIL_LOG have to be set");
    folder_length = strlen(folder);
    log_file = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_file < 0)
        refuse("FAIL_LOG cannot be opened");
    fail_at = at ? atol(at) : 0;
    fail_on = getenv("FAIL_ON") != NULL;
    fail_short = getenv("FAIL_SHORT") != NULL;
    if (number && strcmp(number, "EIO") == 0)
        fail_errno = EIO;
    else if (number && strcmp(number, "ENOSPC") == 0)
        fail_errno = ENOSPC;
    else if (fail_at)
        refuse("FAIL_ERRNO has to be EIO or ENOSPC");
}

/* The name within the folder; none if the path leads elsewhere. */
static const char *within(const char *path)
{
    if (!folder || strncmp(path, folder, folder_length) != 0)
        return NULL;
    if (path[folder_length] == '\0')
        return ".";
    return path[folder_length] == '/' ? path + folder_length + 1 : NULL;
}

static const char *name_of_file(int file, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0)
        return NULL;
    path[length] = '\0';
    return within(path);
}

static const char *name_of_path(int directory, const char *given, char *path)
{
    char base[PATH_MAX];
    if (given[0] == '/') {
        snprintf(path, PATH_MAX, "%s", given);
        return within(path);
    }
    if (directory == AT_FDCWD) {
        if (!getcwd(base, sizeof base))
            return NULL;
    } else {
        name_of_file(directory, base);
    }
    if (snprintf(path, PATH_MAX, "%s/%s", base, given) >= PATH_MAX)
        return NULL;
    return within(path);
}

static void note(long nth, const char *call, const char *name, const char *more, bool fails)
{
    char line[2 * PATH_MAX + 64];
    const char *end = fails ? "fails" : "works";
    int length = snprintf(line, sizeof line, "%ld\t%s\t%s\t%s\t%s\n", nth, call, name, more, end);
    if (syscall(SYS_write, log_file, line, (size_t)length) != length)
        refuse("FAIL_LOG cannot be written");
}

/* Counts a call; true if it is to fail, with errno set. */
static bool fails(const char *call, const char *name, const char *more)
{
    int before = errno;
    long nth = atomic_fetch_add(&calls, 1) + 1;
    bool chosen = fail_at && (nth == fail_at || (fail_on && nth > fail_at));
    note(nth, call, name, more, chosen);
    errno = chosen ? fail_errno : before;
    return chosen;
}

static bool fails_at_file(const char *call, int file, const char *more)
{
    char path[PATH_MAX];
    int before = errno;
    const char *name = name_of_file(file, path);
    errno = before;
    return name && fails(call, name, more);
}

static bool fails_at_path(const char *call, int directory, const char *given, const char *more)
{
    char path[PATH_MAX];
    int before = errno;
    const char *name = name_of_path(directory, given, path);
    errno = before;
    return name && fails(call, name, more);
}

/* The same for a call that gives the file at one path the name of another. */
static bool fails_at_name(const char *call, int from_directory, const char *from, int directory, const char *given)
{
    char path[PATH_MAX];
    int before = errno;
    const char *until_now = name_of_path(from_directory, from, path);
    errno = before;
    return fails_at_path(call, directory, given, until_now ? until_now : "");
}

/* The same for a write, of which a part may come through: `length` is what is left of it. */
static bool fails_at_write(const char *call, int file, size_t *length, off_t at)
{
    char range[64];
    if (owing == file) {
        owing = -1;
        errno = fail_errno;
        return true;
    }
    snprintf(range, sizeof range, "%lld %zu", (long long)at, *length);
    if (!fails_at_file(call, file, range))
        return false;
    if (!fail_short || *length < 2)
        return true;
    *length /= 2;
    owing = file;
    return false;
}

/* Where the next write goes that does not say so itself. */
static off_t place_in(int file)
{
    int before = errno;
    off_t at = syscall(SYS_lseek, file, (off_t)0, (fcntl(file, F_GETFL) & O_APPEND) ? SEEK_END : SEEK_CUR);
    errno = before;
    return at;
}

/* What is said, a line of the log for each of its lines. */
static void note_said(const char *text, size_t length)
{
    char line[PATH_MAX];
    size_t filled = 0;
    for (size_t at = 0; at < length; at++) {
        if (text[at] != '\n' && filled < sizeof line - 1)
            line[filled++] = text[at] == '\t' ? ' ' : text[at];
        if (text[at] == '\n' || at == length - 1) {
            line[filled] = '\0';
            if (filled)
                note(0, "says", line, "", false);
            filled = 0;
        }
    }
}

ssize_t write(int file, const void *bytes, size_t length)
{
    if (file == STDOUT_FILENO && log_file >= 0)
        note_said(bytes, length);
    return fails_at_write("write", file, &length, place_in(file)) ? -1 : syscall(SYS_write, file, bytes, length);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at)
{
    return fails_at_write("pwrite", file, &length, at) ? -1 : syscall(SYS_pwrite64, file, bytes, length, at);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t at)
{
    return pwrite64(file, bytes, length, at);
}

ssize_t writev(int file, const struct iovec *parts, int count)
{
    size_t whole = 0;
    for (int part = 0; part < count; part++)
        whole += parts[part].iov_len;
    size_t length = whole;
    if (fails_at_write("writev", file, &length, place_in(file)))
        return -1;
    if (length < whole)
        return syscall(SYS_write, file, parts[0].iov_base, length < parts[0].iov_len ? length : parts[0].iov_len);
    return syscall(SYS_writev, file, parts, count);
}

int fsync(int file)
{
    return fails_at_file("fsync", file, "") ? -1 : (int)syscall(SYS_fsync, file);
}

int fdatasync(int file)
{
    return fails_at_file("fdatasync", file, "") ? -1 : (int)syscall(SYS_fdatasync, file);
}

int ftruncate64(int file, off64_t length)
{
    char size[32];
    snprintf(size, sizeof size, "%lld", (long long)length);
    return fails_at_file("ftruncate", file, size) ? -1 : (int)syscall(SYS_ftruncate, file, length);
}

int ftruncate(int file, off_t length)
{
    return ftruncate64(file, length);
}

int fallocate64(int file, int mode, off64_t at, off64_t length)
{
    char range[64];
    snprintf(range, sizeof range, "%lld %lld", (long long)at, (long long)length);
    return fails_at_file("fallocate", file, range) ? -1 : (int)syscall(SYS_fallocate, file, mode, at, length);
}

int fallocate(int file, int mode, off_t at, off_t length)
{
    return fallocate64(file, mode, at, length);
}

/* Gives the error back instead of setting it. */
int posix_fallocate64(int file, off64_t at, off64_t length)
{
    int before = errno;
    int result = fallocate64(file, 0, at, length) == 0 ? 0 : errno;
    errno = before;
    return result;
}

int posix_fallocate(int file, off_t at, off_t length)
{
    return posix_fallocate64(file, at, length);
}

int unlinkat(int directory, const char *path, int flags)
{
    return fails_at_path("unlink", directory, path, "") ? -1 : (int)syscall(SYS_unlinkat, directory, path, flags);
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned int flags)
{
    if (fails_at_name("rename", from_directory, from, to_directory, to))
        return -1;
    return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
}

int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
    return renameat2(from_directory, from, to_directory, to, 0);
}

int rename(const char *from, const char *to)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
    if (fails_at_name("link", from_directory, from, to_directory, to))
        return -1;
    return (int)syscall(SYS_linkat, from_directory, from, to_directory, to, flags);
}

int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int mkdirat(int directory, const char *path, mode_t mode)
{
    return fails_at_path("mkdir", directory, path, "") ? -1 : (int)syscall(SYS_mkdirat, directory, path, mode);
}

int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

/* Only an open that may make a file writes to the disk. */
static int opened(int directory, const char *path, int flags, mode_t mode)
{
    bool makes = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    if (makes && fails_at_path("open", directory, path, (flags & O_TRUNC) ? "empty" : ""))
        return -1;
    return (int)syscall(SYS_openat, directory, path, flags, makes ? mode : 0);
}

#define MODE_BEHIND(last)         \
    va_list rest;                 \
    va_start(rest, last);         \
    mode_t mode = va_arg(rest, mode_t); \
    va_end(rest)

int openat64(int directory, const char *path, int flags, ...)
{
    MODE_BEHIND(flags);
    return opened(directory, path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...)
{
    MODE_BEHIND(flags);
    return opened(directory, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_BEHIND(flags);
    return opened(AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    MODE_BEHIND(flags);
    return opened(AT_FDCWD, path, flags, mode);
}

int creat64(const char *path, mode_t mode)
{
    return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int creat(const char *path, mode_t mode)
{
    return creat64(path, mode);
}
