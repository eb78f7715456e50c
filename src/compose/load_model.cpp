// SPDX-License-Identifier: Apache-2.0
#include "compose/model.hpp"

#include "compose/grants.hpp"
#include "compose/loader.hpp"
#include "compose/normal.hpp"
#include "compose/services.hpp"
#include "error/printable.hpp"
#include "error/reason.hpp"
#include "spec/lower.hpp"
#include "spec/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace dunnage::compose {
namespace {

/// What is left of a text when it has to be a project's name.
std::string fit_name(std::string_view text) {
  std::string name;
  for (const char letter : spec::lower(text)) {
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
    if (plain || (!name.empty() && (letter == '_' || letter == '-'))) {
      name += letter;
    }
  }
  return name;
}

std::vector<std::string> cut(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = std::min(text.find(separator), text.size());
    std::string_view part = text.substr(0, end);
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    part = part.substr(0, part.find_last_not_of(' ') + 1);
    if (!part.empty()) {
      parts.emplace_back(part);
    }
    if (end == text.size()) {
      return parts;
    }
    text.remove_prefix(end + separator.size());
  }
}

class Loading {
 public:
  explicit Loading(const ProjectSource& source) : source_{source}, surroundings_{texts_, source} {}

  Model load() {
    find_directory();
    files_.emplace(texts_, directory_, source_.grants.host_paths);
    read_variables();
    find_files();
    read_files();
    find_name();
    Loader loader{texts_, *files_, source_.interpolate, model_.notes};
    model_.value =
        loader.load({.paths = paths_, .directory = directory_, .surroundings = &surroundings_}, std::move(documents_));
    if (model_.value.map().empty()) {
      texts_.refuse(model_.value.mark, "", "the project is empty", "add \"services:\"");
    }
    model_.value.map().insert_or_assign("name", Value{model_.name, {}});
    normalise(model_.value, model_.name, surroundings_);
    check();
    describe();
    return std::move(model_);
  }

 private:
  [[nodiscard]] std::string current_directory() const {
    std::error_code lost;
    const std::filesystem::path path = std::filesystem::current_path(lost);
    if (lost) {
      texts_.refuse({}, "", fmt::format("the current directory cannot be found: {}", error::errno_reason(lost.value())),
                    "give the project's directory as an absolute path", errc::source_missing);
    }
    return path.string();
  }
  [[nodiscard]] std::string absolute_of(const std::string& path) const {
    return path.starts_with('/') ? spec::clean(path) : spec::absolute(current_directory(), path);
  }

  void find_directory() {
    if (!source_.directory.empty()) {
      directory_ = absolute_of(source_.directory.string());
    } else if (!source_.files.empty() && !source_.text) {
      directory_ = parent_of(absolute_of(source_.files.front().string()));
    } else {
      directory_ = current_directory();
      if (!source_.text) {
        const auto found = find_project_files(directory_);
        directory_ = found.empty() ? directory_ : parent_of(found.front().string());
      }
    }
    directory_ = spec::clean(directory_);
  }

  void read_variables() {
    Environment seen;
    for (const std::filesystem::path& path : source_.env_files) {
      surroundings_.add_file(files_->read(absolute_of(path), {.trusted = true}, "the file of variables"), seen);
    }
    const std::string off = spec::lower(surroundings_.known("COMPOSE_DISABLE_ENV_FILE").value_or(""));
    if (source_.env_files.empty() && off != "1" && off != "true" && off != "t") {
      const std::string path = directory_ + "/.env";
      std::error_code error;
      if (std::filesystem::is_directory(path, error)) {
        return;
      }
      if (const auto file = files_->find(path, {})) {
        surroundings_.add_file(*file, seen);
      }
    }
    surroundings_.add(seen);
  }

  void find_files() {
    if (source_.text) {
      paths_ = {directory_ + "/compose.yaml"};
      return;
    }
    for (const std::filesystem::path& path : source_.files) {
      paths_.push_back(absolute_of(path));
    }
    if (const auto named = surroundings_.known("COMPOSE_FILE"); paths_.empty() && named) {
      const std::string separator = surroundings_.known("COMPOSE_PATH_SEPARATOR").value_or(":");
      for (const std::string& path : cut(*named, separator.empty() ? ":" : separator)) {
        paths_.push_back(absolute_path(path, directory_, ""));
        named_ = true;
      }
    }
    if (paths_.empty()) {
      for (const std::filesystem::path& path : find_project_files(directory_)) {
        paths_.push_back(path.string());
      }
    }
    if (paths_.empty()) {
      texts_.refuse({}, "", fmt::format("there is no Compose file in \"{}\" or above", error::printable(directory_)),
                    "create compose.yaml, or name the file", errc::source_missing);
    }
  }

