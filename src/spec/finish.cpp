// SPDX-License-Identifier: Apache-2.0
#include "model/target.hpp"
#include "model/volume_name.hpp"
#include "spec/draft.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::spec {
namespace {

Span at_least_one(Span span) { return {span.column, std::max<std::size_t>(span.length, 1)}; }

bool is_windows_path(std::string_view text) {
  const bool letter = !text.empty() && ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z'));
  return text.starts_with("\\\\") ||
         (letter && text.size() > 2 && text[1] == ':' && (text[2] == '\\' || text[2] == '/'));
}

std::string checked_target(const Input& input, const Draft& draft) {
  if (!draft.target) {
    input.refuse(input.end(), "no target", "add \"target=/path/in/container\"");
  }
  if (const auto fault = model::fault_of_target(draft.target->text)) {
    input.refuse(at_least_one(draft.target->span), std::string{fault->cause}, std::string{fault->remedy});
  }
  return model::clean_path(draft.target->text);
}

void check_recursion(const Input& input, const Draft& draft) {
  if (draft.recursion != Recursion::Writable && draft.recursion != Recursion::ReadOnly) {
    return;
  }
  const std::string_view word = to_string(draft.recursion);
  if (!draft.read_only) {
    input.refuse(draft.recursion_span, fmt::format("\"bind-recursive={}\" means nothing without \"readonly\"", word),
                 "add \"readonly\"");
  }
  if (draft.recursion == Recursion::ReadOnly && draft.propagation != Propagation::RPrivate) {
    input.refuse(draft.recursion_span, "\"bind-recursive=readonly\" needs mounts that no one can add to from outside",
                 "add \"bind-propagation=rprivate\"");
  }
}

std::string checked_host_path(const Input& input, const Draft& draft) {
  if (!draft.source) {
    input.refuse(input.end(), "no source", "add \"source=/path/on/host\"");
  }
  const auto& [text, span] = *draft.source;
  if (text.find('\0') != std::string::npos) {
    input.refuse(span, "the source holds a NUL", "give a path without control characters");
  }
  if (is_windows_path(text)) {
    input.refuse(span, "the source is a path of Windows", "give a path of this host, which begins with \"/\"",
                 errc::not_supported);
  }
  if (text.starts_with('~')) {
    input.refuse(span, "\"~\" is not expanded here, only by a shell", "write the full path, or \"./~\" for that name");
  }
  return text;
}

std::string checked_volume_name(const Input& input, const Draft& draft) {
  if (!draft.source) {
    return {};
  }
  const auto& [text, span] = *draft.source;
  if (model::is_valid_volume_name(text)) {
    return text;
  }
  if (text.starts_with('~')) {
    input.refuse(span, "\"~\" is not expanded here, only by a shell", "write the full path");
  }
  const bool path = text.find('/') != std::string::npos;
  input.refuse(at_least_one(span), fmt::format("\"{}\" is not a name of a volume", text.substr(0, 200)),
               !path ? "use letters, digits, \"_\", \".\" and \"-\", at most 128, a letter or digit first"
               : text.starts_with('/')
                   ? "write \"type=bind\" for a directory of the host"
                   : fmt::format("write \"./{}\" for a directory of the host", text.substr(0, 200)));
}

Mount finish_bind(const Input& input, const Draft& draft) {
  BindMount mount{.source = checked_host_path(input, draft), .target = checked_target(input, draft)};
  check_recursion(input, draft);
  BindOptions& options = mount.options;
  options.read_only = draft.read_only;
  options.propagation = draft.propagation.value_or(options.propagation);
  options.recursion = draft.recursion;
  options.create_source = draft.create_source;
  options.suid = draft.suid.value_or(options.suid);
  options.dev = draft.dev.value_or(options.dev);
  options.exec = draft.exec.value_or(options.exec);
  return mount;
}

Mount finish_volume(const Input& input, const Draft& draft) {
  VolumeMount mount{.name = checked_volume_name(input, draft), .target = checked_target(input, draft)};
  VolumeMountOptions& options = mount.options;
  options.read_only = draft.read_only;
  options.no_copy = draft.no_copy;
  options.labels = draft.labels;
  options.suid = draft.suid.value_or(options.suid);
  options.dev = draft.dev.value_or(options.dev);
  options.exec = draft.exec.value_or(options.exec);
  return mount;
}

Mount finish_tmpfs(const Input& input, const Draft& draft) {
  Tmpfs mount{.target = checked_target(input, draft)};
  TmpfsOptions& options = mount.options;
  options.size = draft.size.value_or(options.size);
  options.mode = draft.mode.value_or(options.mode);
  options.uid = draft.uid;
  options.gid = draft.gid;
  options.read_only = draft.read_only;
  options.suid = draft.suid.value_or(options.suid);
  options.dev = draft.dev.value_or(options.dev);
  options.exec = draft.exec.value_or(options.exec);
  return mount;
}

}  // namespace

std::string_view to_string(Type type) noexcept {
  return type == Type::Bind ? "bind" : type == Type::Volume ? "volume" : "tmpfs";
}

std::string_view to_string(Flag flag) noexcept {
  return flag == Flag::Volume ? "-v" : flag == Flag::Mount ? "--mount" : "--tmpfs";
}

Mount finish(const Input& input, const Draft& draft) {
  switch (draft.type) {
    case Type::Bind:
      return finish_bind(input, draft);
    case Type::Tmpfs:
      return finish_tmpfs(input, draft);
    case Type::Volume:
      break;
  }
  return finish_volume(input, draft);
}

}  // namespace dunnage::spec
