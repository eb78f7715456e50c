// SPDX-License-Identifier: Apache-2.0
#include "compose/loader.hpp"

#include "compose/canonical.hpp"
#include "compose/extends.hpp"
#include "compose/merge.hpp"
#include "compose/normal.hpp"
#include "compose/paths.hpp"
#include "compose/schema.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace dunnage::compose {

std::string Loader::expand(const Surroundings& surroundings, const std::string& text, Mark mark, const Path& path) {
  if (!interpolate_) {
    return text;
  }
  spec::Variables variables;
  variables.find = [&](const std::string& name) { return surroundings.find(name, mark, path); };
  return expand_text(texts_, text, mark, path, variables);
}

void Loader::prepare(Value& value, const Surroundings& surroundings) {
  if (!value.is_map()) {
    texts_.refuse(value.mark, "", "the file is no mapping", "begin with \"services:\"");
  }
  if (const Value* const services = value.find("services");
      services != nullptr && services->is_map() && services->map().size() > Limits::kServices) {
    texts_.refuse(services->mark, "services",
                  fmt::format("there are {} services, and there may be 1,000", services->map().size()),
                  "split the project", errc::limit_exceeded);
  }
  if (interpolate_) {
    Interpolation interpolation;
    interpolation.find = [&](const std::string& name, Mark mark, const Path& path) {
      return surroundings.find(name, mark, path);
    };
    interpolation.unset = [&](const std::string& name, Mark mark, const Path& path) {
      notes_.push_back({ProjectNote::Kind::Warning, to_string(path), texts_.place(mark),
                        fmt::format("the variable {} is not set, so it is empty", name)});
    };
    expand_tree(texts_, value, interpolation);
  }
  make_canonical(texts_, value);
}

void Loader::add_document(Value& model, Document document, const Unit& unit, const std::string& file) {
  prepare(document.value, *unit.surroundings);
  include(document.value, unit, file, document.resets);
  apply_resets(model, document.resets);
  Extender{*this, unit, file, unit.directory, document.value, document.resets}.extend_all();
  merge(texts_, model, std::move(document.value));
  make_unique(texts_, model);
  check_schema(texts_, model, !interpolate_);
  if (const Value* const version = model.find("version")) {
    notes_.push_back(
        {ProjectNote::Kind::Warning, "version", texts_.place(version->key), "it is obsolete and has no effect"});
    model.map().erase("version");
  }
}

Value Loader::load(const Unit& unit, std::vector<std::vector<Document>> parsed) {
  Value model{Value::Map{}, {}};
  for (std::size_t index = 0; index < unit.paths.size(); ++index) {
    const std::string& path = unit.paths[index];
    std::vector<Document> documents = index < parsed.size()
                                          ? std::move(parsed[index])
                                          : parse_yaml(texts_, files_.read(path, unit.asker, "the file"));
    for (Document& document : documents) {
      model.mark = document.value.mark;
      add_document(model, std::move(document), unit, path);
    }
  }
  set_defaults(texts_, model);
  check_model(texts_, model);
  const std::string home = unit.surroundings->home();
  make_paths_absolute(texts_, model, unit.directory, home);
  resolve_files(texts_, model, *unit.surroundings);
  return model;
}

}  // namespace dunnage::compose
