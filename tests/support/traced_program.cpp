// SPDX-License-Identifier: Apache-2.0
#include "support/traced_program.hpp"

#include "support/requires.hpp"

#include <elf.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <map>
#include <new>
#include <set>
#include <system_error>

namespace dunnage::test {

namespace {

constexpr int kSystemCallStop = SIGTRAP | 0x80;
constexpr unsigned kPatienceSeconds = 60;  ///< without any system call

[[noreturn]] void fail(const char* call) { throw std::system_error{errno, std::generic_category(), call}; }

#if defined(__x86_64__)
// offsets of struct user_regs_struct, in which orig_rax is the number and rax the answer
void skip_call(pid_t process) {
  if (::ptrace(PTRACE_POKEUSER, process, offsetof(user_regs_struct, orig_rax), -1L) != 0) fail("ptrace");
}
void answer_call(pid_t process, int error) {
  if (::ptrace(PTRACE_POKEUSER, process, offsetof(user_regs_struct, rax), -static_cast<long>(error)) != 0) {
    fail("ptrace");
  }
}
#elif defined(__aarch64__)
void skip_call(pid_t process) {
  constexpr int kSystemCall = 0x404;  // NT_ARM_SYSTEM_CALL
  int none = -1;
  iovec part{&none, sizeof none};
  if (::ptrace(PTRACE_SETREGSET, process, kSystemCall, &part) != 0) fail("ptrace");
}
void answer_call(pid_t process, int error) {
  user_regs_struct registers{};
  iovec part{&registers, sizeof registers};
  if (::ptrace(PTRACE_GETREGSET, process, NT_PRSTATUS, &part) != 0) fail("ptrace");
  registers.regs[0] = static_cast<std::uint64_t>(-static_cast<std::int64_t>(error));
  if (::ptrace(PTRACE_SETREGSET, process, NT_PRSTATUS, &part) != 0) fail("ptrace");
}
#else
#error "say here how a system call is skipped, and how its answer is set"
#endif

/// What a process has executed; empty if it is gone.
std::string program_of(pid_t process) {
  std::array<char, 256> path{};
  const ssize_t size = ::readlink(("/proc/" + std::to_string(process) + "/exe").c_str(), path.data(), path.size());
  return {path.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

/// False for reading and writing what is no file: only files run out of space, or are on a disk that breaks.
bool is_of_disk(pid_t process, long call, std::uint64_t descriptor) {
  if (call != SYS_read && call != SYS_write && call != SYS_close) return true;
  const std::string link = "/proc/" + std::to_string(process) + "/fd/" + std::to_string(static_cast<int>(descriptor));
  char first = 0;
  return ::readlink(link.c_str(), &first, 1) == 1 && first == '/';
}

/// Memory that a forked copy shares.
class SharedAccount {
 public:
  SharedAccount() {
    void* memory = ::mmap(nullptr, sizeof(Account), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) fail("mmap");
    account_ = new (memory) Account{};
  }
  SharedAccount(const SharedAccount&) = delete;
  SharedAccount& operator=(const SharedAccount&) = delete;
  ~SharedAccount() { ::munmap(account_, sizeof(Account)); }
  [[nodiscard]] Account& get() const noexcept { return *account_; }

 private:
  Account* account_;
};

/// Has waitpid() return when nothing has happened for long.
class Alarm {
 public:
  Alarm() {
    struct sigaction ring {};
    ring.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &ring, &before_);
    ::alarm(kPatienceSeconds);
  }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  ~Alarm() {
    ::alarm(0);
    ::sigaction(SIGALRM, &before_, nullptr);
  }

 private:
  struct sigaction before_ {};
};

[[noreturn]] void run_traced(const std::function<void(Account&)>& work, Account& account) {
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(2);
  (void)::kill(::getpid(), SIGSTOP);
  int code = 0;
  try {
    work(account);
  } catch (const std::exception& error) {
    account.say(error.what());
    code = 1;
  }
  account.end();
  ::_exit(code);
}

class Tracer {
 public:
  Tracer(pid_t host, const Account& account, const CallFault& fault) : host_{host}, account_{account}, fault_{fault} {}

  TracedRun run();

 private:
  void begin();
  void take(pid_t process, int status);
  void at_call(pid_t process);
  /// Whether a call is one of those the fault is about. Notes it.
  bool is_of_maker(pid_t process, long call);
  void strike(pid_t process, long call);
  /// Notes which program a process that was born, or has executed one, runs.
  void look_at_program(pid_t process);
  /// Whether it is a thread of the first process.
  [[nodiscard]] bool is_of_host(pid_t process) const {
    return ::access(("/proc/" + std::to_string(host_) + "/task/" + std::to_string(process)).c_str(), F_OK) == 0;
  }
  void kill_all() const {
    for (const pid_t process : traced_) (void)::kill(process, SIGKILL);
  }
  void go_on(pid_t process, int signal) const {
    // it is gone if somebody has killed it
    const bool watched = !account_.ended() && !killed_;
    (void)::ptrace(watched ? PTRACE_SYSCALL : PTRACE_CONT, process, nullptr, static_cast<long>(signal));
  }

  pid_t host_;
  const Account& account_;
  CallFault fault_;
  std::set<pid_t> traced_;
  std::set<pid_t> programs_;      ///< of traced_, those that run neither the test nor the launcher program
  std::map<pid_t, int> answers_;  ///< to calls that have been skipped
  long failing_ = -1;             ///< the call that fails from now on
  std::size_t counted_ = 0;       ///< calls of those that fault_ is about
  bool killed_ = false;
  TracedRun result_;
};

void Tracer::begin() {
  int status = 0;
  if (::waitpid(host_, &status, 0) != host_ || !WIFSTOPPED(status)) {
    throw std::system_error{EPERM, std::generic_category(), "trace a child"};
  }
  const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                       PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
  if (::ptrace(PTRACE_SETOPTIONS, host_, nullptr, options) != 0) fail("ptrace");
  traced_.insert(host_);
  go_on(host_, 0);
}

TracedRun Tracer::run() {
  const Alarm alarm;
  begin();
  while (!traced_.empty()) {
    int status = 0;
    const pid_t process = ::waitpid(-1, &status, __WALL);
    if (process > 0) {
      take(process, status);
    } else if (errno != EINTR) {
      break;
    } else {
      result_.hung = true;
      killed_ = true;
      kill_all();
    }
  }
  result_.ended = account_.ended();
  result_.words = account_.words();
  return std::move(result_);
}

void Tracer::look_at_program(pid_t process) {
  static const std::string own = program_of(::getpid());
  const std::string program = program_of(process);
  if (program == own || program.starts_with("/memfd:dunnage-launcher")) {
    programs_.erase(process);
  } else {
    programs_.insert(process);
  }
}

void Tracer::take(pid_t process, int status) {
  if (!WIFSTOPPED(status)) {
    traced_.erase(process);
    programs_.erase(process);
    if (process == host_) result_.status = status;
    return;
  }
  const bool fresh = traced_.insert(process).second;
  if (fresh || status >> 16 == PTRACE_EVENT_EXEC) look_at_program(process);
  if (killed_ && fault_.kind == CallFault::Kind::KillAll) {
    (void)::kill(process, SIGKILL);  // it was being born
    return;
  }
  const int signal = WSTOPSIG(status);
  if (signal == kSystemCallStop) {
    at_call(process);
  } else if (status >> 16 != 0 || (fresh && signal == SIGSTOP)) {
    go_on(process, 0);  // it forks or executes; it has been born
  } else {
    go_on(process, signal);
  }
}

void Tracer::at_call(pid_t process) {
  __ptrace_syscall_info info{};
  if (::ptrace(PTRACE_GET_SYSCALL_INFO, process, sizeof info, &info) <= 0) {
    return go_on(process, 0);
  }
  if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
    if (const auto answer = answers_.find(process); answer != answers_.end()) {
      answer_call(process, answer->second);
      answers_.erase(answer);
    }
  } else if (info.op == PTRACE_SYSCALL_INFO_ENTRY && account_.begun() && !account_.ended() && !killed_) {
    ::alarm(kPatienceSeconds);
    const auto call = static_cast<long>(info.entry.nr);
    const bool counts = is_of_maker(process, call) &&
                        (fault_.call < 0 || (fault_.call == call && is_of_disk(process, call, info.entry.args[0])));
    const bool now = counts && counted_++ == fault_.at;
    if (fault_.kind != CallFault::Kind::None && (now || (counts && fault_.persists && call == failing_))) {
      strike(process, call);
    }
  } else if (fault_.kind != CallFault::Kind::Fail && fault_.kind != CallFault::Kind::None && account_.ended() &&
             !killed_) {
    result_.struck = true;  // the instant after the answer
    killed_ = true;
    kill_all();
  }
  go_on(process, 0);
}

bool Tracer::is_of_maker(pid_t process, long call) {
  const bool by_host = is_of_host(process);
  const bool by_launcher = !by_host && !programs_.contains(process);
  result_.calls.push_back(call);
  if (by_host) result_.calls_of_host.push_back(call);
  if (by_launcher) result_.calls_of_launcher.push_back(call);
  return fault_.maker == CallFault::Maker::Anybody || (fault_.maker == CallFault::Maker::Host ? by_host : by_launcher);
}

void Tracer::strike(pid_t process, long call) {
  result_.struck = true;
  switch (fault_.kind) {
    case CallFault::Kind::None:
      return;
    case CallFault::Kind::KillAll:
      killed_ = true;
      return kill_all();
    case CallFault::Kind::KillHost:
      killed_ = true;
      (void)::kill(host_, SIGKILL);
      return;
    case CallFault::Kind::KillMaker:
      (void)::kill(process, SIGKILL);
      return;
    case CallFault::Kind::Fail:
      failing_ = call;
      if (call != SYS_close) skip_call(process);
      answers_[process] = fault_.error;
      return;
  }
}

}  // namespace

void Account::say(std::string_view words) noexcept {
  const std::size_t length = std::min(words.size(), sizeof words_);
  std::memcpy(words_, words.data(), length);
  length_ = length;
}

std::string Account::words() const { return {words_, length_}; }

TracedRun trace(const std::function<void(Account&)>& work, const CallFault& fault) {
  const SharedAccount account;
  std::fflush(nullptr);
  const pid_t host = ::fork();
  if (host < 0) fail("fork");
  if (host == 0) run_traced(work, account.get());
  return Tracer{host, account.get(), fault}.run();
}

bool requires_tracing() {
  try {
    if (trace([](Account&) {}).status == 0) return true;
  } catch (const std::system_error&) {
    while (::waitpid(-1, nullptr, 0) > 0) continue;
  }
  skip("this process may not trace others here");
  return false;
}

}  // namespace dunnage::test
