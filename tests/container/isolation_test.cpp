// SPDX-License-Identifier: Apache-2.0
// What a program in a container can see and do.

#include "container/support.hpp"
#include "support/apart.hpp"
#include "support/host.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

/// With `grep`, which runs as the container's root without further ado.
std::string status_of(const Ground& ground, LaunchSpec spec) {
  (void)ground;
  spec.argv = {"cat", "/proc/self/status"};
  return output_of(std::move(spec));
}

constexpr const char* kDefaultCapabilities = "00000000800405fb";

}  // namespace

TEST_CASE("the program is process 1, alone, in a session of its own", "[container][isolation]") {
  const Ground ground;
  CHECK(output_of(ground.shell("echo $$; echo /proc/[0-9]*; cut -d ' ' -f 4,5,6 /proc/1/stat")) ==
        "1\n/proc/1\n0 1 1\n");
}

TEST_CASE("every namespace but the user's is another than the host's", "[container][isolation]") {
  const Ground ground;
  const std::string seen = output_of(ground.shell("cd /proc/self/ns; for n in *; do echo $n $(readlink $n); done"));
  for (const char* name : {"cgroup", "ipc", "mnt", "net", "pid", "uts"}) {
    const std::string host = fs::read_symlink(fs::path{"/proc/self/ns"} / name).string();
    INFO(host << " in\n" << seen);
    CHECK(seen.find(std::string{name} + " " + name + ":[") != std::string::npos);
    CHECK(seen.find(host) == std::string::npos);
  }
}

