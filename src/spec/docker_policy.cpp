// SPDX-License-Identifier: Apache-2.0
#include "error/nearest.hpp"
#include "model/target.hpp"
#include "model/words.hpp"
#include "spec/flag.hpp"
#include "spec/local_options.hpp"
#include "spec/lower.hpp"
#include "spec/text.hpp"
#include "spec/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::spec {
namespace {

/// One completion: the draft, and how its engine's errors begin.
class Completion {
 public:
  Completion(const Input& input, Draft&& draft, const Rules& rules, bool from_volume_flag)
      : input_{input}, draft_{draft}, mount_{draft.mount}, rules_{rules}, from_volume_flag_{from_volume_flag} {}

  SpecMount complete();

 private:
  [[nodiscard]] SpecRefusal refusal(SpecCode code, std::string_view words) const;
  [[nodiscard]] SpecStage stage() const noexcept { return from_volume_flag_ ? SpecStage::Parse : SpecStage::Create; }
  [[nodiscard]] std::string source_text() const;

  void check_target();
  void complete_bind();
  void check_own_source(const Piece& source) const;
  void check_propagation() const;
  void complete_volume();
  void check_subpath();
  void complete_tmpfs();
  void complete_image();

  const Input& input_;
  Draft& draft_;
  SpecMount& mount_;
  const Rules& rules_;
  bool from_volume_flag_;
};

SpecRefusal Completion::refusal(SpecCode code, std::string_view words) const {
  const std::string type = from_volume_flag_ ? std::string{to_string(mount_.type)} : lower(draft_.type.text);
  return {code, stage(),
          fmt::format("{}invalid mount config for type \"{}\": {}",
                      from_volume_flag_ ? fmt::format("invalid volume specification: '{}': ", shown(input_.text()))
                                        : std::string{},
                      shown(type), words)};
}

/// The command line makes what begins with a dot absolute, whatever type it is for.
std::string Completion::source_text() const {
  const std::string_view text = draft_.source->text;
  return !rules_.own && text.starts_with('.') ? rules_.host.absolute(text) : std::string{text};
}

void Completion::check_target() {
  if (!draft_.target || draft_.target->text.empty()) {
    const Span place = draft_.target ? at_least_one(draft_.target->span) : input_.end();
    input_.refuse(place, refusal(SpecCode::MissingTarget, "field Target must not be empty"), "no target",
                  "add \"target=/path/in/container\"");
  }
  const auto& [text, span] = *draft_.target;
  if (rules_.own) {
    if (const auto fault = model::fault_of_target(text)) {
      input_.refuse(at_least_one(span),
                    {.code = !text.starts_with('/') ? SpecCode::TargetNotAbsolute
                             : clean(text) == "/"   ? SpecCode::TargetIsRoot
                                                    : SpecCode::InvalidSpec},
                    std::string{fault->cause}, std::string{fault->remedy});
    }
    mount_.target = model::clean_path(text);
    return;
  }
  if (is_root(text)) {
    input_.refuse(at_least_one(span),
                  refusal(SpecCode::TargetIsRoot, "invalid specification: destination can't be '/'"),
                  "the target is the root of the container", "choose a directory below \"/\", or another rootfs");
  }
  if (!is_absolute(text)) {
    input_.refuse(at_least_one(span),
                  refusal(SpecCode::TargetNotAbsolute,
                          fmt::format("invalid mount path: '{}' mount path must be absolute", shown(text))),
                  "the target is not an absolute path", "begin it with \"/\"");
  }
  mount_.target = clean(text);
}

void Completion::check_own_source(const Piece& source) const {
  if (source.text.find('\0') != std::string_view::npos) {
    input_.refuse(source.span, {.code = SpecCode::InvalidSpec}, "the source holds a NUL",
                  "give a path without control characters");
  }
  if (is_windows_path(source.text)) {
    input_.refuse(source.span, {.code = SpecCode::Unsupported}, "the source is a path of Windows",
                  "give a path of this host, which begins with \"/\"", errc::not_supported);
  }
}

void Completion::check_propagation() const {
  const std::string& word = mount_.propagation;
  if (word.empty() || model::propagation_named(word)) {
    return;
  }
  std::array<std::string_view, model::kPropagations.size()> words;
  std::transform(model::kPropagations.begin(), model::kPropagations.end(), words.begin(),
                 [](Propagation value) { return to_string(value); });
  const auto near = error::nearest(word, words);
  input_.refuse(draft_.propagation_span, refusal(SpecCode::BadPropagation, "invalid propagation mode: " + shown(word)),
                fmt::format("\"{}\" is not a propagation", shown(word)),
                near ? fmt::format("did you mean \"{}\"?", *near)
                     : "write \"private\", \"rprivate\", \"shared\", \"rshared\", \"slave\" or \"rslave\"");
}

std::string_view recursive_word(unsigned recursion) noexcept {
  return (recursion & kNonRecursive) != 0             ? "disabled"
         : (recursion & kReadOnlyForceRecursive) != 0 ? "readonly"
         : (recursion & kReadOnlyNonRecursive) != 0   ? "writable"
                                                      : "enabled";
}

void Completion::complete_bind() {
  if (!draft_.source || draft_.source->text.empty()) {
    input_.refuse(input_.end(), refusal(SpecCode::MissingSource, "field Source must not be empty"), "no source",
                  "add \"source=/path/on/host\"");
  }
  const Piece& source = *draft_.source;
  if (rules_.own) {
    check_own_source(source);
  }
  check_propagation();
  std::string path = source_text();
  const bool tilde = path.starts_with('~');
  if (tilde || (!rules_.own && !is_absolute(path))) {
    input_.refuse(source.span,
                  refusal(SpecCode::SourceNotAbsolute,
                          fmt::format("invalid mount path: '{}' mount path must be absolute", shown(path))),
                  tilde ? "\"~\" is not expanded here, only by a shell" : "the source is not an absolute path",
                  tilde ? "write the full path, or \"./~\" for that name" : "begin it with \"/\" or \"./\"");
  }
  mount_.create_host_path = mount_.create_host_path.value_or(from_volume_flag_);
  if (!rules_.own) {
    path = clean(path);
    if (!*mount_.create_host_path && !rules_.host.exists(path)) {
      input_.refuse(source.span, refusal(SpecCode::SourceNotFound, "bind source path does not exist: " + shown(path)),
                    fmt::format("there is no \"{}\" on the host", shown(path)), "make it, or add \"bind-create-src\"");
    }
  }
  mount_.source = std::move(path);
  if (mount_.propagation.empty()) {
    mount_.propagation = "rprivate";
  }
  if (!from_volume_flag_) {
    mount_.recursive = recursive_word(draft_.recursion);
  }
  constexpr unsigned kBoth = kReadOnlyNonRecursive | kReadOnlyForceRecursive;
  if ((draft_.recursion & kBoth) == kBoth) {
    input_.refuse(draft_.recursion_span, {SpecCode::OptionConflict, SpecStage::Start, "mount options conflict"},
                  "\"bind-recursive=readonly\" contradicts \"bind-recursive=writable\"", "leave one of the two out");
  }
}

void Completion::check_subpath() {
  if (mount_.subpath.empty()) {
    return;
  }
  if (mount_.type == SpecType::Volume && mount_.source.empty()) {
    input_.refuse(draft_.subpath_span,
                  refusal(SpecCode::SubpathAnonymous, "must not set Subpath when using anonymous volumes"),
                  "an anonymous volume is empty and has no directory to show", "name the volume with \"source=\"");
  }
  if (!is_local(mount_.subpath)) {
    input_.refuse(draft_.subpath_span,
                  refusal(SpecCode::BadSubpath, "subpath must be a relative path within the volume"),
                  fmt::format("\"{}\" is not a path inside of it", shown(mount_.subpath)),
                  "write a relative path that does not leave it, like \"year/2026\"");
  }
}

void Completion::complete_volume() {
  mount_.source = draft_.source ? source_text() : std::string{};
  mount_.anonymous = mount_.source.empty();
  check_subpath();
  const bool local = mount_.driver.empty() || mount_.driver == "local";
  if (!mount_.anonymous && (local || rules_.own)) {
    check_volume_name(input_, {mount_.source, draft_.source->span}, rules_, SpecStage::Create);
  }
  if (local && !rules_.own) {
    check_local_options(input_, mount_.driver_options, rules_, SpecStage::Create);
  }
}

/// The biggest unit that divides it, as Docker hands it to the kernel.
std::string size_text(std::int64_t size) {
  constexpr std::array<std::pair<unsigned, std::string_view>, 3> kUnits{{{30, "g"}, {20, "m"}, {10, "k"}}};
  for (const auto& [shift, unit] : kUnits) {
    const std::int64_t one = std::int64_t{1} << shift;
    if (size % one == 0) {
      return fmt::format("size={}{}", size / one, unit);
    }
  }
  return fmt::format("size={}", size);
}

void Completion::complete_tmpfs() {
  if (draft_.source) {
    const std::string_view key = draft_.source_key.text;
    input_.refuse(draft_.source_key.span, refusal(SpecCode::ExtraSource, "field Source must not be specified"),
                  fmt::format("\"{}\" is not an option of --mount for type \"tmpfs\"", key),
                  "leave it out; a tmpfs has no source");
  }
  if (rules_.own) {
    return;
  }
  if (mount_.tmpfs_size == 0) {
    mount_.tmpfs_size.reset();
  }
  if (mount_.tmpfs_mode == 0U) {
    mount_.tmpfs_mode.reset();
    mount_.tmpfs_mode_text.clear();
  }
  std::vector<std::string> said;
  if (mount_.read_only) {
    said.emplace_back("ro");
  }
  if (mount_.tmpfs_mode) {
    said.push_back(fmt::format("mode={:o}", *mount_.tmpfs_mode));
  }
  if (mount_.tmpfs_size) {
    said.push_back(size_text(*mount_.tmpfs_size));
  }
  std::vector<Piece> words;
  for (const std::string& word : said) {
    words.push_back({word, input_.all()});
  }
  mount_.words = merge_tmpfs_words(input_, words);
}

void Completion::complete_image() {
  if (!draft_.source) {
    input_.refuse(input_.end(), refusal(SpecCode::MissingSource, "field Source must not be empty"), "no source",
                  "add \"source=IMAGE\"");
  }
  mount_.source = source_text();
  check_subpath();
  mount_.read_only = true;
  mount_.propagation = "rprivate";
}

SpecMount Completion::complete() {
  const auto type = from_volume_flag_ ? std::optional{mount_.type} : type_named(lower(draft_.type.text));
  mount_.type = type.value_or(SpecType::Bind);
  check_target();
  switch (type.value_or(SpecType::Npipe)) {
    case SpecType::Bind:
      complete_bind();
      break;
    case SpecType::Volume:
      complete_volume();
      break;
    case SpecType::Tmpfs:
      complete_tmpfs();
      break;
    case SpecType::Image:
      complete_image();
      break;
    default:
      input_.refuse(draft_.type.span, refusal(SpecCode::UnknownType, "mount type unknown"),
                    fmt::format("unknown mount type \"{}\"", shown(draft_.type.text)),
                    "use \"bind\", \"volume\", \"tmpfs\" or \"image\"");
  }
  return std::move(mount_);
}

}  // namespace

SpecMount complete_docker(const Input& input, Draft&& draft, const Rules& rules, bool from_volume_flag) {
  return Completion{input, std::move(draft), rules, from_volume_flag}.complete();
}

Span find_span(const Input& input, std::string_view word) noexcept {
  const std::size_t place = input.text().find(word);
  return word.empty() || place == std::string_view::npos ? at_least_one(input.all()) : Span{place, word.size()};
}

}  // namespace dunnage::spec
