# SPDX-License-Identifier: Apache-2.0
"""What check_calls.py has to find, and what it has to let be: its self-test."""

# Not made from the names check_calls.py knows, so that none can be lost there without being missed here.
MUST = """open openat openat2 open_tree move_mount mount mount_setattr umount umount2 pivot_root chdir chroot chmod
    fchmodat chown lchown fchownat mkdir mkdirat rename renameat renameat2 unlink unlinkat rmdir symlink symlinkat link
    linkat mknod mknodat stat lstat fstatat statx access faccessat readlink readlinkat opendir realpath utimensat
    truncate setxattr getxattr removexattr system popen fopen dlopen execve execveat open_by_handle_at bind
    connect""".split()
WRONG = {
    "plan/unqualified.cpp": ("void f() { int fd = open(\"/etc\", 0); }", "open"),
    "plan/behind.cpp": ("int f() { return fstatat(3, name, &status, 0); }", "fstatat"),
    "plan/lines.cpp": ("void f() { (void)::\n  renameat2(\n a, name,\n b, other, 0); }", "renameat2"),
    "plan/half.cpp": ("void f() { raw_syscall(__NR_move_mount, fd, as_argument(\"\"), to, as_argument(name), 4); }",
                      "move_mount"),
    "plan/cwd.cpp": ("void f() { ::mkdirat(AT_FDCWD, name, 0); }", "mkdirat:cwd"),
    "plan/number.cpp": ("long f(long n) { return raw_syscall(n, 0); }",
                        "a system call whose number is not written there"),
    "plan/unknown.cpp": ("long f() { return raw_syscall(__NR_new_call, path); }",
                         "new_call, of which nobody has said whether it takes a path"),
    "plan/either.cpp": ("void f() { raw_syscall(a ? __NR_fsync : __NR_chroot, as_argument(name)); }", "chroot"),
    "plan/c_library.cpp": ("void f() { ::syscall(SYS_mount, a, b, c, 0, 0); }", "mount"),
    "plan/bound.cpp": ("void f() { kernel::open_at2(fd, path, O_PATH, 0); }", "open_at2"),
    "plan/cached.cpp": ("constexpr int kSome = RESOLVE_CACHED;\nvoid f() { kernel::open_at2(fd, path, 0, kSome); }",
                        "open_at2"),
    "launcher/wrapped.hpp": ("int f() { return open_at(fd, name, 0); }", "open_at"),
    "plan/held.cpp": ("void f() { kernel::DescriptorPath path{fd}; }", "DescriptorPath"),
    "plan/standard.cpp": ("void f() { std::filesystem::remove_all(path); }", "filesystem::remove_all"),
    "plan/alias.cpp": ("namespace fs = boost::filesystem;\nvoid f() { fs::exists(path); }", "filesystem::exists"),
    "plan/using.cpp": ("using namespace std::filesystem;",
                       "a using of filesystem, which hides whose function is called"),
    "plan/stream.cpp": ("void f() { std::ifstream file{path}; }", "ifstream"),
    "plan/archive.cpp": ("void f() { ::archive_write_disk_new(); }", "archive_write_disk_new"),
    "plan/proc.cpp": ('const char* path = "/proc/self/mem";', "/proc"),
    "plan/after.cpp": ('const char* text = "a // b"; int f() { return ::chdir(path); }', "chdir"),
}
RIGHT = {
    "plan/itself.cpp": 'void f() { ::statx(fd, "", AT_EMPTY_PATH, 0, &s); }',
    "plan/number.cpp": 'void f() { raw_syscall(__NR_fchownat, fd, kernel::as_argument(""), 1, 1, 0x1000); }',
    "plan/attach.cpp": 'void f() { raw_syscall(__NR_move_mount, a, as_argument(""), b, as_argument(""), 0x44); }',
    "plan/bounded.cpp": "constexpr int kIn = RESOLVE_IN_ROOT;\nvoid f() { open_at2(fd, path, O_PATH, kIn); }",
    "plan/member.cpp": "void f() { file.open(path); list->remove(name); Store::open(path); }",
    "plan/own.cpp": "struct S { void link(const char* name);\n void f() { link(name); } };",
    "plan/comment.cpp": "// ::open(path)\n/* system(x) */ const char* text = \"::open(path) and /proc\";",
    "plan/values.cpp": "std::filesystem::path f(const std::filesystem::path& p) { return p.parent_path(); }",
    "plan/other.cpp": "void f() { raw_syscall(__NR_close, fd); struct stat status {}; }",
}
