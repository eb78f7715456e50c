// SPDX-License-Identifier: Apache-2.0
#include "compose/grants.hpp"

#include "compose/cast.hpp"
#include "compose/keys.hpp"
#include "compose/normal.hpp"
#include "compose/security_option.hpp"
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
  Notes(const Texts& texts, const Value& model, std::vector<ProjectNote>& notes)
      : texts_{texts}, model_{model}, notes_{notes} {}

  void project() {
    for (const auto& [name, part] : model_.map()) {
      const Key* const key = find_key(project_shape(), name);
      const Step step{path_, name};
      if (key == nullptr || !part.is_map()) {
        continue;
      }
      if (name == "networks") {
        networks(part, key->note);
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
      // what differs from what is done anyway: all else is off, and logs are shown
      const bool asks = name == "attach" ? part.is_bool() && !part.boolean() : !is_nothing(part);
      if (key->support == Support::Reported && asks) {
        report(part, key->note);
      } else if (key->support == Support::Partly && key->shape != nullptr) {
        object(part, *key->shape);
      }
    }
  }

  void networks(const Value& networks, std::string_view why) {
    for (const auto& [name, value] : networks.map()) {
      const bool written = value.key.file != 0;
      const Step step{path_, name};
      if (written) {
        report(value, why);
      }
    }
    const Value* const default_network = networks.find("default");
    if (default_network != nullptr && default_network->key.file == 0) {
      implied_network();
    }
  }

  /// Nobody wrote it, so it is no wish to be told about one by one; but several services may count on it.
  void implied_network() {
    const Value* const services = model_.find("services");
    if (services == nullptr) {
      return;
    }
    const auto users = std::count_if(services->map().begin(), services->map().end(), [](const auto& entry) {
      const Value* const networks = entry.second.find("networks");
      return networks != nullptr && networks->find("default") != nullptr;
    });
    if (users > 1) {
      const Path outer = std::exchange(path_, {"services"});
      report(*services,
             "services do not reach one another by name; a container has no network but its own loopback "
             "device, or the host's");
      path_ = outer;
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
    targets(service);
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
      const auto [name, value] = security_option(option.text());
      const Step step{path_, fmt::format("security_opt[{}]", index)};
      if (name == "seccomp") {
        if (value.empty() || value.starts_with('~')) {
          report(option, value.empty() ? "it names no profile, so the default one stays"
                                       : "nobody's home is looked into for a profile; write the path out");
        }
      } else if (!no_new_privileges_option(option.text())) {
        report(option, "no-new-privileges and seccomp are the options there are");
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

  /// As Docker Compose takes it, and the engine refuses it later.
  void targets(const Value& service) {
    const Value* const volumes = service.find("volumes");
    for (std::size_t index = 0; volumes != nullptr && index < volumes->list().size(); ++index) {
      const Value& volume = volumes->list()[index];
      const std::string target = volume.text_of("target");
      if (target.starts_with('/')) {
        continue;
      }
      const Step step{path_, fmt::format("volumes[{}]", index)};
      const bool drive = target.size() > 2 && target[1] == ':';
      add(ProjectNote::Kind::Warning, volume,
          fmt::format("the target \"{}\" is not absolute, so the service does not start{}", error::printable(target),
                      drive ? "; a name of one letter is taken for a drive, give the volume a longer one" : ""));
    }
  }

  void references(const Value& service) {
    for (const char* const list : {"secrets", "configs"}) {
      const Value* const found = service.find(list);
      for (std::size_t index = 0; found != nullptr && index < found->list().size(); ++index) {
        const Value& one = found->list()[index];
        const Step step{path_, fmt::format("{}[{}]", list, index)};
        owner(one, list);
      }
    }
  }

  /// A file of the host is mounted as it is, and Docker Compose does the same.
  void owner(const Value& reference, const char* list) {
    const Value* const all = model_.find(list);
    const Value* const source = all == nullptr ? nullptr : all->find(reference.text_of("source"));
    const bool mounted = source != nullptr && source->find("file") != nullptr;
    for (const char* const member : {"uid", "gid", "mode"}) {
      const Value* const value = reference.find(member);
      if (value == nullptr) {
        continue;
      }
      const Step step{path_, member};
      if (mounted) {
        report(*value,
               "a file of the host keeps the owner and the mode it has there, as with Docker Compose; the "
               "content of a config is given its own");
      } else if (member != std::string_view{"mode"} && !is_number(*value)) {
        report(*value, "it is no number, and no user database is looked at");
      }
    }
  }

  static bool is_number(const Value& value) {
    const std::string text = value.scalar_text();
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
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
  const Value& model_;
  std::vector<ProjectNote>& notes_;
  Path path_{};
};

}  // namespace

void add_notes(const Texts& texts, const Value& model, std::vector<ProjectNote>& notes) {
  Notes{texts, model, notes}.project();
  // A variable that several services get by an alias is noted once.
  std::stable_sort(notes.begin(), notes.end(), [](const ProjectNote& left, const ProjectNote& right) {
    return std::tie(left.place.file, left.place.line, left.place.column) <
           std::tie(right.place.file, right.place.line, right.place.column);
  });
  notes.erase(std::unique(notes.begin(), notes.end()), notes.end());
}

}  // namespace dunnage::compose