TEST_CASE("below its root there is nothing, not even for a program that may unmount it", "[container][isolation]") {
  const Ground ground;
  // a place in a mount namespace is found again by entering the namespace, which begins at what is on top then
  LaunchSpec spec = ground.program({"python3", "-c", R"(
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
namespace = os.open("/proc/self/ns/mnt", os.O_RDONLY)
print(libc.umount2(b"/", 2), libc.setns(namespace, 0x00020000))
print(sorted(os.listdir("/")), os.listdir("/directory"), open("/file").read() == "", sorted(os.listdir("/../..")))
try:
  os.mkdir("/made")
except OSError as error:
  print(errno.errorcode[error.errno])
)"});
  spec.add_capabilities = {"SYS_ADMIN", "SYS_CHROOT"};
  CHECK(output_of(std::move(spec)) == "0 0\n['directory', 'file'] [] True ['directory', 'file']\nEROFS\n");
}

TEST_CASE("only three descriptors are open in the program", "[container][isolation]") {
  const Ground ground;
  const int open_in_host = ::open("/etc/passwd", O_RDONLY);  // not close-on-exec, as a careless host has them
  CHECK(output_of(ground.program({"ls", "/proc/self/fd"})) == "0\n1\n2\n3\n");  // 3: the directory itself
  ::close(open_in_host);
}

// That this looks where it should is seen with the weakened build descriptors-closed-too-late, which marks what is open
// as close-on-exec instead of closing it: the kernel follows the paths below before it closes anything then.
TEST_CASE("P-15: what is open while a container is made leads its program nowhere", "[container][isolation][attack]") {
  // a careless host's own directories, which no launcher and no program of it is to inherit
  std::vector<int> numbers{100, 200, 900};
  const int root = ::open("/", O_RDONLY | O_DIRECTORY);
  for (const int number : numbers) REQUIRE(::dup2(root, number) == number);
  constexpr int kMostOpen = 64;
  for (int number = 3; number < kMostOpen; ++number) numbers.push_back(number);
  const Ground ground;
  fs::copy_file("/bin/true", ground.path("outside"));
  ground.directory().make("scripts");
  const Container container = Container::launch(ground.program({"sleep", "1000"}));
  for (const int number : numbers) {
    const std::string directory = "/proc/self/fd/" + std::to_string(number);
    const std::string path = directory + "/../../../../../../../../../.." + ground.path("outside").string();
    INFO(path);
    LaunchSpec spec = ground.program({path});
    spec.name = "box";  // with a record, whose directory is the launcher's to write to
    CHECK(code_of([&] { (void)Container::launch(std::move(spec)); }) == errc::program_missing);
    CHECK(code_of([&] { (void)outcome_of(container, {.argv = {path}}); }) == errc::program_missing);
    LaunchSpec inside = ground.program({"true"});
    inside.cwd = directory;
    CHECK(code_of([&] { (void)Container::launch(std::move(inside)); }) != std::error_code{});
    CHECK(code_of([&] { (void)outcome_of(container, {.argv = {"true"}, .cwd = directory}); }) != std::error_code{});
    const auto script = ground.directory().write("scripts/script", "#!" + path + "\n");
    fs::permissions(script, fs::perms{0755});
    CHECK(
        code_of([&] {
          (void)Container::launch(ground.program({"/scripts/script"}, {BindMount{ground.path("scripts"), "/scripts"}}));
        }) == errc::program_missing);
  }
}

TEST_CASE("the environment holds what is documented and nothing of the host", "[container][isolation]") {
  const Ground ground;
  ::setenv("DUNNAGE_TEST_SECRET", "host", 1);
  LaunchSpec spec = ground.program({"env"});
  spec.hostname = "box";
  CHECK(output_of(std::move(spec)) ==
        "HOME=/root\nHOSTNAME=box\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
  spec = ground.program({"env"});
  spec.env = {{"PATH", "/usr/bin:/bin"}, {"HOME", "/elsewhere"}, {"EMPTY", ""}, {"LINES", "a\nb"}, {"HOSTNAME", "h"}};
  CHECK(output_of(std::move(spec)) == "EMPTY=\nHOME=/elsewhere\nHOSTNAME=h\nLINES=a\nb\nPATH=/usr/bin:/bin\n");
  ::unsetenv("DUNNAGE_TEST_SECRET");
}

TEST_CASE("arguments arrive as they are", "[container][isolation]") {
  const Ground ground;
  const std::string large(100'000, 'x');
  CHECK(output_of(ground.program({"printf", "[%s]", "", "a b", "$HOME", "\"q\"", "\n", "\xff", large})) ==
        "[][a b][$HOME][\"q\"][\n][\xff][" + large + "]");
}

TEST_CASE("the host name is the one asked for, else the beginning of the id", "[container][isolation]") {
  const Ground ground;
  LaunchSpec spec = ground.shell("cat /proc/sys/kernel/hostname /etc/hostname; grep -c box /etc/hosts");
  spec.hostname = "box";
  CHECK(output_of(std::move(spec)) == "box\nbox\n2\n");
  Collector out;
  spec = ground.program({"cat", "/proc/sys/kernel/hostname"});
  spec.out = out.stdio();
  const Container container = Container::launch(std::move(spec));
  CHECK(container.wait().success());
  CHECK(out.wait_for("\n"));
  CHECK(out.text() == container.id().substr(0, 12) + "\n");
}

TEST_CASE("root of a container has Docker's capabilities less a few, and no more can be gained",
          "[container][isolation]") {
  const Ground ground;
  const std::string status = status_of(ground, ground.program({}));
  CHECK(field_of(status, "CapInh") == "0000000000000000");
  CHECK(field_of(status, "CapPrm") == kDefaultCapabilities);
  CHECK(field_of(status, "CapEff") == kDefaultCapabilities);
  CHECK(field_of(status, "CapBnd") == kDefaultCapabilities);
  CHECK(field_of(status, "CapAmb") == "0000000000000000");
  CHECK(field_of(status, "NoNewPrivs") == "1");
  CHECK(field_of(status, "Uid") == "0\t0\t0\t0");
  CHECK(field_of(status, "Gid") == "0\t0\t0\t0");
  CHECK(field_of(status, "SigBlk") == "0000000000000000");
  CHECK(field_of(status, "SigIgn") == "0000000000000000");
  CHECK(field_of(status, "Umask") == "0022");
}

TEST_CASE("capabilities can be added and dropped", "[container][isolation]") {
  const Ground ground;
  LaunchSpec spec = ground.program({});
  spec.add_capabilities = {"SYS_PTRACE"};
  spec.drop_capabilities = {"CAP_CHOWN", "kill"};
  std::string status = status_of(ground, std::move(spec));
  CHECK(field_of(status, "CapEff") == "00000000800c05da");
  CHECK(field_of(status, "CapBnd") == "00000000800c05da");
  spec = ground.program({});
  spec.drop_capabilities = {"ALL"};
  spec.no_new_privileges = false;
  status = status_of(ground, std::move(spec));
  CHECK(field_of(status, "CapEff") == "0000000000000000");
  CHECK(field_of(status, "CapBnd") == "0000000000000000");
  CHECK(field_of(status, "NoNewPrivs") == "0");
  spec = ground.program({});
  spec.drop_capabilities = {"ALL"};
  spec.add_capabilities = {"NET_BIND_SERVICE"};
  CHECK(field_of(status_of(ground, std::move(spec)), "CapEff") == "0000000000000400");
}

TEST_CASE("another user has no capability at all", "[container][isolation]") {
  const Ground ground{"1234:4321"};
  LaunchSpec spec = ground.program({});
  spec.user = "1234:4321";
  const std::string status = status_of(ground, std::move(spec));
  CHECK(field_of(status, "CapPrm") == "0000000000000000");
  CHECK(field_of(status, "CapEff") == "0000000000000000");
  CHECK(field_of(status, "Uid") == "1234\t1234\t1234\t1234");
  CHECK(field_of(status, "Gid") == "4321\t4321\t4321\t4321");
}

TEST_CASE("limits are set, not inherited", "[container][isolation]") {
  const Ground ground;
  const DoneApart host = do_apart([&] {  // with limits of its own, and a launcher that begins with them
    for (const auto& [resource, soft] : {std::pair{RLIMIT_CORE, 4096UL}, std::pair{RLIMIT_STACK, 4UL << 20U},
                                         std::pair{RLIMIT_NOFILE, 2000UL}, std::pair{RLIMIT_FSIZE, 1UL << 30U}}) {
      rlimit limit{};
      (void)::getrlimit(resource, &limit);
      limit.rlim_cur = std::min<rlim_t>(soft, limit.rlim_max);
      (void)::setrlimit(resource, &limit);
    }
    return output_of(ground.program({"cat", "/proc/self/limits", "/proc/self/oom_score_adj"}));
  });
  const auto limit = [&](const std::string& name) {
    for (const std::string& line : lines_of(host.words)) {
      if (line.starts_with(name)) {
        std::istringstream words{line.substr(26)};
        std::string soft;
        words >> soft;
        return soft;
      }
    }
    return std::string{"none"};
  };
  CHECK(limit("Max core file size") == "0");
  CHECK(limit("Max open files") == "1024");
  CHECK(limit("Max stack size") == "8388608");
  CHECK(limit("Max file size") == "unlimited");
  CHECK(limit("Max nice priority") == "0");
  CHECK(limit("Max realtime priority") == "0");
  CHECK(host.words.ends_with("\n0\n"));
}

TEST_CASE("what tells or changes too much of the machine is hidden or read-only", "[container][isolation]") {
  const Ground ground;
  const Outcome outcome = outcome_of(ground.shell(
      "for f in kcore keys timer_list interrupts latency_stats sched_debug; do "
      "  test -e /proc/$f && wc -c < /proc/$f; done | sort -u; "
      "for d in /proc/acpi /proc/scsi /proc/asound /sys/firmware /sys/devices/virtual/powercap; do "
      "  test -d $d && ls -A $d; done; "
      "for f in /proc/sysrq-trigger /proc/sys/kernel/hostname /proc/sys/vm/drop_caches /sys/kernel/uevent_helper; do "
      "  test -e $f && { echo x > $f; } 2>/dev/null && echo wrote $f; done; "
      "mkdir /sys/fs/cgroup/mine 2>/dev/null && echo made a cgroup; mknod /tmp/disk b 8 0 2>/dev/null && echo node; "
      "exit 0"));
  CHECK(outcome.out == "0\n");
  CHECK(outcome.status.success());
}

TEST_CASE("a container may neither mount nor make a namespace nor set the clock", "[container][isolation]") {
  const Ground ground;
  const Outcome outcome = outcome_of(ground.shell(
      "mount -t tmpfs none /mnt 2>/dev/null && echo mounted; umount /proc/sys 2>/dev/null && echo unmounted; "
      "unshare -m true 2>/dev/null && echo unshared; date -s @0 >/dev/null 2>&1 && echo set; "
      "hostname other 2>/dev/null && echo named; exit 0"));
  CHECK(outcome.out.empty());
  CHECK(outcome.status.success());
}

TEST_CASE("/dev has its six devices, its links and its three file systems, and nothing else",
          "[container][isolation]") {
  const Ground ground;
  CHECK(output_of(ground.program({"ls", "/dev"})) ==
        "fd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n");
  CHECK(output_of(ground.shell("cd /dev; stat -c '%n %F %t:%T %a' null zero full random urandom tty; readlink ptmx fd; "
                               "echo x > /dev/null; head -c 3 /dev/zero | wc -c; head -c 5 /dev/urandom | wc -c; "
                               "echo x > /dev/shm/file && cat /dev/shm/file; stat -c %a /dev/shm")) ==
        "null character special file 1:3 666\nzero character special file 1:5 666\n"
        "full character special file 1:7 666\nrandom character special file 1:8 666\n"
        "urandom character special file 1:9 666\ntty character special file 5:0 666\n"
        "pts/ptmx\n/proc/self/fd\n3\n5\nx\n1777\n");
}

TEST_CASE("every user may use the devices and the shared memory", "[container][isolation]") {
  const Ground ground{"1000"};
  LaunchSpec spec = ground.shell(
      "echo x > /dev/null; head -c 1 /dev/zero | wc -c; echo y > /dev/shm/f; cat /dev/shm/f; "
      "echo z > /tmp/f; cat /tmp/f; echo err > /dev/stderr");
  spec.user = "1000";
  const Outcome outcome = outcome_of(std::move(spec));
  CHECK(outcome.out == "1\ny\nz\n");
  // A pipe that another user made cannot be opened by its name; writing to it works (see the test of streams).
  CHECK((outcome.status.success() || outcome.err.find("/dev/stderr") != std::string::npos));
}

TEST_CASE("a private network is a loopback device that is up", "[container][isolation]") {
  if (!requires_program("perl")) return;
  const Ground ground;
  CHECK(
      output_of(ground.shell("tail -n +3 /proc/net/dev | cut -d : -f 1 | tr -d ' '; cat /sys/class/net/lo/operstate | "
                             "wc -l; ls /sys/class/net")) == "lo\n1\nlo\n");
  CHECK(output_of(ground.program(
            {"perl", "-MIO::Socket::INET", "-e",
             "$s=IO::Socket::INET->new(Listen=>1,LocalAddr=>'127.0.0.1') or die; if(!fork){"
             "$c=IO::Socket::INET->new(PeerAddr=>'127.0.0.1',PeerPort=>$s->sockport) or die; print $c 'hello'; exit}"
             "print $s->accept->getline"})) == "hello");
}

TEST_CASE("the host's network is there when it is asked for", "[container][isolation]") {
  const Ground ground;
  LaunchSpec spec = ground.shell("readlink /proc/self/ns/net; tail -n +3 /proc/net/dev | cut -d : -f 1 | tr -d ' '");
  spec.network = Network::Host;
  std::string devices = fs::read_symlink("/proc/self/ns/net").string() + "\n";
  std::ifstream table{"/proc/net/dev"};
  int number = 0;
  for (std::string line; std::getline(table, line);) {
    if (++number <= 2) continue;
    const std::size_t begin = line.find_first_not_of(' ');
    devices += line.substr(begin, line.find(':') - begin) + "\n";
  }
  CHECK(output_of(std::move(spec)) == devices);
}

TEST_CASE("the working directory is made when it is missing, and entered", "[container][isolation]") {
  const Ground ground;
  LaunchSpec spec = ground.shell("pwd; ls -A");
  spec.cwd = "/srv/new/place";
  CHECK(output_of(std::move(spec)) == "/srv/new/place\n");
  spec = ground.shell("pwd; ls -A", {Tmpfs{"/data"}});
  spec.cwd = "/data/inner";
  CHECK(output_of(std::move(spec)) == "/data/inner\n");
}

TEST_CASE("nothing of the host is seen but /usr", "[container][isolation]") {
  const Ground ground;
  ground.directory().write("secret", "");
  CHECK(output_of(ground.shell("ls -A /home /root /srv /mnt /opt /run /tmp /var/lib /var/tmp")) ==
        "/home:\n\n/mnt:\n\n/opt:\n\n/root:\n\n/run:\n\n/srv:\n\n/tmp:\n\n/var/lib:\n\n/var/tmp:\n");
  CHECK(outcome_of(ground.program({"ls", ground.path("secret").string()})).status.exit_code() == 2);
  CHECK(outcome_of(ground.shell("touch /usr/file")).err == "touch: cannot touch '/usr/file': Read-only file system\n");
  CHECK(output_of(ground.shell("echo x > /etc/new; cat /etc/new; cut -d : -f 1 /etc/passwd | head -n 2")) ==
        "x\nroot\nnobody\n");
}

TEST_CASE("a launch changes nothing of the host process", "[container][isolation]") {
  run_first_thread();
  const auto threads = threads_of_this_process();
  const auto settled = [&] { return eventually([&] { return threads_of_this_process() == threads; }); };
  const Ground ground;
  const auto state = [] {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    std::ifstream status{"/proc/self/status"};
    std::string text{std::istreambuf_iterator<char>{status}, {}};
    std::string kept = std::to_string(mask) + fs::current_path().string();
    for (const char* name :
         {"Uid", "Gid", "Groups", "SigBlk", "SigIgn", "SigCgt", "CapEff", "CapBnd", "NoNewPrivs", "Threads"}) {
      kept += "\n" + field_of(text, name);
    }
    std::ifstream limits{"/proc/self/limits"};
    return kept + std::string{std::istreambuf_iterator<char>{limits}, {}};
  };
  (void)output_of(ground.program({"true"}));  // with the first thread the C library takes a signal for itself
  REQUIRE(settled());
  const std::string before = state();
  (void)output_of(ground.shell("true", {Tmpfs{"/data"}}));
  CHECK(settled());
  CHECK(state() == before);
}
