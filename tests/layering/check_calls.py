#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks who gives the kernel a path.

    check_calls.py REPOSITORY                prints every call by path that no row of allowed_calls.py allows, and every
                                             row that nothing needs any more; fails if there is one
    check_calls.py --self-test REPOSITORY    checks the checker with a tree of wrong calls, and that each row counts

Nearly every escape from a container was a path that a privileged process looked up where somebody else could change
what it leads to. So who looks up what by a path is a table, with a reason for each row. Free of it are calls that act
on a descriptor itself (an empty path), and openat2 with a bound (RESOLVE_...).
"""

import re
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

sys.dont_write_bytecode = True  # it would lie among the sources
from allowed_calls import CALLS, PROC  # noqa: E402
from wrong_calls import MUST, RIGHT, WRONG  # noqa: E402

# Which arguments are paths. The text of a symbolic link is none: the kernel keeps it as it is.
PATHS = {
    "open": [0], "creat": [0], "openat": [1], "openat2": [1], "open_tree": [1], "move_mount": [1, 3], "mount": [0, 1],
    "mount_setattr": [1], "fspick": [1], "umount": [0], "umount2": [0], "pivot_root": [0, 1], "chdir": [0],
    "chroot": [0], "chmod": [0], "fchmodat": [1], "fchmodat2": [1], "chown": [0], "lchown": [0], "fchownat": [1],
    "mkdir": [0], "mkdirat": [1], "rename": [0, 1], "renameat": [1, 3], "renameat2": [1, 3], "unlink": [0],
    "unlinkat": [1], "rmdir": [0], "remove": [0], "symlink": [1], "symlinkat": [2], "link": [0, 1], "linkat": [1, 3],
    "mknod": [0], "mknodat": [1], "mkfifo": [0], "mkfifoat": [1], "stat": [0], "lstat": [0], "fstatat": [1],
    "newfstatat": [1], "statx": [1], "statfs": [0], "statvfs": [0], "access": [0], "eaccess": [0], "euidaccess": [0],
    "faccessat": [1], "faccessat2": [1], "readlink": [0], "readlinkat": [1], "opendir": [0], "scandir": [0],
    "nftw": [0], "glob": [0], "realpath": [0], "canonicalize_file_name": [0], "utime": [0], "utimes": [0],
    "utimensat": [1], "truncate": [0], "setxattr": [0], "lsetxattr": [0], "getxattr": [0], "lgetxattr": [0],
    "listxattr": [0], "llistxattr": [0], "removexattr": [0], "lremovexattr": [0], "inotify_add_watch": [1],
    "fanotify_mark": [4], "name_to_handle_at": [1], "open_by_handle_at": [], "quotactl": [1], "swapon": [0],
    "acct": [0], "mkstemp": [0], "mkostemp": [0], "mkdtemp": [0], "fopen": [0], "freopen": [0], "shm_open": [0],
    "system": [0], "popen": [0], "dlopen": [0], "execve": [0], "execveat": [1], "execv": [0], "execvp": [0],
    "execvpe": [0], "execl": [0], "execlp": [0], "posix_spawn": [1], "posix_spawnp": [1],
    "open_tree_attr": [1], "bind": [1], "connect": [1], "archive_read_open_filename": [1],
    "archive_write_open_filename": [1], "archive_read_disk_open": [1],
    "archive_write_disk_new": [], "archive_read_extract": [], "archive_read_extract2": [],
}
# Names that functions of this library have as well: without "::" they are calls of the system only where no function of
# that name is declared.
SHARED_NAMES = {"open", "mount", "remove", "rename", "link", "stat", "access", "system", "truncate", "unlink", "mkdir",
                "bind", "connect"}
# System calls that are known to take none. One that is in neither list is an error until somebody has looked.
WITHOUT_PATHS = set("""accept4 capget capset clock_gettime clone3 close close_range copy_file_range dup3 epoll_create1
    epoll_ctl epoll_pwait eventfd2 exit exit_group fchdir fchmod fchown fcntl fgetxattr flistxattr flock fremovexattr
    inotify_init1 inotify_rm_watch
    fsconfig fsetxattr fsmount fsopen fstat fstatfs fsync ftruncate futex getcwd getdents64 getegid geteuid getgid getpid
    getrandom getsockopt ioctl ioprio_set keyctl kill landlock_add_rule
    landlock_create_ruleset landlock_restrict_self listmount lseek memfd_create mmap mremap munmap madvise clone nanosleep personality pidfd_open
    pidfd_send_signal pipe2 ppoll prctl pread64 prlimit64 pwrite64 quotactl_fd read recvmsg rt_sigaction rt_sigprocmask
    sched_getaffinity sched_setaffinity sched_setattr sched_setscheduler seccomp sendmsg sendto set_mempolicy setfsgid
    setfsuid setgroups sethostname setitimer setns setpriority setresgid setresuid setsid shutdown signalfd4 socket socketpair statmount sync_file_range syncfs umask unshare wait4
    waitid write writev""".split())
# What hands a path on, and where: a path of its callers.
WRAPPERS = {
    "open_at": ("launcher", [1]), "make_directory_at": ("launcher", [1]), "attach_at": ("launcher", [2]),
    "make_file_at": ("launcher", [1]), "open_tree_at": ("", [1]), "open_tree_with_attributes": ("", [1]),
    "open_at2": ("", [1]), "open_in_time": ("", [1]), "open_served_in_time": ("", [1]), "read_host_file": ("", [0]),
}
BOUNDED = {"open_at2", "open_in_time", "open_served_in_time"}  # their last argument says how far a path may lead
BY_NUMBER = {"raw_syscall": "kernel/raw_syscall.hpp", "syscall": ""}
STREAMS = re.compile(r"\bstd::(?:basic_)?([io]?fstream|filebuf)\b")
NOT_ON_DISK = {"path", "filesystem_error", "perms", "file_type", "file_status", "copy_options"}

REMEDIES = {
    "system": "nothing here is run by a shell; see launcher/kept_program.hpp for programs of the machine",
    "popen": "nothing here is run by a shell; see launcher/kept_program.hpp for programs of the machine",
    "dlopen": "nothing is loaded at run time, least of all from an image",
    "mount": "make the mount detached, and attach it on the inode that was found: kernel/calls.hpp",
    "chdir": "the working directory is the host's; give descriptors",
    "chroot": "look up below a descriptor with openat2: kernel/open_beneath.hpp, kernel/calls.hpp",
    "realpath": "look up below a descriptor with openat2, then act on what was found",
    "open_at2": "bound it: RESOLVE_BENEATH in a store, RESOLVE_IN_ROOT in a root file system",
    "/proc": "procfs is for those few; what a descriptor holds is reached by kernel/descriptor_path.hpp",
}
REMEDY = "open below a descriptor with kernel/open_beneath.hpp or kernel::open_at2, and act on that descriptor; if " \
         "the path is the caller's own, or one name in a directory that nobody else writes to, add a row with the " \
         "reason to tests/layering/allowed_calls.py"


class Use(NamedTuple):
    file: str
    line: int
    call: str


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


TOKEN = re.compile(r'R"(\w*)\(.*?\)\1"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.DOTALL)


def without_comments(text):
    return TOKEN.sub(lambda match: blank(match) if match.group(0).startswith(("/", "R")) else match.group(0), text)


def without_strings(text):
    """Keeps the lines and an empty string, which is an empty path."""
    return TOKEN.sub(lambda match: match.group(0) if len(match.group(0)) == 2 else '"' + blank(match)[2:] + '"', text)


def arguments_of(text, begin):
    """The arguments of the call whose opening bracket is at `begin`."""
    depth, start, found = 0, begin + 1, []
    for position in range(begin, len(text)):
        if text[position] in "([{":
            depth += 1
        elif text[position] in ")]}":
            depth -= 1
        if (depth == 0 or (depth == 1 and text[position] == ",")) and position > begin:
            found.append(" ".join(text[start:position].split()))
            start = position + 1
        if depth == 0 and position > begin:
            break
    return found


def is_empty(argument):
    return re.fullmatch(r'(?:kernel::)?(?:as_argument\()?""\)?', argument) is not None


def name_of_use(call, paths, arguments):
    """None if the call acts on descriptors alone; ":cwd" tells a path that does not begin at one."""
    if paths and all(index < len(arguments) and is_empty(arguments[index]) for index in paths):
        return None
    by_cwd = any(index < len(arguments) and arguments[index] == "AT_FDCWD" for index in range(len(arguments)))
    return call + (":cwd" if by_cwd else "")


def declares(texts, name):
    declaration = re.compile(rf"[\w>&*\]]\s+{name}\s*\([^;{{}}]*\)\s*(?:const|noexcept|override|\s)*[{{;:]|"
                             rf"\bauto\s+{name}\s*=")
    no_call = re.compile(rf"\b(?:return|co_return|throw|else|case)\s+{name}\s*\(")
    return any(declaration.search(no_call.sub("", text)) for text in texts)


def calls_of_system(code, texts):
    for match in re.finditer(r"(?<![\w>:.])(::)?(\w+)\s*\(", code):
        qualified, name = match.group(1), match.group(2)
        if name not in PATHS:
            continue
        before = code[:match.start()].rstrip()
        if before.endswith(("->", ".")):
            continue
        if not qualified:
            declared = re.search(r"[\w>&*]$", before) and not re.search(r"\b(return|else|case|co_return)$", before)
            if declared or (name in SHARED_NAMES and declares(texts, name)):
                continue
        yield match.start(), name_of_use(name, PATHS[name], arguments_of(code, match.end() - 1))


def calls_by_number(file, code):
    for match in re.finditer(r"\b(raw_syscall|syscall)\s*\(", code):
        arguments = arguments_of(code, match.end() - 1)
        if file == BY_NUMBER[match.group(1)] or not arguments:
            continue
        numbers = re.findall(r"\b(?:__NR_|SYS_)(\w+)", arguments[0])
        if not numbers:
            yield match.start(), "a system call whose number is not written there"
        for name in numbers:
            if name in PATHS:
                yield match.start(), name_of_use(name, PATHS[name], arguments[1:])
            elif name not in WITHOUT_PATHS:
                yield match.start(), f"{name}, of which nobody has said whether it takes a path"


def wrapped_calls(file, code, bounds):
    for match in re.finditer(rf"\b({'|'.join(WRAPPERS)})\s*\(", code):
        name = match.group(1)
        folder, paths = WRAPPERS[name]
        arguments = arguments_of(code, match.end() - 1)
        defined = re.match(r"(?:int|const char\*)\s+\w+$", arguments[0]) if arguments else True
        if not file.startswith(folder) or defined:
            continue
        if name in BOUNDED:
            bound = arguments[3] if len(arguments) > 3 else ""
            if "RESOLVE_" in bound or any(word in bounds for word in re.findall(r"\w+", bound)):
                continue
        yield match.start(), name_of_use(name, paths, arguments)
    for match in re.finditer(r"\bDescriptorPath(?:\s+\w+)?\s*\{(?!\s*\n)", code):
        yield match.start(), "DescriptorPath"


def calls_of_libraries(code):
    names = {"std::filesystem", "boost::filesystem"} | set(
        re.findall(r"\bnamespace\s+(\w+)\s*=\s*(?:std|boost)::filesystem\s*;", code))
    for match in re.finditer(rf"\b({'|'.join(sorted(names))})::(\w+)\s*\(", code):
        if match.group(2) not in NOT_ON_DISK:
            yield match.start(), f"filesystem::{match.group(2)}"
    for match in re.finditer(r"\busing\s+(?:namespace\s+)?(?:std|boost)::filesystem(?:::(\w+))?", code):
        if match.group(1) not in NOT_ON_DISK:
            yield match.start(), "a using of filesystem, which hides whose function is called"
    for match in re.finditer(r"\bfind_executable\s*\(", code):
        yield match.start(), "find_executable"
    for match in STREAMS.finditer(code):
        yield match.start(), match.group(1)


def paths_of_proc(text):
    return ((match.start(), "/proc") for match in re.finditer(r'"/proc(?:/[^\s"]*)?"', text))


def sources(root):
    return sorted(file for file in root.rglob("*") if file.suffix in (".hpp", ".cpp", ".h", ".S") and file.is_file())


def uses_in(root):
    texts = {file: without_comments(file.read_text(encoding="utf-8")) for file in sources(root)}
    codes = {file: without_strings(text) for file, text in texts.items()}
    bounds = {"resolve", "resolve_of"}
    for code in codes.values():
        bounds |= set(re.findall(r"\b(k\w+)\s*=\s*[^;]*\bRESOLVE_(?!CACHED)", code))
    for file, code in codes.items():
        name = file.relative_to(root).as_posix()
        header = codes.get(file.with_suffix(".hpp"), "")
        found = [*calls_of_system(code, [code, header]), *calls_by_number(name, code),
                 *wrapped_calls(name, code, bounds), *calls_of_libraries(code), *paths_of_proc(texts[file])]
        yield from (Use(name, code.count("\n", 0, start) + 1, call) for start, call in sorted(found) if call)


def allowed(calls, proc):
    rows = {(file, call): why for file, names, why in calls for call in names.split()}
    rows.update({(file, "/proc"): why for file, why in proc})
    return rows


def check(uses, rows):
    needed = set()
    for use in uses:
        if (use.file, use.call) in rows:
            needed.add((use.file, use.call))
        else:
            yield f"src/{use.file}:{use.line}: {use.call}: {REMEDIES.get(use.call.split(':')[0], REMEDY)}"
    for file, call in sorted(set(rows) - needed):
        yield f"src/{file}: nothing there needs {call} any more: remove it from tests/layering/allowed_calls.py"


def uses_of(files):
    with tempfile.TemporaryDirectory() as name:
        for path, text in files.items():
            (Path(name) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(name) / path).write_text(text + "\n", encoding="utf-8")
        return list(uses_in(Path(name)))


def faults_of_finding():
    found = {(use.file, use.call) for use in uses_of({path: text for path, (text, _) in WRONG.items()})}
    yield from (f"not found: {call} in {path}" for path, (_, call) in WRONG.items() if (path, call) not in found)
    made = {f"plan/{name}_{kind}.cpp": text for name in MUST for kind, text in {
        "called": f"int f() {{ return ::{name}(1, path, 2, other, path); }}",
        "numbered": f"long f() {{ return raw_syscall(__NR_{name}, 1, path, 2, other, path); }}"}.items()}
    found = {(use.file, use.call) for use in uses_of(made)}
    yield from (f"not found: {name}, {kind}" for name in MUST for kind in ("called", "numbered")
                if (f"plan/{name}_{kind}.cpp", name) not in found)
    yield from (f"wrongly found: {use}" for use in uses_of(RIGHT))


def faults_of_table(root):
    """A table that is weaker or wider than what the sources need must be seen."""
    uses, rows = list(uses_in(root)), allowed(CALLS, PROC)
    for row in rows:
        if not any(f"src/{row[0]}:" in text and f": {row[1]}: " in text
                   for text in check(uses, {key: why for key, why in rows.items() if key != row})):
            yield f"the row of {row[0]} for {row[1]} makes no difference"
    if len(list(check(uses, {**rows, ("plan/resolve.cpp", "system"): "never"}))) != 1 + len(list(check(uses, rows))):
        yield "a row that nothing needs is not found"
    yield from (f"{file} has no reason" for file, _, why in CALLS if len(why.split()) < 2)


def self_test(root):
    faults = [*faults_of_finding(), *faults_of_table(root)]
    print("\n".join(faults) or "every wrong call is found, and every row counts")
    return 1 if faults else 0


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--self-test":
        return self_test(Path(arguments[1]) / "src")
    if len(arguments) == 1 and not arguments[0].startswith("-"):
        findings = list(check(uses_in(Path(arguments[0]) / "src"), allowed(CALLS, PROC)))
        print("\n".join(findings) or "every path has its reason")
        return 1 if findings else 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
