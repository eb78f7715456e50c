// SPDX-License-Identifier: Apache-2.0
#include "compose/paths.hpp"

#include "compose/files.hpp"
#include "spec/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace dunnage::compose {
namespace {

/// Git, HTTP and builders' own kinds of contexts are no paths.
bool is_remote(std::string_view text) {
  return text.find("://") != std::string_view::npos || text.starts_with("service:") ||
         text.starts_with("github.com/") || text.starts_with("git@");
}

class Resolver {
 public:
  Resolver(const Texts& texts, const std::string& directory, const std::string& home)
      : texts_{texts}, directory_{directory}, home_{home} {}

  void service(Value& service, const std::string& name) const {
    if (Value* const build = service.find("build")) {
      context(build->find("context"));
      if (Value* const contexts = build->find("additional_contexts"); contexts != nullptr && contexts->is_map()) {
        for (auto& [key, value] : contexts->map()) {
          context(&value);
        }
      }
    }
    container(service, {"services", name});
    each(service.find("pre_start"), [&](Value& hook, std::size_t index) {
      container(hook, {"services", name, "pre_start", fmt::format("[{}]", index)});
    });
    if (Value* const develop = service.find("develop")) {
      each(develop->find("watch"), [&](Value& watch, std::size_t) { plain(watch.find("path")); });
    }
  }

  void file(Value* value) const {
    if (value != nullptr && value->is_text() && !spec::is_windows_path(value->text())) {
      value->set(absolute_path(value->text(), directory_, home_));
    }
  }

  void volume(Value& volume) const {
    Value* const options = volume.find("driver_opts");
    if (options != nullptr && volume.text_of("driver") == "local" && options->text_of("o") == "bind") {
      file(options->find("device"));
    }
  }

 private:
  template <typename Action>
  static void each(Value* list, const Action& action) {
    if (list != nullptr && list->is_list()) {
      for (std::size_t index = 0; index < list->list().size(); ++index) {
        action(list->list()[index], index);
      }
    }
  }

  void container(Value& container, Path path) const {
    each(container.find("env_file"), [&](Value& file, std::size_t) { plain(file.find("path")); });
    each(container.find("label_file"), [&](Value& file, std::size_t) { plain(&file); });
    each(container.find("volumes"), [&](Value& volume, std::size_t index) {
      if (!volume.is_map() || volume.text_of("type") != "bind") {
        return;
      }
      Value* const source = volume.find("source");
      if (source == nullptr) {
        path.push_back(fmt::format("volumes[{}]", index));
        texts_.refuse(volume.mark, to_string(path), "a bind mount has no source", "add \"source: ./PATH\"");
      }
      file(source);
    });
  }

  void plain(Value* value) const {
    if (value != nullptr && value->is_text() && !value->text().empty()) {
      value->set(absolute_path(value->text(), directory_, home_));
    }
  }

  void context(Value* value) const {
    if (value != nullptr && value->is_text() && !is_remote(value->text())) {
      plain(value);
    }
  }

  const Texts& texts_;
  const std::string& directory_;
  const std::string& home_;
};

}  // namespace

void make_paths_absolute(const Texts& texts, Value& model, const std::string& directory, const std::string& home) {
  const Resolver resolver{texts, directory, home};
  const auto each = [&](std::string_view part, const auto& action) {
    if (Value* const found = model.find(part); found != nullptr && found->is_map()) {
      for (auto& [name, value] : found->map()) {
        action(value, name);
      }
    }
  };
  each("services", [&](Value& value, const std::string& name) { resolver.service(value, name); });
  each("configs", [&](Value& value, const std::string&) { resolver.file(value.find("file")); });
  each("secrets", [&](Value& value, const std::string&) { resolver.file(value.find("file")); });
  each("volumes", [&](Value& value, const std::string&) { resolver.volume(value); });
}

}  // namespace dunnage::compose
