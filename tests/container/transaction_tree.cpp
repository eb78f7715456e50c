// SPDX-License-Identifier: Apache-2.0
#include "container/transaction_support.hpp"

namespace dunnage::test {

const char* const kTransactionTree = R"py("""What the tests of transactions do inside of a container.

make TOP FILES SEED      a tree of so many files
change TOP CHANGES SEED  so many changes of it, made up at random
compare BEFORE AFTER     in what two trees differ, asked file by file: a line for each, sorted
show TOP                 the tree as text
"""

import errno
import hashlib
import os
import random
import shutil
import socket
import stat
import sys


def attempt(call, *arguments, **words):
    """What this user, or this file system, may not do is left out."""
    try:
        call(*arguments, **words)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EINVAL, errno.EOPNOTSUPP, errno.EXDEV, errno.ENOTEMPTY, errno.ENOENT,
                               errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOSPC, errno.ELOOP,
                               errno.ENXIO, errno.EADDRINUSE):  # of sockets: no writing, and a name that is taken
            raise


def write(path, text, mode="wb"):
    with open(path, mode) as file:
        file.write(text)


def names_below(top):
    found = []
    for directory, directories, files in os.walk(top):
        found += [os.path.relpath(os.path.join(directory, name), top) for name in directories + files]
    return sorted(found)


def set_capability(path):
    """cap_net_raw+ep, as setcap(8) writes it"""
    os.setxattr(path, "security.capability", bytes.fromhex("0100000200200000000000000000000000000000"), follow_symlinks=False)


def make(top, files, seed):
    chance = random.Random(seed)
    directories = [""]
    for number in range(max(3, files // 12)):
        path = os.path.join(chance.choice(directories[-20:]), "d%d" % number)
        os.mkdir(os.path.join(top, path))
        directories.append(path)
    made = []
    for number in range(files):
        path = os.path.join(top, chance.choice(directories), "f%d" % number)
        kind = chance.random()
        if kind < 0.05:
            os.symlink("d%d" % chance.randrange(9), path)
        elif kind < 0.07:
            os.mkfifo(path)
        elif kind < 0.14 and made:
            attempt(os.link, chance.choice(made), path, follow_symlinks=False)
        else:
            write(path, b"%d\n" % number * chance.randrange(40))
            made.append(path)
            if kind > 0.9:
                attempt(os.setxattr, path, "user.mark", b"%d" % number)
            if kind > 0.97:
                attempt(set_capability, path)
            if kind > 0.8:
                os.chmod(path, chance.choice([0o600, 0o755, 0o4711, 0o640]))
                attempt(os.chown, path, chance.randrange(3), chance.randrange(3))
    for path in directories[1:]:
        if chance.random() < 0.2:
            os.chmod(os.path.join(top, path), chance.choice([0o700, 0o1777, 0o2755]))


class Changes:
    def __init__(self, top, seed):
        self.top = top
        self.chance = random.Random(seed)
        self.number = 0

    def path(self, relative):
        return os.path.join(self.top, relative)

    def any(self, wanted=lambda mode: True):
        """A path of that kind; the whole tree is looked at once in a while only."""
        for _ in range(200):
            if not self.known:
                return None
            path = self.path(self.chance.choice(self.known))
            if os.path.lexists(path) and wanted(os.lstat(path).st_mode):
                return path
        return None

    def fresh(self):
        self.number += 1
        directory = self.any(stat.S_ISDIR) if self.chance.random() < 0.9 else None
        path = os.path.join(directory or self.top, "n%d" % self.number)
        self.known.append(os.path.relpath(path, self.top))
        return path

    def run(self, count):
        steps = [self.add, self.add_tree, self.modify, self.modify, self.same_size, self.mode, self.owner, self.attribute,
                 self.time, self.rename, self.rename, self.move_tree, self.remove, self.remove, self.remove_tree,
                 self.make_anew, self.link, self.through_link, self.symlink, self.special, self.to_directory,
                 self.to_file, self.replace, self.untouched, self.directory_mode, self.directory_attribute]
        self.known = names_below(self.top)
        for _ in range(count):
            attempt(self.chance.choice(steps))

    def add(self):
        write(self.fresh(), b"new %d" % self.number)

    def add_tree(self):
        top = self.fresh()
        os.makedirs(top + "/in/deep")
        write(top + "/in/deep/file", b"deep")
        write(top + "/file", b"")

    def modify(self):
        path = self.any(stat.S_ISREG)
        if path:
            write(path, b"changed", "ab")

    def same_size(self):
        path = self.any(stat.S_ISREG)
        if path and os.path.getsize(path):
            status = os.stat(path)
            write(path, b"#", "r+b")
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    def mode(self):
        path = self.any(stat.S_ISREG)
        if path:
            os.chmod(path, self.chance.choice([0o600, 0o666, 0o4755]))

    def owner(self):
        path = self.any()
        if path:
            os.chown(path, self.chance.randrange(4), self.chance.randrange(4), follow_symlinks=False)

    def attribute(self):
        path = self.any(stat.S_ISREG)
        if path and self.chance.random() < 0.5 and os.listxattr(path):
            os.removexattr(path, os.listxattr(path)[0])
        elif path:
            os.setxattr(path, "user.other", b"%d" % self.chance.randrange(5))

    def time(self):
        path = self.any(lambda mode: stat.S_ISREG(mode) or stat.S_ISLNK(mode))
        if path:
            os.utime(path, ns=(1, 1_000_000_007 * self.chance.randrange(9)), follow_symlinks=False)

    def rename(self):
        path = self.any(lambda mode: not stat.S_ISDIR(mode))
        if path:
            os.rename(path, self.fresh())

    def replace(self):
        one, other = self.any(stat.S_ISREG), self.any(stat.S_ISREG)
        if one and other:
            os.rename(one, other)

    def move_tree(self):
        path = self.any(stat.S_ISDIR)
        target = self.fresh()
        if path and not (target + "/").startswith(path + "/") and len(names_below(path)) < 30:
            try:
                os.rename(path, target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                shutil.copytree(path, target, symlinks=True, copy_function=self.copy)
                shutil.rmtree(path)

    @staticmethod
    def copy(source, target):
        if stat.S_ISREG(os.lstat(source).st_mode):
            shutil.copy2(source, target)

    def remove(self):
        path = self.any(lambda mode: not stat.S_ISDIR(mode))
        if path:
            os.unlink(path)

    def remove_tree(self):
        path = self.any(stat.S_ISDIR)
        if path and len(names_below(path)) < 20:
            shutil.rmtree(path)

    def make_anew(self):
        """Which makes it opaque."""
        path = self.any(stat.S_ISDIR)
        if path and len(names_below(path)) < 40:
            names = [name for name in os.listdir(path)]
            shutil.rmtree(path)
            os.mkdir(path)
            write(path + "/new", b"in a new one")
            for name in names[:2]:
                write(path + "/" + name, b"again")
            if names:
                attempt(os.mkdir, path + "/" + names[-1])

    def link(self):
        path = self.any(stat.S_ISREG)
        if path:
            os.link(path, self.fresh())

    def through_link(self):
        path = self.any(lambda mode: stat.S_ISREG(mode))
        if path:
            other = self.fresh()
            os.link(path, other)
            write(other, b"by its other name", "ab")
            if self.chance.random() < 0.4:
                os.unlink(path)

    def symlink(self):
        os.symlink("../" * self.chance.randrange(3) + "etc", self.fresh())

    def special(self):
        path = self.fresh()
        if self.chance.random() < 0.5:
            os.mkfifo(path)
        elif len(path) < 100:
            with socket.socket(socket.AF_UNIX) as end:
                end.bind(path)

    def to_directory(self):
        path = self.any(lambda mode: not stat.S_ISDIR(mode))
        if path:
            os.unlink(path)
            os.mkdir(path)
            write(path + "/inside", b"of what was a file")

    def to_file(self):
        path = self.any(stat.S_ISDIR)
        if path and len(names_below(path)) < 20:
            shutil.rmtree(path)
            write(path, b"was a directory")

    def untouched(self):
        path = self.any(stat.S_ISREG)
        if path:
            status = os.stat(path)
            os.chmod(path, 0o777)  # copied up, and as it was
            os.chmod(path, stat.S_IMODE(status.st_mode))

    def directory_mode(self):
        path = self.any(stat.S_ISDIR)
        if path:
            os.chmod(path, self.chance.choice([0o755, 0o700, 0o3777]))

    def directory_attribute(self):
        path = self.any(stat.S_ISDIR)
        if path:
            os.setxattr(path, "user.place", b"%d" % self.chance.randrange(3))


def attributes(path, mode):
    if stat.S_ISLNK(mode):
        return {}
    return {name: os.getxattr(path, name, follow_symlinks=False)
            for name in os.listxattr(path, follow_symlinks=False)
            if name.startswith("user.") or name.startswith("system.posix_acl") or name == "security.capability"}


def content(path, mode):
    if stat.S_ISREG(mode):
        with open(path, "rb") as file:
            return file.read()
    return os.readlink(path) if stat.S_ISLNK(mode) else b""


def look(top):
    """path: (status, attributes); inode: paths"""
    tree = {}
    names = {}
    for path in ["."] + names_below(top):
        status = os.lstat(os.path.join(top, path))
        tree[path] = (status, attributes(os.path.join(top, path), status.st_mode))
        if not stat.S_ISDIR(status.st_mode):
            names.setdefault((status.st_dev, status.st_ino), []).append(path)
    links = {path: tuple(sorted(paths)) for paths in names.values() if len(paths) > 1 for path in paths}
    return tree, links


def compare(before_top, after_top):
    before, links_before = look(before_top)
    after, links_after = look(after_top)
    for path in sorted(set(before) | set(after)):
        if path not in after or path not in before:
            yield path, "deleted" if path in before else "added", []
            continue
        (old, old_attributes), (new, new_attributes) = before[path], after[path]
        if stat.S_IFMT(old.st_mode) != stat.S_IFMT(new.st_mode):
            yield path, "replaced", []
            continue
        what = []
        here, there = (os.path.join(top, path) for top in (before_top, after_top))
        if content(here, old.st_mode) != content(there, new.st_mode):
            what.append("target" if stat.S_ISLNK(old.st_mode) else "content")
        if old.st_mode != new.st_mode:
            what.append("mode")
        if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
            what.append("owner")
        if old_attributes != new_attributes:
            what.append("attributes")
        if not stat.S_ISDIR(old.st_mode) and old.st_mtime_ns != new.st_mtime_ns:
            what.append("time")
        if links_before.get(path) != links_after.get(path):
            what.append("links")
        if what:
            yield path, "modified" if what[0] in ("content", "target") else "metadata", what


def show(top):
    tree, links = look(top)
    for path, (status, own) in sorted(tree.items()):
        digest = hashlib.md5(str(content(os.path.join(top, path), status.st_mode)).encode()).hexdigest()
        time = 0 if stat.S_ISDIR(status.st_mode) else status.st_mtime_ns
        yield "%s %o %d:%d %d %s %s %s" % (path, status.st_mode, status.st_uid, status.st_gid, time, digest,
                                           sorted(own.items()), links.get(path, ()))


def main(words):
    os.umask(0o022)
    if words[0] == "make":
        make(words[1], int(words[2]), int(words[3]))
    elif words[0] == "change":
        Changes(words[1], int(words[3])).run(int(words[2]))
    elif words[0] == "compare":
        for path, kind, what in compare(words[1], words[2]):
            print(kind, path + "".join((": " if word == what[0] else ", ") + word for word in what))
    else:
        print("\n".join(show(words[1])))


main(sys.argv[1:])
)py";

}  // namespace dunnage::test
