// SPDX-License-Identifier: Apache-2.0
#include "spec/lower.hpp"
#include "spec/podman_mount_reader.hpp"
#include "spec/podman_words.hpp"
#include "spec/words.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace dunnage::spec {

void PodmanMountReader::need_value(const Field& field) const {
  if (!field.has_value) {
    refuse(field.key.span, SpecCode::EmptyOptionValue,
           fmt::format("{}: must provide an argument for option", shown(field.key.text)),
           fmt::format("\"{}\" needs a value", shown(field.key.text)),
           fmt::format("write \"{}=...\"", shown(field.key.text)));
  }
}

void PodmanMountReader::need_type(const Field& field, std::string_view wanted) const {
  if (type_text_ != wanted) {
    const auto types = type_named(wanted);
    refuse_for_type(
        input_, Flag::PodmanMount, field.key.text, field.key.span, types ? bit_of(*types) : kBind, type_text_,
        {SpecCode::OptionNotAllowed, SpecStage::Parse,
         wanted == "volume" && field.key.text.ends_with("subpath")
             ? fmt::format("cannot set option \"{}\" on non-volume mounts", shown(field.key.text))
             : fmt::format("\"{}\" option not supported for \"{}\" mount types", shown(field.key.text), type_text_)});
  }
}

void PodmanMountReader::refuse_option(const Field& field) const {
  refuse_word(
      input_, Flag::PodmanMount, rules_.own, mount_.type, field,
      {SpecCode::UnknownOption, SpecStage::Parse, fmt::format("{}: invalid mount option", shown(field.key.text))});
}

void PodmanMountReader::add(std::string word, const Field& field) {
  flags_.push_back(std::move(word));
  words_.push_back({{}, field.key.span});
}

void PodmanMountReader::take_once(const Field& field, bool& seen, std::string_view names) {
  if (std::exchange(seen, true)) {
    refuse(field.key.span, SpecCode::DuplicateOption,
           fmt::format("cannot pass {} more than once: must provide an argument for option", names),
           fmt::format("\"{}\" is given twice, or with its opposite", shown(field.key.text)),
           "leave one of the two out");
  }
}

void PodmanMountReader::take_source(const Field& field) {
  if (type_text_ == "tmpfs") {
    refuse(field.key.span, SpecCode::OptionNotAllowed,
           fmt::format("\"{}\" option not supported for \"tmpfs\" mount types", shown(field.key.text)),
           fmt::format("\"{}\" is not an option of --mount for type \"tmpfs\"", shown(field.key.text)),
           "leave it out; a tmpfs has no source");
  }
  bool seen = draft_.source.has_value();
  take_once(field, seen, fmt::format("\"{}\" option", shown(field.key.text)));
  need_value(field);
  if (field.value.text.empty()) {
    refuse(field.whole.span, SpecCode::MissingSource,
           "host directory cannot be empty: must provide an argument for option", "the source is empty",
           "give it a value, or leave it out");
  }
  draft_.source = field.value;
}

void PodmanMountReader::take_target(const Field& field) {
  bool seen = draft_.target.has_value();
  take_once(field, seen, fmt::format("\"{}\" option", shown(field.key.text)));
  need_value(field);
  check_podman_target(input_, field.value.text, field.value.span, rules_);
  draft_.target = field.value;
}

void PodmanMountReader::take_access(const Field& field) {
  take_once(field, access_, "'readonly', 'ro', or 'rw' mnt.Options");
  const std::string value = lower(field.value.text);
  const bool writable = field.key.text == "rw";
  if (!field.has_value || value == "true") {
    add(writable ? "rw" : "ro", field);
  } else if (value == "false" && writable) {
    add("ro", field);
  } else if (value != "false" && rules_.own) {
    refuse(field.value.span, SpecCode::BadBool, "", fmt::format("\"{}\" is not a boolean", shown(field.value.text)),
           "write \"true\" or \"false\"");  // Podman ignores the option then
  }
}

void PodmanMountReader::take_propagation(const Field& field) {
  need_type(field, "bind");
  need_value(field);
  const Option* const option = find_option(Flag::PodmanVolume, false, field.value.text);
  if (option == nullptr || option->group != Group::Propagation || option->kind != ValueKind::Word) {
    refuse(field.value.span, SpecCode::BadPropagation, fmt::format("invalid value \"{}\"", shown(field.whole.text)),
           fmt::format("\"{}\" is not a propagation", shown(field.value.text)),
           "write \"private\", \"rprivate\", \"shared\", \"rshared\", \"slave\", \"rslave\", \"unbindable\" or "
           "\"runbindable\"");
  }
  add(std::string{field.value.text}, field);
}

