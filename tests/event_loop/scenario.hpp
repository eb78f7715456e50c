// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a loop has to manage in its one thread: output and ends of many containers, a further program, a log that is
/// followed, a stop that is asked for, and children of its own that nobody else may wait for.

#include <dunnage/dunnage.hpp>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace event_loop {

/// A loop as the scenario needs it.
class Loop {
 public:
  Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  virtual ~Loop() = default;
  /// Calls `action` when the descriptor can be read, until that returns false.
  virtual void watch(int fd, std::function<bool()> action) = 0;
  /// Runs `sh -c` with this and calls `ended` with its exit code.
  virtual void run_child(const std::string& script, std::function<void(int code)> ended) = 0;
  virtual void run() = 0;
  virtual void quit() = 0;
};

class Scenario {
 public:
  explicit Scenario(Loop& loop, const std::filesystem::path& store)
      : loop_{loop}, store_{dunnage::ContainerStore::open(store)} {}

  void play() {
    constexpr int kContainers = 16;
    for (int number = 0; number < kContainers; ++number) launch(number);
    for (int number = 0; number < kContainers; ++number) {
      begin();
      loop_.run_child("exit " + std::to_string(number), [this, number](int code) {
        require(code == number, "a child of the loop's own ended otherwise");
        end();
      });
    }
    run_further_program();
    follow_log();
    stop();
    loop_.run();
    require(open_ == 0, "the loop ended before everything had happened");
  }

 private:
  static void require(bool so, const char* what) {
    if (so) return;
    std::fprintf(stderr, "%s\n", what);
    std::_Exit(1);  // a loop written in C passes no exception on
  }

  void begin() { ++open_; }
  void end() {
    if (--open_ == 0) loop_.quit();
  }

  dunnage::Container& keep(dunnage::LaunchSpec spec) {
    spec.store = store_.root();
    containers_.push_back(std::make_unique<dunnage::Container>(dunnage::Container::launch(std::move(spec))));
    return *containers_.back();
  }

  void await_output(int fd, std::string expected) {
    begin();
    loop_.watch(fd, [this, fd, expected, text = std::string{}]() mutable {
      char buffer[64];
      const ssize_t size = ::read(fd, buffer, sizeof buffer);
      if (size > 0) text.append(buffer, static_cast<std::size_t>(size));
      if (size > 0) return true;
      require(text == expected, "the output is another one");
      end();
      return false;
    });
  }

  template <typename Program>
  void await_end(const Program& program, const dunnage::ExitStatus& expected) {
    begin();
    loop_.watch(program.exit_fd(), [this, &program, expected] {
      require(program.wait() == expected, "the end is another one");
      end();
      return false;
    });
  }

  void launch(int number) {
    const std::string word = std::to_string(number);
    const dunnage::Container& container =
        keep({.argv = {"sh", "-c", "echo " + word + "; exit " + word}, .out = dunnage::Stdio::pipe()});
    await_output(container.stdout_fd(), word + "\n");
    await_end(container, dunnage::ExitStatus::exited(number));
  }

  void run_further_program() {
    const dunnage::Container& container = keep({.argv = {"sleep", "1000"}});
    processes_.push_back(std::make_unique<dunnage::Process>(
        container.exec({.argv = {"sh", "-c", "echo further; exit 3"}, .out = dunnage::Stdio::pipe()})));
    await_output(processes_.back()->stdout_fd(), "further\n");
    await_end(*processes_.back(), dunnage::ExitStatus::exited(3));
  }

  void follow_log() {
    // It may end before its log is opened, so its record has to outlast it.
    (void)keep(
        {.argv = {"sh", "-c", "seq 1000"}, .out = dunnage::Stdio::log(), .name = "counter", .remove_on_exit = false});
    log_ = std::make_unique<dunnage::LogReader>(store_.read_log("counter", {.follow = true}));
    begin();
    const auto read_on = [this] {
      while (const auto entry = log_->next()) log_text_ += entry->data;
      if (!log_->ended()) return true;
      require(log_text_.size() == 3893 && log_text_.ends_with("\n1000\n"), "the log is another one");
      end();
      return false;
    };
    if (read_on()) loop_.watch(log_->fd(), read_on);
  }

  /// Its program says that it has been asked, and waits for its input to end.
  void stop() {
    const dunnage::Container& container = keep({.argv = {"sh", "-c",
                                                         "trap 'echo asked; exit 5' TERM; echo ready; "
                                                         "while :; do sleep 0.1; done"},
                                                .out = dunnage::Stdio::pipe()});
    begin();
    const int out = container.stdout_fd();
    loop_.watch(out, [this, &container, out] {
      char buffer[64];
      require(std::string_view{buffer, static_cast<std::size_t>(::read(out, buffer, sizeof buffer))} == "ready\n",
              "it is not ready");
      container.request_stop();
      await_output(out, "asked\n");
      end();
      return false;
    });
    await_end(container, dunnage::ExitStatus::exited(5));
  }

  Loop& loop_;
  dunnage::ContainerStore store_;
  int open_ = 0;
  std::vector<std::unique_ptr<dunnage::Container>> containers_;
  std::vector<std::unique_ptr<dunnage::Process>> processes_;
  std::unique_ptr<dunnage::LogReader> log_;
  std::string log_text_;
};

/// Plays it in a directory of its own. \return what main() does
inline int play(Loop& loop) {
  std::string directory = (std::filesystem::temp_directory_path() / "dunnage-loop-XXXXXX").string();
  try {
    if (::mkdtemp(directory.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
    Scenario{loop, std::filesystem::path{directory} / "store"}.play();
    std::filesystem::remove_all(directory);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

}  // namespace event_loop
