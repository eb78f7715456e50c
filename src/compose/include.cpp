// SPDX-License-Identifier: Apache-2.0
#include "compose/loader.hpp"

#include "compose/merge.hpp"
#include "compose/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::compose {
namespace {

std::vector<const Value*> texts_in(const Value* value) {
  std::vector<const Value*> texts;
  if (value != nullptr && value->is_list()) {
    for (const Value& item : value->list()) {
      texts.push_back(&item);
    }
  }
  return texts;
}

}  // namespace

void Loader::include(Value& document, const Unit& unit, const std::string& file, const std::vector<Path>& resets) {
  const auto found = document.map().find("include");
  if (found == document.map().end()) {
    return;
  }
  const Value entries = std::move(found->second);
  document.map().erase(found);
  Value checked{Value::Map{}, document.mark};
  checked.map().emplace("include", entries);
  check_schema(texts_, checked, !interpolate_);
  for (const Value& entry : entries.list()) {
    include_one(entry, document, unit, file, resets);
  }
}

void Loader::include_one(const Value& entry, Value& document, const Unit& unit, const std::string& file,
                         const std::vector<Path>& resets) {
  const std::string home = unit.surroundings->home();
  Unit inner;
  inner.asker = {.mark = entry.mark, .path = {"include"}};
  inner.included = unit.included;
  inner.included.push_back(file);
  for (const Value* const path : texts_in(entry.find("path"))) {
    inner.paths.push_back(absolute_path(path->text(), unit.directory, home));
  }
  if (inner.paths.empty()) {
    texts_.refuse(entry.mark, "include", "it names no file", "add \"path: FILE\"");
  }
  const std::string& main = inner.paths.front();
  if (std::find(inner.included.begin(), inner.included.end(), main) != inner.included.end()) {
    std::string way;
    for (const std::string& one : inner.included) {
      way += files_.name_of(one) + ", ";
    }
    texts_.refuse(entry.mark, "include",
                  fmt::format("the files include each other in a circle: {}{}", way, files_.name_of(main)),
                  "take one of the includes out");
  }
  const std::string given = entry.text_of("project_directory");
  inner.directory = given.empty() ? parent_of(main) : absolute_path(given, unit.directory, home);
  files_.check(inner.directory, inner.asker, "the directory");
  const Surroundings surroundings = surroundings_of(entry, unit, inner.directory);
  inner.surroundings = &surroundings;
  // Bases were filled in with the variables of the outer files.
  auto bases = std::exchange(bases_, {});
  Value model = load(inner);
  bases_ = std::move(bases);
  import(document, std::move(model), resets);
}

Surroundings Loader::surroundings_of(const Value& entry, const Unit& unit, const std::string& directory) {
  Surroundings surroundings = *unit.surroundings;
  Environment seen;
  const std::vector<const Value*> named = texts_in(entry.find("env_file"));
  for (const Value* const path : named) {
    if (path->text() != "/dev/null") {
      const Asker asker{.mark = path->mark, .path = {"include", "env_file"}};
      surroundings.add_file(files_.read(absolute_path(path->text(), unit.directory, ""), asker, "the file"), seen);
    }
  }
  if (named.empty()) {
    if (const auto file = files_.find(directory + "/.env", {.mark = entry.mark, .path = {"include"}})) {
      surroundings.add_file(*file, seen);
    }
  }
  surroundings.add(seen);
  return surroundings;
}

void Loader::import(Value& document, Value model, const std::vector<Path>& resets) {
  constexpr std::array<std::string_view, 7> kParts{"services", "jobs",    "volumes", "networks",
                                                   "secrets",  "configs", "models"};
  for (const std::string_view part : kParts) {
    Value* const from = model.find(part);
    if (from == nullptr || !from->is_map()) {
      continue;
    }
    Value& to = document.map().try_emplace(std::string{part}, Value{Value::Map{}, from->mark}).first->second;
    if (!to.is_map()) {
      texts_.refuse(to.mark, std::string{part}, fmt::format("it is {} and must be a mapping", to.kind_name()),
                    "give a mapping");
    }
    for (auto& [name, value] : from->map()) {
      const auto [place, added] = to.map().try_emplace(name);
      if (added) {
        place->second = std::move(value);
      } else if (!(place->second == value)) {
        Value inner = std::move(value);
        apply_resets(inner, resets_below(resets, {std::string{part}, name}));
        merge(texts_, inner, std::move(place->second), {std::string{part}, name});
        place->second = std::move(inner);
      }
    }
  }
}

}  // namespace dunnage::compose
