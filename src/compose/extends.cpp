// SPDX-License-Identifier: Apache-2.0
#include "compose/extends.hpp"

#include "compose/merge.hpp"
#include "compose/paths.hpp"
#include "error/nearest.hpp"
#include "error/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::compose {

void Extender::extend_all() {
  Value* const services = value_.find("services");
  if (services == nullptr || !services->is_map()) {
    return;
  }
  for (const auto& [name, service] : services->map()) {
    Chain chain;
    extend(name, chain);
  }
}

void Extender::check_chain(const std::string& name, const Value& extends, const Chain& chain) const {
  constexpr std::size_t kLongest = 100;
  const Path path{"services", name, "extends"};
  if (std::find(chain.begin(), chain.end(), std::pair{file_, name}) != chain.end()) {
    std::string way;
    for (const auto& [file, service] : chain) {
      way += fmt::format("{} in {}, ", error::printable(service), loader_.files_.name_of(file));
    }
    loader_.texts_.refuse(extends.mark, to_string(path),
                          fmt::format("the services extend each other in a circle: {}{}", way, error::printable(name)),
                          "take one of the extends out");
  }
  if (chain.size() >= kLongest) {
    loader_.texts_.refuse(extends.mark, to_string(path), "more than 100 services extend one another",
                          "extend one that stands closer to the first", errc::limit_exceeded);
  }
}

Value& Extender::find_base(const std::string& name, const std::string& wanted, Value& services, const Value& extends,
                           const std::string& file) const {
  if (Value* const base = services.find(wanted)) {
    return *base;
  }
  std::vector<std::string> names;
  if (services.is_map()) {
    for (const auto& [other, value] : services.map()) {
      names.push_back(other);
    }
  }
  const auto near = error::nearest(wanted, std::span<const std::string>{names});
  loader_.texts_.refuse(
      extends.mark, to_string(Path{"services", name, "extends"}),
      fmt::format("there is no service \"{}\" in {}", error::printable(wanted), loader_.files_.name_of(file)),
      near ? fmt::format("did you mean \"{}\"?", error::printable(*near)) : "name one that is there");
}

void Extender::extend(const std::string& name, Chain& chain) {
  Value& service = value_.find("services")->map().find(name)->second;
  const Value* const found = service.find("extends");
  if (found == nullptr) {
    return;
  }
  const Value extends = *found;
  const Path path{"services", name, "extends"};
  const Value* const wanted = extends.find("service");
  if (wanted == nullptr || !wanted->is_text()) {
    loader_.texts_.refuse(extends.mark, to_string(path), "it names no service", "add \"service: NAME\"");
  }
  check_chain(name, extends, chain);
  chain.emplace_back(file_, name);
  Value base;
  const std::string there = wanted->text();
  if (const Value* const file = extends.find("file"); file != nullptr && file->is_text()) {
    const std::string other = absolute_path(file->text(), directory_, unit_.surroundings->home());
    Base& from = loader_.base_of(other, unit_, {.mark = file->mark, .path = path});
    Value* const services = from.value.find("services");
    if (services == nullptr) {
      loader_.texts_.refuse(file->mark, to_string(path),
                            fmt::format("{} has no services", loader_.files_.name_of(other)), "name a file that has");
    }
    Value& one = find_base(name, there, *services, *wanted, other);
    Extender{loader_, unit_, other, parent_of(other), from.value, from.resets}.extend(there, chain);
    base = copy(one, loader_.texts_, extends.mark);
  } else {
    Value& one = find_base(name, there, *value_.find("services"), *wanted, file_);
    extend(there, chain);
    base = copy(one, loader_.texts_, extends.mark);
  }
  chain.pop_back();
  if (base.is_map()) {
    put_over(std::move(base), service, name);
  }
  service.map().erase("extends");
}

void Extender::put_over(Value base, Value& service, const std::string& name) const {
  apply_resets(base, resets_below(resets_, {"services", name}));
  base.key = service.key;
  base.mark = service.mark;
  merge(loader_.texts_, base, std::move(service), {"services", name});
  service = std::move(base);
}

Base& Loader::base_of(const std::string& path, const Unit& unit, const Asker& asker) {
  const auto found = bases_.find(path);
  if (found != bases_.end()) {
    return found->second;
  }
  std::vector<Document> documents = parse_yaml(texts_, files_.read(path, asker, "the file"));
  Base base;
  base.value = Value{Value::Map{}, {}};
  for (Document& document : documents) {
    prepare(document.value, *unit.surroundings);
    apply_resets(base.value, document.resets);
    base.resets.insert(base.resets.end(), document.resets.begin(), document.resets.end());
    merge(texts_, base.value, std::move(document.value));
  }
  make_paths_absolute(texts_, base.value, parent_of(path), unit.surroundings->home());
  return bases_.emplace(path, std::move(base)).first->second;
}

}  // namespace dunnage::compose
