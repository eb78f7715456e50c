// SPDX-License-Identifier: Apache-2.0
// GLib's main loop, as GTK and many services have it.

#include "scenario.hpp"

#include <glib-unix.h>
#include <glib.h>
#include <sys/wait.h>

#include <functional>
#include <string>
#include <utility>

namespace {

using Action = std::function<bool()>;
using Ended = std::function<void(int)>;

template <typename T>
void destroy(gpointer data) {
  delete static_cast<T*>(data);
}

class GlibLoop : public event_loop::Loop {
 public:
  GlibLoop() : loop_{g_main_loop_new(nullptr, FALSE)} {}
  ~GlibLoop() override { g_main_loop_unref(loop_); }

  void watch(int fd, Action action) override {
    const auto call = [](gint, GIOCondition, gpointer data) -> gboolean {
      return (*static_cast<Action*>(data))() ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
    };
    g_unix_fd_add_full(G_PRIORITY_DEFAULT, fd, static_cast<GIOCondition>(G_IO_IN | G_IO_HUP), call,
                       new Action{std::move(action)}, destroy<Action>);
  }

  void run_child(const std::string& script, Ended ended) override {
    std::string shell = "sh";
    std::string option = "-c";
    std::string words = script;
    gchar* argv[] = {shell.data(), option.data(), words.data(), nullptr};
    GPid child = 0;
    if (g_spawn_async(nullptr, argv, nullptr, static_cast<GSpawnFlags>(G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD),
                      nullptr, nullptr, &child, nullptr) == FALSE) {
      throw std::runtime_error{"g_spawn_async"};
    }
    const auto call = [](GPid pid, gint status, gpointer data) {
      g_spawn_close_pid(pid);
      (*static_cast<Ended*>(data))(WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    };
    g_child_watch_add_full(G_PRIORITY_DEFAULT, child, call, new Ended{std::move(ended)}, destroy<Ended>);
  }

  void run() override { g_main_loop_run(loop_); }
  void quit() override { g_main_loop_quit(loop_); }

 private:
  GMainLoop* loop_;
};

}  // namespace

int main() {
  GlibLoop loop;
  return event_loop::play(loop);
}
