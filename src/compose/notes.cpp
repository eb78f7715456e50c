// SPDX-License-Identifier: Apache-2.0
#include "compose/grants.hpp"

#include "compose/cast.hpp"
#include "compose/keys.hpp"
#include "compose/normal.hpp"
#include "error/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::compose {
namespace {

class Notes {
 public:
  Notes(const Texts& texts, std::vector<ProjectNote>& notes) : texts_{texts}, notes_{notes} {}

  void project(const Value& model) {
    for (const auto& [name, part] : model.map()) {
      const Key* const key = find_key(project_shape(), name);
      const Step step{path_, name};
      if (key == nullptr || !part.is_map()) {
        continue;
      }
      if (name == "networks") {
        networks(part);
      } else if (key->support == Support::Reported) {
        report(part, key->note);
      } else if (key->shape != nullptr) {
        for (const auto& [item, value] : part.map()) {
          const Step inner{path_, item};
          object(value, *key->shape);
          if (name == "secrets" || name == "configs") {
            file(value);
          } else if (name == "services") {
            service(value);
          }
        }
      }
    }
  }

 private:
  void add(ProjectNote::Kind kind, const Value& value, std::string text) {
    const Mark mark = value.key.file != 0 ? value.key : value.mark;
    notes_.push_back({kind, error::printable(to_string(path_)), texts_.place(mark), std::move(text)});
  }

  void report(const Value& value, std::string_view why) {
    add(ProjectNote::Kind::Unsupported, value, fmt::format("not supported: {}", why));
  }

  static bool is_nothing(const Value& value) {
    return value.is_null() || (value.is_bool() && !value.boolean()) || (value.is_list() && value.list().empty()) ||
           (value.is_map() && value.map().empty()) || (value.is_text() && value.text().empty());
  }

  void object(const Value& value, const Shape& shape) {
    if (!value.is_map()) {
      return;
    }
    for (const auto& [name, part] : value.map()) {
      const Key* const key = find_key(shape, name);
      if (key == nullptr || name == "networks") {
        continue;
      }
      const Step step{path_, name};
      if (key->support == Support::Reported && !is_nothing(part)) {
        report(part, key->note);
      } else if (key->support == Support::Partly && key->shape != nullptr) {
        object(part, *key->shape);
      }
    }
  }

  /// The one that is there without being named is the project's, and it is not there.
  void networks(const Value& networks) {
    for (const auto& [name, value] : networks.map()) {
      const Step step{path_, name};
      report(value, name == "default" ? "a container has no network but its own loopback device, or the host's; "
                                        "services do not reach one another by name"
                                      : "a container has no network but its own loopback device, or the host's");
    }
  }

  void service(const Value& service) {
    if (const Value* const networks = service.find("networks"); networks != nullptr && networks->is_map()) {
      for (const auto& [name, value] : networks->map()) {
        const Step step{path_, "networks"};
        const Step inner{path_, name};
        if (!value.is_null() && !is_nothing(value)) {
          report(value, "a network of the project is not there");
        }
      }
    }
    mode(service);
    pull(service);
    security(service);
    command(service);
    references(service);
  }

  void mode(const Value& service) {
    const std::string mode = service.text_of("network_mode");
    if (!mode.empty() && mode != "host" && mode != "none") {
      const Step step{path_, "network_mode"};
      report(*service.find("network_mode"), "a container has the host's network or none");
    }
  }

  void pull(const Value& service) {
    const std::string policy = service.text_of("pull_policy");
    if (!policy.empty() && policy != "always" && policy != "never" && policy != "missing") {
      const Step step{path_, "pull_policy"};
      report(*service.find("pull_policy"), "an image is pulled if it is missing, each time, or never");
    }
  }

  void security(const Value& service) {
    const Value* const options = service.find("security_opt");
    if (options == nullptr) {
      return;
    }
    for (std::size_t index = 0; index < options->list().size(); ++index) {
      const Value& option = options->list()[index];
      if (!option.text().starts_with("no-new-privileges")) {
        const Step step{path_, fmt::format("security_opt[{}]", index)};
        report(option, "no-new-privileges is the one option there is");
      }
    }
  }

  /// Docker Compose says nothing there.
  void command(const Value& service) {
    for (const char* const member : {"command", "entrypoint"}) {
      const Value* const value = service.find(member);
      if (value == nullptr || !value->is_text()) {
        continue;
      }
      const auto words = words_of(value->text());
      const Step step{path_, member};
      if (words && words->end < value->text().size()) {
        add(ProjectNote::Kind::Warning, *value,
            fmt::format("what follows from \"{}\" is left out, because no shell reads it; begin with sh -c",
                        error::printable(value->text().substr(words->end, 20))));
      }
    }
  }

  void references(const Value& service) {
    for (const char* const list : {"secrets", "configs"}) {
      const Value* const found = service.find(list);
      for (std::size_t index = 0; found != nullptr && index < found->list().size(); ++index) {
        const Value& one = found->list()[index];
        const Step step{path_, fmt::format("{}[{}]", list, index)};
        if (one.find("uid") != nullptr || one.find("gid") != nullptr) {
          report(one, "the file has the owner it has on the host");
        }
      }
    }
  }

  void file(const Value& value) {
    const Value* const external = value.find("external");
    if (external != nullptr && external->is_bool() && external->boolean()) {
      report(value, "nobody else keeps configs and secrets; a service that uses it does not start");
    } else if (value.find("environment") != nullptr && value.find(kContentKey) == nullptr) {
      add(ProjectNote::Kind::Warning, value,
          fmt::format("the variable {} is not set; a service that uses it does not start",
                      error::printable(value.text_of("environment"))));
    }
  }

  const Texts& texts_;
  std::vector<ProjectNote>& notes_;
  Path path_{};
};

}  // namespace

void add_notes(const Texts& texts, const Value& model, std::vector<ProjectNote>& notes) {
  Notes{texts, notes}.project(model);
  // A variable that several services get by an alias is noted once.
  std::stable_sort(notes.begin(), notes.end(), [](const ProjectNote& left, const ProjectNote& right) {
    return std::tie(left.place.file, left.place.line, left.place.column) <
           std::tie(right.place.file, right.place.line, right.place.column);
  });
  notes.erase(std::unique(notes.begin(), notes.end()), notes.end());
}

}  // namespace dunnage::compose