void PodmanMountReader::take_relabel(const Field& field) {
  take_once(field, relabel_, "'relabel' option");
  need_value(field);
  const Option* const option = find_option(Flag::PodmanMount, false, "relabel");
  (void)parse_value(input_, *option, field, rules_.own);
  add(field.value.text == "shared" ? "z" : "Z", field);
}

void PodmanMountReader::take_owner(const Field& field) {
  take_once(field, owner_, "'U' or 'chown' option");
  const std::string value = lower(field.value.text);
  if (value != "true" && value != "false" && !value.empty()) {
    refuse(field.value.span, SpecCode::BadBool,
           fmt::format("'U' or 'chown' must be set to true or false, instead received \"{}\"", shown(field.value.text)),
           fmt::format("\"{}\" is not a boolean", shown(field.value.text)), "write \"true\" or \"false\"");
  }
  if (value != "false") {
    add("U", field);
  }
}

void PodmanMountReader::take_subpath(const Field& field) {
  need_type(field, "volume");
  need_value(field);
  mount_.subpath = field.value.text;
  draft_.subpath_span = field.value.span;
}

/// This library's own words. Returns whether the field was one.
bool PodmanMountReader::take_own_field(const Field& field) {
  const Option* const option = rules_.own ? find_option(Flag::PodmanMount, true, field.key.text) : nullptr;
  if (option == nullptr || option->is_in(Flag::PodmanMount, false)) {
    return false;
  }
  check_spelling(input_, *option, field);
  if (!option->takes(mount_.type)) {
    refuse_for_type(input_, Flag::PodmanMount, field.key.text, field.key.span, option->types, type_text_,
                    {.code = SpecCode::OptionNotAllowed});
  }
  take(draft_, *option, parse_value(input_, *option, field, true));
  return true;
}

/// Words that exclude each other and say the same for every type. Returns whether the field was one.
bool PodmanMountReader::take_attribute_field(const Field& field, Word word) {
  switch (word) {
    case Word::Dev:
    case Word::NoDev:
      take_once(field, dev_, "'nodev' and 'dev' options");
      break;
    case Word::Exec:
    case Word::NoExec:
      take_once(field, exec_, "'noexec' and 'exec' options");
      break;
    case Word::Suid:
    case Word::NoSuid:
      take_once(field, suid_, "'nosuid' and 'suid' options");
      break;
    case Word::NoSwap:
      take_once(field, swap_, "'noswap' option");
      break;
    case Word::TmpCopyUp:
    case Word::NoTmpCopyUp:
      need_type(field, "tmpfs");
      take_once(field, copy_up_, "'tmpcopyup' and 'notmpcopyup' options");
      break;
    case Word::NoCreate:
      need_type(field, "volume");
      break;
    default:
      return false;
  }
  add(std::string{field.key.text}, field);
  return true;
}

/// Words with a value that becomes a word of its own. Returns whether the field was one.
bool PodmanMountReader::take_valued_field(const Field& field, Word word) {
  switch (word) {
    case Word::NonRecursive:
      need_type(field, "bind");
      add("bind", field);
      return true;
    case Word::IdMap:
      add(field.has_value ? fmt::format("idmap={}", field.value.text) : "idmap", field);
      return true;
    case Word::Size:
    case Word::Mode:
      need_type(field, "tmpfs");
      need_value(field);
      add(fmt::format("{}={}", word == Word::Size ? "size" : "mode", field.value.text), field);
      return true;
    case Word::VolumeOption:
      need_type(field, "volume");
      add(std::string{field.whole.text}, field);
      return true;
    case Word::VolumeLabel:
      refuse(field.key.span, SpecCode::Unsupported, "the --volume-label option is not presently implemented",
             "Podman has no \"volume-label\" yet", "label the volume when it is made");
    default:
      return word == Word::Consistency;
  }
}

void PodmanMountReader::take_common_field(const Field& field) {
  const Option* const option = find_option(Flag::PodmanMount, false, field.key.text);
  if (option == nullptr) {
    if (!take_own_field(field)) {
      refuse_option(field);
    }
    return;
  }
  switch (option->word) {
    case Word::Source:
      return take_source(field);
    case Word::Target:
      return take_target(field);
    case Word::ReadOnly:
    case Word::ReadWrite:
      return take_access(field);
    case Word::Propagation:
      return take_propagation(field);
    case Word::Relabel:
      return take_relabel(field);
    case Word::Chown:
      return take_owner(field);
    case Word::Subpath:
      return take_subpath(field);
    case Word::Type:
      return refuse_option(field);
    default:
      break;
  }
  if (!take_attribute_field(field, option->word) && !take_valued_field(field, option->word)) {
    add(std::string{field.key.text}, field);  // a bare word of every type
  }
}

}  // namespace dunnage::spec
