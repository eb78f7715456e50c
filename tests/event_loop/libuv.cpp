// SPDX-License-Identifier: Apache-2.0
// libuv's loop, as Node.js has it: it waits for children by SIGCHLD.

#include "scenario.hpp"

#include <uv.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace {

struct Watch {
  uv_poll_t handle{};
  std::function<bool()> action;
};

struct Child {
  uv_process_t handle{};
  std::function<void(int)> ended;
};

template <typename T>
void close_handle(T* owner) {
  uv_close(reinterpret_cast<uv_handle_t*>(&owner->handle),
           [](uv_handle_t* handle) { delete static_cast<T*>(handle->data); });
}

class LibuvLoop : public event_loop::Loop {
 public:
  LibuvLoop() { (void)uv_loop_init(&loop_); }
  ~LibuvLoop() override {
    (void)uv_run(&loop_, UV_RUN_DEFAULT);  // what is being closed
    (void)uv_loop_close(&loop_);
  }

  void watch(int fd, std::function<bool()> action) override {
    auto* watch = new Watch{{}, std::move(action)};
    watch->handle.data = watch;
    if (uv_poll_init(&loop_, &watch->handle, fd) != 0) throw std::runtime_error{"uv_poll_init"};
    start(watch);
  }

  static void start(Watch* watch) {
    (void)uv_poll_start(&watch->handle, UV_READABLE | UV_DISCONNECT, [](uv_poll_t* handle, int, int) {
      auto* called = static_cast<Watch*>(handle->data);
      (void)uv_poll_stop(handle);  // one descriptor has one handle, and the action may make the next
      if (called->action()) {
        start(called);
      } else {
        close_handle(called);
      }
    });
  }

  void run_child(const std::string& script, std::function<void(int)> ended) override {
    auto* child = new Child{{}, std::move(ended)};
    child->handle.data = child;
    std::string shell = "sh";
    std::string option = "-c";
    std::string words = script;
    char* argv[] = {shell.data(), option.data(), words.data(), nullptr};
    uv_process_options_t options{};
    options.file = "sh";
    options.args = argv;
    options.exit_cb = [](uv_process_t* handle, int64_t code, int signal) {
      auto* over = static_cast<Child*>(handle->data);
      over->ended(signal == 0 ? static_cast<int>(code) : -1);
      close_handle(over);
    };
    if (uv_spawn(&loop_, &child->handle, &options) != 0) throw std::runtime_error{"uv_spawn"};
  }

  void run() override { (void)uv_run(&loop_, UV_RUN_DEFAULT); }
  void quit() override { uv_stop(&loop_); }

 private:
  uv_loop_t loop_{};
};

}  // namespace

int main() {
  LibuvLoop loop;
  return event_loop::play(loop);
}