  void read_files() {
    if (source_.text) {
      if (source_.text->size() > Limits::kFileBytes) {
        texts_.refuse({}, "", "the text is larger than 1 MiB", "make it smaller", errc::limit_exceeded);
      }
      texts_.spend_bytes(source_.text->size(), {});
      documents_.push_back(parse_yaml(texts_, texts_.add("compose.yaml", *source_.text)));
      return;
    }
    for (const std::string& path : paths_) {
      // Names in ".env" are the project's own words, and those of the caller are not.
      const std::uint32_t file = files_->read(path, {.trusted = !named_}, "the Compose file");
      documents_.push_back(parse_yaml(texts_, file));
      model_.files.emplace_back(path);
    }
  }

  /// The caller's word, COMPOSE_PROJECT_NAME, the last file that has one, the directory.
  void find_name() {
    const std::string said =
        !source_.name.empty() ? source_.name : surroundings_.known("COMPOSE_PROJECT_NAME").value_or("");
    if (!said.empty()) {
      if (fit_name(said) != said) {
        texts_.refuse({}, "name", fmt::format("invalid project name \"{}\"", error::printable(said)),
                      "use lower-case letters, digits, \"-\" and \"_\", and begin with a letter or digit");
      }
      model_.name = said;
    } else {
      model_.name = name_in_files();
      if (model_.name.empty()) {
        model_.name = fit_name(directory_.substr(directory_.rfind('/') + 1));
      }
    }
    if (model_.name.empty()) {
      texts_.refuse({}, "name", "the project has no name", "add \"name: NAME\"");
    }
    surroundings_.set("COMPOSE_PROJECT_NAME", model_.name);
  }

  std::string name_in_files() {
    std::string name;
    std::vector<ProjectNote> notes;
    Loader loader{texts_, *files_, source_.interpolate, notes};
    for (const auto& documents : documents_) {
      for (const Document& document : documents) {
        const Value* const found = document.value.find("name");
        if (found != nullptr && found->is_text() && !found->text().empty()) {
          name = loader.expand(surroundings_, found->text(), found->mark, {"name"});
        }
      }
    }
    return fit_name(name);
  }

  void check() {
    std::vector<std::string> profiles = source_.profiles;
    for (std::string& profile : cut(surroundings_.known("COMPOSE_PROFILES").value_or(""), ",")) {
      profiles.push_back(std::move(profile));
    }
    model_.disabled = select_services(model_.value, profiles);
    check_consistency(texts_, model_.value, model_.disabled);
    check_grants(texts_, *files_, model_.value, source_.grants);
    resolve_service_files(texts_, *files_, model_.value, surroundings_);
  }

  void describe() {
    model_.directory = directory_;
    model_.interpolated = source_.interpolate;
    const auto each = [&](const char* part, const auto& action) {
      if (const Value* const found = model_.value.find(part)) {
        for (const auto& [name, value] : found->map()) {
          action(name, value);
        }
      }
    };
    each("volumes", [&](const auto& name, const Value& value) { model_.volumes.emplace(name, volume_of(value)); });
    each("configs", [&](const auto& name, const Value& value) { model_.configs.emplace(name, file_of(value)); });
    each("secrets", [&](const auto& name, const Value& value) { model_.secrets.emplace(name, file_of(value)); });
    SpecContext context;
    context.working_directory = directory_;
    context.project_directory = directory_;
    context.home = "";
    context.project_name = model_.name;
    context.environment.emplace();
    context.volumes = model_.volumes;
    each("services", [&](const auto& name, const Value& value) {
      model_.services.emplace(name, service_of(texts_, name, value, context));
      model_.places.emplace(name, texts_.place(value.key.file != 0 ? value.key : value.mark));
    });
    add_notes(texts_, model_.value, model_.notes);
    model_.value = without_unused(model_.value);
  }

  const ProjectSource& source_;
  Texts texts_{};
  Surroundings surroundings_;
  std::string directory_{};
  std::optional<Files> files_{};
  std::vector<std::string> paths_{};
  bool named_ = false;
  std::vector<std::vector<Document>> documents_{};
  Model model_{};
};

}  // namespace

Model load_model(const ProjectSource& source) { return Loading{source}.load(); }

}  // namespace dunnage::compose
