"""What a power cut could take, by the writes of a program as disk.c saw them.

The kernel keeps what is written in memory until the file is synced, and a new name until its folder is. After a sync that
failed it takes the pages for written all the same, and the next sync says that all is well: only what is written once more,
and then synced, is on disk. The names in a folder are the file system's own record. It writes them again until it has them,
or writes nothing any more, so there a later sync does count.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePath

# What the kernel writes at once, in bytes.
PAGE = 4096
# How the name of a log of SQLite ends, behind that of its database.
LOG = "-wal"
# What stands for the length of a file among them.
LENGTH = (-1, -1)


@dataclass(frozen=True)
class Write:
    """A call that disk.c saw."""

    call: str
    file: str
    more: str
    failed: bool

    @classmethod
    def read(cls, line):
        _, call, file, more, end = line.split("\t")
        return cls(call, file, more, end == "fails")

    def __str__(self):
        return f"{self.call} {self.file}"


class File:
    """What is in a file, as far as the disk may not have it."""

    def __init__(self):
        # What was written and not synced, and of what a sync failed: each a page, and where in the file it begins there.
        self.pending, self.lost = set(), set()
        # Ranges that were to be written, as (begin, end), and were not.
        self.lacking = []
        # When it was written last, and when a sync confirmed something last, counted in calls.
        self.written_at = self.synced_at = 0
        self.empty = True

    @property
    def kept(self):
        return not (self.pending or self.lost or self.lacking)

    def write(self, begin, length, failed, now):
        end, self.written_at = begin + length, now
        pages = range(begin // PAGE, (end - 1) // PAGE + 1)
        # A page is written as a whole, with what is in it since before.
        again = {(page, since) for page, since in self.lost if page in pages}
        self.lost -= again
        self.pending |= again | {(page, max(begin, page * PAGE)) for page in pages}
        self.empty = False
        if failed:
            self.lacking.append((begin, end))
        else:
            self.lacking = [(first, last) for first, last in self.lacking if not begin <= first < last <= end]

    def cut(self, length, failed):
        if failed:
            self.lost.add(LENGTH)
            return
        self.forget(length)
        self.lost.discard(LENGTH)
        self.pending.add(LENGTH)
        self.empty = self.empty or length == 0

    def forget(self, end):
        """What comes from there on is of no use any more."""
        self.lost = {part for part in self.lost if part[1] < end}
        self.pending = {part for part in self.pending if part[1] < end}
        self.lacking = [(first, last) for first, last in self.lacking if first < end]

    def sync(self, failed, now):
        if failed:
            self.lost |= self.pending
        elif self.pending:
            self.synced_at = now
        self.pending = set()


class Power:
    """The files under a folder that was empty at the beginning."""

    def __init__(self):
        self.files = {}
        self.calls = 0
        # Databases whose log was given up before they were on disk.
        self.alone = set()
        self.folders = {"."}
        # In each folder the names that came or went since it was synced.
        self.unsynced = defaultdict(set)

    def saw(self, write):
        """Takes a call into account."""
        self.calls += 1
        match write.call:
            case "fsync" | "fdatasync" if write.file in self.folders:
                if not write.failed:
                    self.unsynced[write.file].clear()
            case "fsync" | "fdatasync":
                self.file(write.file).sync(write.failed, self.calls)
            case "write" | "pwrite" | "writev" | "fallocate":
                begin, length = map(int, write.more.split(" "))
                if begin == 0 and write.file.endswith(LOG):
                    self.begins_anew(write.file)
                self.file(write.file).write(begin, length, write.failed, self.calls)
            case "ftruncate":
                self.file(write.file).cut(int(write.more), write.failed)
            case "open" | "mkdir" | "link" | "rename" | "unlink":
                if not write.failed:
                    self.named(write)
            case other:
                raise ValueError(f"disk.c says `{other}`, of which nothing is known here")

    def named(self, write):
        """The same for a call that makes a name or takes one away."""
        before = self.files.get(write.file)
        match write.call:
            case "mkdir":
                self.folders.add(write.file)
            case "open":
                file = self.files.setdefault(write.file, before or File())
                if write.more == "empty":
                    file.cut(0, False)
                if before:
                    return
            case "link":
                self.files[write.file] = self.file(write.more)
            case "rename":
                self.files[write.file] = self.file(write.more)
                del self.files[write.more]
                self.unsynced[folder_of(write.more)].add(write.more)
            case "unlink":
                if write.file.endswith(LOG):
                    self.begins_anew(write.file)
                self.files.pop(write.file, None)
        self.unsynced[folder_of(write.file)].add(write.file)

    def file(self, name):
        return self.files.setdefault(name, File())

    def begins_anew(self, log):
        """What was in a log of SQLite is not read any more, so its database has to do without."""
        self.file(log).forget(0)
        database = log.removesuffix(LOG)
        if not self.file(database).kept:
            self.alone.add(database)

    def ends(self, log, end):
        """A log of SQLite was left. What is in it from there on is no whole batch, and will never be read."""
        file = self.file(log)
        file.forget(end)
        file.empty = end == 0

    def at_risk(self):
        """What the disk does not have for sure, in words."""
        files = {name: file for name, file in self.files.items() if self.is_needed(name, file)}
        for name, file in files.items():
            # What SQLite has not brought into a database yet, or not for sure, it takes from the log again.
            log = files.get(name + LOG) if name not in self.alone else None
            if not file.kept and not (log and log.kept):
                yield f"what is in {name}"
        for name in sorted({*files, *self.folders}):
            if name in self.unsynced[folder_of(name)]:
                yield f"the name {name}"
        # With a journal that comes back SQLite undoes what came after it.
        for name in sorted(set().union(*self.unsynced.values()) - files.keys()):
            if name.endswith("-journal"):
                yield f"that {name} is gone"

    def is_needed(self, name, file):
        """False of a lock, a file without a name, and a log that is empty or was brought into its database."""
        if name.endswith((".lock", "-shm", " (deleted)")):
            return False
        database = self.files.get(name.removesuffix(LOG))
        if not name.endswith(LOG) or not database:
            return True
        return not (file.empty or (database.kept and database.synced_at > file.written_at))


def folder_of(name):
    return str(PurePath(name).parent)
