// SPDX-License-Identifier: Apache-2.0
#include "compose/canonical.hpp"

#include "spec/compose.hpp"

#include <dunnage/spec.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace dunnage::compose {
namespace {

/// The cause and the remedy, without the place in the entry, which stands in a file here.
std::string reason_of(const SpecError& error) {
  const std::string_view what = error.what();
  const std::string_view line = what.substr(0, what.find('\n'));
  const std::size_t colon = line.find(": ");
  const std::string_view reason = colon == std::string_view::npos ? line : line.substr(colon + 2);
  const std::string_view remedy = error.remedy();
  return std::string{reason.ends_with(remedy) && !remedy.empty() ? reason.substr(0, reason.size() - remedy.size() - 2)
                                                                 : reason};
}

Value options_of(const SpecMount& mount, Mark mark) {
  Value::Map options;
  if (!mount.propagation.empty()) {
    options.emplace("propagation", Value{mount.propagation, mark});
  }
  if (!mount.selinux.empty()) {
    options.emplace("selinux", Value{mount.selinux, mark});
  }
  if (mount.type == SpecType::Bind) {
    options.emplace("create_host_path", Value{true, mark});
  }
  return {std::move(options), mark};
}

}  // namespace

void make_mount_canonical(const Texts& texts, Value& mount, const Path& path) {
  const Mark mark = mount.mark;
  const std::string text = mount.text();
  SpecMount read;
  try {
    const spec::Input input{"volume", text};
    read = spec::read_short_entry(input, {.engine = Engine::Compose, .own = false}).mount;
  } catch (const SpecError& error) {
    texts.refuse(mark, to_string(path), reason_of(error), error.remedy());
  }
  constexpr std::size_t kNeverCut = 2;
  Value::Map map;
  map.emplace("type", Value{read.type == SpecType::Bind ? "bind" : "volume", mark});
  if (!read.source.empty()) {
    map.emplace("source", Value{read.source, mark});
  }
  map.emplace("target", Value{read.target, mark});
  if (read.read_only) {
    map.emplace("read_only", Value{true, mark});
  }
  if (read.type == SpecType::Bind || !read.propagation.empty() || !read.selinux.empty()) {
    map.emplace("bind", options_of(read, mark));
  }
  if (read.no_copy || (read.type == SpecType::Volume && text.size() > kNeverCut)) {
    Value::Map options;
    if (read.no_copy) {
      options.emplace("nocopy", Value{true, mark});
    }
    map.emplace("volume", Value{std::move(options), mark});
  }
  mount.set(std::move(map));
}

}  // namespace dunnage::compose
