// SPDX-License-Identifier: Apache-2.0
#include "model/target.hpp"
#include "model/words.hpp"
#include "spec/flag.hpp"
#include "spec/image_mount.hpp"
#include "spec/podman_words.hpp"
#include "spec/text.hpp"
#include "spec/words.hpp"

#include <dunnage/spec.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage {
namespace spec {
namespace {

/// What an engine understood, as a mount of this library. What has no counterpart is refused.
class Realisation {
 public:
  Realisation(const Input* input, SpecMount& mount) : input_{input}, mount_{mount} {}

  Mount realise();

 private:
  [[noreturn]] void refuse(std::string_view word, std::string cause, std::string remedy) const;

  void check_engine_error() const;
  void take_flags();
  void take_flag(const std::string& word);
  void take_id_map(const std::string& word);
  void take_tmpfs_flag(const std::string& word);
  void take_docker_tmpfs_words();
  [[nodiscard]] Recursion recursion() const;
  [[nodiscard]] Relabel relabel() const noexcept;

  template <typename Options>
  void take_shared(Options& options, bool exec);

  Mount bind();
  Mount volume();
  Mount tmpfs();

  const Input* input_;
  SpecMount& mount_;
};

void Realisation::refuse(std::string_view word, std::string cause, std::string remedy) const {
  if (input_ != nullptr) {
    input_->refuse(find_span(*input_, word), {.code = SpecCode::Unsupported}, std::move(cause), std::move(remedy),
                   errc::not_supported);
  }
  const Input shown_alone{kMountNoun, word};
  shown_alone.refuse(at_least_one(shown_alone.all()), {.code = SpecCode::Unsupported}, std::move(cause),
                     std::move(remedy), errc::not_supported);
}

void Realisation::check_engine_error() const {
  if (!mount_.engine_error.empty()) {
    const std::string& place = mount_.target;
    const Input alone{kComposeNoun, place};
    const Input& input = input_ != nullptr ? *input_ : alone;
    input.refuse(at_least_one(input.all()), {SpecCode::ExtraField, SpecStage::Create, mount_.engine_error},
                 "the engine refuses it: " + mount_.engine_error, "change the volume in the Compose file");
  }
}

Recursion Realisation::recursion() const {
  if (mount_.flags && has_word(*mount_.flags, "bind")) {
    return Recursion::Disabled;
  }
  return model::recursion_named(mount_.recursive).value_or(Recursion::Enabled);
}

Relabel Realisation::relabel() const noexcept {
  return mount_.selinux == "z" ? Relabel::Shared : mount_.selinux == "Z" ? Relabel::Private : Relabel::None;
}

void Realisation::take_id_map(const std::string& word) {
  auto owner = parse_id_map(word);
  if (!owner) {
    refuse(word, "a map of ids needs both uids and gids in ids of the container, which have an \"@\"",
           "write \"idmap=uids=@DISK-INSIDE-COUNT;gids=@DISK-INSIDE-COUNT\", or \"owner=...\" with --mount");
  }
  mount_.own.owner = *std::move(owner);
}

void Realisation::take_flag(const std::string& word) {
  SpecMount::Own& own = mount_.own;
  const auto after = [&](std::string_view key) { return word.substr(key.size()); };
  if (word == "z" || word == "Z") {
    mount_.selinux = word;
  } else if (word == "U") {
    own.chown = true;
  } else if (word == "exec" || word == "noexec") {
    own.exec = word == "exec";
  } else if (word == "suid" || word == "nosuid") {
    own.suid = word == "suid";
  } else if (word == "dev" || word == "nodev") {
    own.dev = word == "dev";
  } else if (word == "O") {
    own.overlay = own.overlay.value_or(OverlayOptions{});
  } else if (word.starts_with("upperdir=")) {
    own.overlay = own.overlay.value_or(OverlayOptions{});
    own.overlay->upper = after("upperdir=");
  } else if (word.starts_with("workdir=")) {
    own.overlay = own.overlay.value_or(OverlayOptions{});
    own.overlay->work = after("workdir=");
  } else if (word.starts_with("idmap")) {
    take_id_map(word);
  } else if (word == "no-dereference") {
    refuse(word, "option \"no-dereference\" is not supported", "name what the link points to");
  } else if (word == "unbindable" || word == "runbindable") {
    refuse(word, fmt::format("option \"{}\" is not supported", word),
           word == "unbindable" ? "use \"private\"" : "use \"rprivate\"");
  }
}

void Realisation::take_tmpfs_flag(const std::string& word) {
  const std::size_t equals = word.find('=');
  const std::string_view key = std::string_view{word}.substr(0, equals);
  const Option* const option = find_option(Flag::PodmanTmpfs, true, key);
  const bool propagates = option != nullptr && option->group == Group::Propagation && !option->takes(SpecType::Tmpfs);
  if (option == nullptr || propagates || option->word == Word::TmpCopyUp || option->word == Word::NoAtime ||
      option->word == Word::Chown) {
    refuse(word, fmt::format("option \"{}\" is not supported for a tmpfs", shown(key)),
           "leave it out; size, mode, uid, gid and nr_inodes can be set");
  }
  const Input alone{kTmpfsNoun, word};
  const Input& input = input_ != nullptr ? *input_ : alone;
  Field field = field_of({word, find_span(input, word)});
  Draft draft;
  draft.mount = std::move(mount_);
  take(draft, *option, parse_value(input, *option, field, true));
  mount_ = std::move(draft.mount);
}

/// Docker's `--tmpfs` as the engine merged it; this library's own reader leaves no words.
void Realisation::take_docker_tmpfs_words() {
  if (!mount_.words || mount_.flags) {
    return;
  }
  const std::vector<std::string> words = *mount_.words;
  for (const std::string& word : words) {
    const std::string_view key = std::string_view{word}.substr(0, word.find('='));
    const Option* const option = find_option(Flag::DockerTmpfs, true, key);
    if (option == nullptr || !option->takes(SpecType::Tmpfs) || option->word == Word::NoAtime) {
      refuse(word, fmt::format("option \"{}\" is not supported for a tmpfs", shown(key)),
             "leave it out; size, mode, uid, gid and nr_inodes can be set");
    }
    take_tmpfs_flag(word);
  }
}

void Realisation::take_flags() {
  if (!mount_.flags) {
    return;
  }
  const std::vector<std::string> words = *mount_.flags;
  for (const std::string& word : words) {
    if (mount_.type == SpecType::Tmpfs) {
      take_tmpfs_flag(word);
    } else {
      take_flag(word);
    }
  }
}

template <typename Options>
void Realisation::take_shared(Options& options, bool exec) {
  options.read_only = mount_.read_only;
  options.suid = mount_.own.suid.value_or(false);
  options.dev = mount_.own.dev.value_or(false);
  options.exec = mount_.own.exec.value_or(exec);
}

Mount Realisation::bind() {
  if (is_windows_path(mount_.source)) {
    refuse(mount_.source, "the source is a path of Windows", "give a path of this host, which begins with \"/\"");
  }
  BindMount result{.source = std::move(mount_.source), .target = std::move(mount_.target)};
  BindOptions& options = result.options;
  take_shared(options, options.exec);
  const auto propagation = model::propagation_named(mount_.propagation);
  if (!propagation && !mount_.propagation.empty()) {
    refuse(mount_.propagation, fmt::format("propagation \"{}\" is not supported", mount_.propagation),
           "use \"private\" or \"rprivate\"");
  }
  options.propagation = propagation.value_or(options.propagation);
  options.recursion = recursion();
  options.create_source = mount_.create_host_path.value_or(false);
  SpecMount::Own& own = mount_.own;
  options.create_mode = own.create_mode.value_or(options.create_mode);
  options.create_uid = own.create_uid;
  options.create_gid = own.create_gid;
  options.optional = own.optional;
  options.require_mountpoint = own.require_mountpoint;
  options.follow = own.follow_name ? Follow::Name : Follow::Inode;
  options.owner = std::move(own.owner);
  options.chown = own.chown;
  options.relabel = relabel();
  options.exclude = std::move(own.exclude);
  options.overlay = std::move(own.overlay);
  options.on_loss = own.on_loss;
  options.transaction = std::move(own.transaction);
  if (mount_.type == SpecType::Overlay && !options.overlay) {
    options.overlay = OverlayOptions{};
  }
  return result;
}

Mount Realisation::volume() {
  std::string& name = mount_.engine_name.empty() ? mount_.source : mount_.engine_name;
  VolumeMount result{.name = std::move(name), .target = std::move(mount_.target)};
  VolumeMountOptions& options = result.options;
  take_shared(options, options.exec);
  options.no_copy = mount_.no_copy;
  options.labels = std::move(mount_.labels);
  options.subpath = std::move(mount_.subpath);
  options.driver = std::move(mount_.driver);
  options.driver_options = std::move(mount_.driver_options);
  options.create = !mount_.no_create;
  SpecMount::Own& own = mount_.own;
  options.owner = std::move(own.owner);
  options.chown = own.chown;
  options.relabel = relabel();
  options.exclude = std::move(own.exclude);
  options.access = own.access;
  options.access_timeout = own.access_timeout;
  options.overlay = std::move(own.overlay);
  options.on_loss = own.on_loss;
  return result;
}

Mount Realisation::tmpfs() {
  take_docker_tmpfs_words();
  if (mount_.engine == Engine::Compose && mount_.tmpfs_size.value_or(0) < 0) {
    refuse(mount_.target, "a tmpfs of a negative size is not supported", "give it a limit, like \"64m\"");
  }
  Tmpfs result{.target = std::move(mount_.target)};
  TmpfsOptions& options = result.options;
  take_shared(options, mount_.engine == Engine::Podman);  // Podman's default has no noexec
  if (mount_.tmpfs_size && *mount_.tmpfs_size != 0) {
    options.size = static_cast<std::uint64_t>(*mount_.tmpfs_size);
  }
  options.mode = mount_.tmpfs_mode.value_or(options.mode);
  options.uid = mount_.own.uid;
  options.gid = mount_.own.gid;
  options.nr_inodes = mount_.own.inodes;
  options.no_swap = mount_.own.no_swap;
  return result;
}

Mount Realisation::realise() {
  check_engine_error();
  take_flags();
  if (mount_.flags || mount_.engine == Engine::Compose) {
    if (const auto fault = model::fault_of_target(mount_.target)) {
      refuse(mount_.target, std::string{fault->cause}, std::string{fault->remedy});
    }
    mount_.target = model::clean_path(mount_.target);
  }
  switch (mount_.type) {
    case SpecType::Bind:
    case SpecType::Overlay:
      return bind();
    case SpecType::Volume:
      return volume();
    case SpecType::Tmpfs:
      return tmpfs();
    case SpecType::Image:
      if (mount_.source.empty()) {
        refuse(mount_.target, "no image", "name one as the source");
      }
      return image_mount(std::move(mount_));
    default:
      refuse(to_string(mount_.type), fmt::format("mount type \"{}\" is not supported", to_string(mount_.type)),
             "use \"bind\", \"volume\", \"tmpfs\" or \"image\"");
  }
}

}  // namespace

Mount realise(const Input* input, SpecMount&& mount) { return Realisation{input, mount}.realise(); }

}  // namespace spec

Mount to_mount(const SpecMount& mount) {
  SpecMount copy = mount;
  return spec::realise(nullptr, std::move(copy));
}

VolumesFrom to_volumes_from(const SpecVolumesFrom& value) {
  if (value.service) {
    const spec::Input input{spec::kVolumesFromNoun, value.container};
    input.refuse(spec::at_least_one(input.all()), {.code = SpecCode::Unsupported},
                 "a service of Compose is not a container", "name the service's container", errc::not_supported);
  }
  return {.container = value.container, .read_only = value.read_only.value_or(false)};
}

}  // namespace dunnage
