// SPDX-License-Identifier: Apache-2.0
#include <dunnage/error.hpp>
#include <dunnage/mount_set.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace dunnage {
namespace {

/// Collects the words behind the second colon.
class Words {
 public:
  void add(std::string_view word) {
    text_ += text_.empty() ? ":" : ",";
    text_ += word;
  }
  void add_if(bool condition, std::string_view word) {
    if (condition) {
      add(word);
    }
  }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_{};
};

template <typename Options>
void add_shared(Words& words, const Options& options) {
  words.add_if(options.read_only, "ro");
  words.add_if(options.relabel == Relabel::Shared, "z");
  words.add_if(options.relabel == Relabel::Private, "Z");
  words.add_if(options.chown, "U");
  words.add_if(options.suid, "suid");
  words.add_if(options.dev, "dev");
  words.add_if(!options.exec, "noexec");
  if (options.overlay) {
    words.add("O");
    if (!options.overlay->upper.empty()) {
      words.add("upperdir=" + options.overlay->upper.string());
      words.add("workdir=" + options.overlay->work.string());
    }
  }
}

std::string text_of(const BindMount& mount) {
  Words words;
  add_shared(words, mount.options);
  words.add_if(mount.options.propagation != Propagation::RPrivate, to_string(mount.options.propagation));
  return mount.source.string() + ":" + mount.target + words.text();
}

std::string text_of(const VolumeMount& mount) {
  Words words;
  add_shared(words, mount.options);
  words.add_if(mount.options.no_copy, "nocopy");
  words.add_if(!mount.options.create, "nocreate");
  return (mount.name.empty() ? "" : mount.name + ":") + mount.target + words.text();
}

std::string text_of(const Tmpfs& /*mount*/) { return {}; }
std::string text_of(const ImageMount& /*mount*/) { return {}; }

}  // namespace

std::optional<std::string> to_volume_flag(const Mount& mount) {
  std::string text = std::visit([](const auto& kind) { return text_of(kind); }, mount);
  try {
    // What -v has no word for is missing in the text, and a colon in a path makes it mean something else.
    if (parse_volume_flag(text) == mount) {
      return text;
    }
  } catch (const SpecError&) {
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace dunnage
