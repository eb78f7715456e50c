#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""P-80: prints what a container gives its program where nothing was asked for, a line "name: value" each, sorted.

probe.py NAMESPACE=LINK...   the namespaces of the host, as /proc/self/ns shows them there

Run by a shell that is process 1, which ignores no signal; Python does. The library's lines are root.txt and rootless.txt
beside this file; the engines' are compared with them by engines_test.py.
"""
import ctypes
import errno
import os
import platform
import resource
import socket
import stat
import sys

MASKED = ["/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
          "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap",
          "/sys/firmware", "/sys/fs/selinux"]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", "/sys", "/sys/fs/cgroup"]
PLACES = ["/", "/proc", "/sys", "/sys/fs/cgroup", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"]
SUPER_OPTIONS = ("size=", "mode=", "ptmxmode=", "gid=5")  # what else is shown depends on the kernel
LIMITS = {name[7:]: getattr(resource, name) for name in dir(resource)
          if name.startswith("RLIMIT_") and name != "RLIMIT_OFILE"}
LIMITS["LOCKS"] = 10  # which Python has no name for
IOPRIO_GET = {"x86_64": 252, "aarch64": 31}
# name: (number on x86_64, on aarch64, arguments)
CALLS = {"add_key": (248, 217, b"user", b"dunnage-probe", b"x", 1, -3), "bpf": (321, 280, 0, None, 0),
         "clone3": (435, 435, None, 0), "fsopen": (430, 430, b"tmpfs", 0), "io_uring_setup": (425, 425, 1, None),
         "keyctl": (250, 219, 0, -3, 0), "kexec_load": (246, 104, 0, 0, None, 0), "mount": (165, 40, None, b"/", None, 0x1000, None),
         "mount_setattr": (442, 442, -100, b"/", 0, None, 0), "move_mount": (429, 429, -100, b"/", -100, b"/", 0),
         "open_by_handle_at": (304, 265, -100, None, 0), "open_tree": (428, 428, -100, b"/", 1),
         "perf_event_open": (298, 241, None, 0, -1, -1, 0), "pivot_root": (155, 41, b"/", b"/"),
         "reboot": (169, 142, 0, 0, 0, None), "request_key": (249, 218, b"user", b"dunnage-probe", None, 0),
         "setns": (308, 268, -1, 0), "swapon": (167, 224, b"/", 0), "umount2": (166, 39, b"/", 2),
         "unshare a user namespace": (272, 97, 0x10000000), "userfaultfd": (323, 282, 0),
         "an unknown call": (1000, 1000)}
libc = ctypes.CDLL(None, use_errno=True)
lines = []


def say(name, value):
    lines.append(f"{name}: {value}")


def answer(result):
    return "allowed" if result >= 0 else errno.errorcode[ctypes.get_errno()]


def first_line(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().strip()
    except OSError as error:
        return errno.errorcode[error.errno]


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return {name: " ".join(value.split()) for name, _, value in (line.partition(":") for line in file)}


def identity():
    own = status_of("self")
    for name in ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp",
                 "Seccomp_filters", "Umask"):
        if name in own:  # Seccomp_filters: 5.9
            say(name, own[name])
    first = status_of(1)
    for name in ("SigBlk", "SigIgn"):
        say(name, first[name])
    say("securebits", libc.prctl(27, 0, 0, 0, 0))
    say("setgroups", first_line("/proc/self/setgroups"))
    for name in ("oom_score_adj", "personality", "coredump_filter", "timerslack_ns"):
        say(name, first_line(f"/proc/self/{name}"))
    say("scheduling", f"{os.sched_getscheduler(0)} nice {os.getpriority(os.PRIO_PROCESS, 0)}"
                      f" io {libc.syscall(IOPRIO_GET[platform.machine()], 1, 0)}")
    say("session", first_line("/proc/1/stat").rpartition(")")[2].split()[3])
    say("keys of others", "hidden" if not first_line("/proc/keys") else "seen")


def surroundings():
    for name, value in sorted(os.environ.items()):
        if name not in ("HOSTNAME", "PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"):  # a name, and what sh and Python add
            say(f"env {name}", value)
    say("cwd", os.getcwd())
    say("descriptors", " ".join(sorted(name for name in os.listdir("/proc/1/fd"))))
    kind = os.fstat(0)
    say("standard input", f"{os.major(kind.st_rdev)}:{os.minor(kind.st_rdev)}" if stat.S_ISCHR(kind.st_mode) else "other")
    say("interfaces", " ".join(sorted(name for _, name in socket.if_nameindex())))
    for name in ("net/ipv4/ping_group_range", "net/ipv4/ip_unprivileged_port_start"):
        say(name.replace("/", "."), " ".join(first_line("/proc/sys/" + name).split()))
    for argument in sys.argv[1:]:
        name, _, host = argument.partition("=")
        say(f"namespace {name}", "the host's" if os.readlink(f"/proc/self/ns/{name}") == host else "its own")
    pids = first_line("/sys/fs/cgroup/pids.max")
    say("pids limit", pids if pids.isdigit() else "none")


def mount_options(options):
    words = options.split(",")
    return ",".join(sorted(word for word in words if word not in ("relatime", "rw") and not word.startswith("idmapped")))


def mounts():
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        table = [line.split(" - ") for line in file]
    top = {}
    for left, right in table:
        fields = left.split()
        kind, _, options = right.split(maxsplit=2)
        top[fields[4]] = (kind, mount_options(fields[5]), options.strip(), fields[6:])
    for place in PLACES:
        kind, options, super_options, propagation = top.get(place, ("none", "", "", []))
        shown = [word for word in super_options.split(",") if word.startswith(SUPER_OPTIONS)]
        name = "mount " + place
        if place == "/":  # an engine's root is of the engine's kind, and writable
            kind, shown = "", []
        say(name, " ".join(word for word in [kind, options, ",".join(sorted(shown))] if word))
        say("propagation " + place, " ".join(word.partition(":")[0] for word in propagation) or "private")


def writable(path):
    """Whether the kernel would let it be written to: nothing is."""
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return False
    return os.access(path, os.W_OK)


def mask_of(path):
    if not os.path.lexists(path):
        return "absent"
    if os.path.isdir(path):
        return "seen" if os.listdir(path) else "hidden" + (", writable" if writable(path) else "")
    with open(path, "rb") as file:
        return "seen" if file.read(1) else "hidden" + (", writable" if writable(path) else "")


def protection():
    for path in MASKED:
        say("masked " + path, mask_of(path))
    processors = "/sys/devices/system/cpu"
    throttle = [f"{processors}/{name}/thermal_throttle" for name in os.listdir(processors)] if os.path.isdir(processors) else []
    states = {mask_of(path) for path in throttle} - {"absent"}
    say("masked /sys/devices/system/cpu/cpu*/thermal_throttle", " ".join(sorted(states)) or "absent")
    for path in READ_ONLY:
        say("read-only " + path, "absent" if not os.path.exists(path) else "no" if writable(path) else "yes")


def devices():
    for top, directories, files in os.walk("/dev"):
        for name in directories + files:
            path = os.path.join(top, name)
            status = os.lstat(path)
            mode = f"{stat.S_IMODE(status.st_mode):o}"
            if stat.S_ISLNK(status.st_mode):
                say("device " + path, "-> " + os.readlink(path))
            elif stat.S_ISDIR(status.st_mode):
                say("device " + path, "directory " + mode)
            else:
                kind = "c" if stat.S_ISCHR(status.st_mode) else "b" if stat.S_ISBLK(status.st_mode) else "file"
                say("device " + path, f"{kind} {os.major(status.st_rdev)}:{os.minor(status.st_rdev)} {mode}")
    for kind, name in ((stat.S_IFCHR, "character"), (stat.S_IFBLK, "block")):
        try:
            os.mknod("/dev/shm/node", kind | 0o600, os.makedev(1, 5))
            say(f"making a {name} device", "allowed")
            os.unlink("/dev/shm/node")
        except OSError as error:
            say(f"making a {name} device", errno.errorcode[error.errno])


def limits():
    for name, number in LIMITS.items():
        say("limit " + name, " ".join("unlimited" if value == resource.RLIM_INFINITY else str(value)
                                      for value in resource.getrlimit(number)))


def calls():
    column = {"x86_64": 0, "aarch64": 1}[platform.machine()]
    for name, (intel, arm, *arguments) in CALLS.items():
        say("call " + name, answer(libc.syscall((intel, arm)[column], *arguments)))
    for family, name in ((16, "NETLINK_AUDIT"), (38, "AF_ALG"), (40, "AF_VSOCK")):
        say("socket " + name, answer(libc.socket(family, 3 if family == 16 else 1, 9 if family == 16 else 0)))
    say("socket of raw packets", answer(libc.socket(2, 3, 1)))


for look in (identity, surroundings, mounts, protection, devices, limits, calls):
    look()
print("\n".join(sorted(lines)))
