// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// An overlay of many layers, put together from descriptors: an image's root file system. The layers and what is
/// written to them lie below one directory, and are opened there. No C library, no allocation.

#include "kernel/descriptor_path.hpp"
#include "launcher/overlay.hpp"

namespace dunnage::launcher {

constexpr uint64_t kInStore = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;

/// Names below the directory.
struct LayerTexts {
  const char* upper = "";
  const char* work = "";
  const char* layers = "";           ///< one after the other, each with its NUL, the top one first
  const int* descriptors = nullptr;  ///< of the layers, if they are open already
  int written = -1;                  ///< what `upper` and `work` are names in, if not the directory
};

inline const char* next_text(const char* text) noexcept {
  while (*text != '\0') {
    ++text;
  }
  return text + 1;
}

inline DetachResult layer_failure(Step step, long answer, uint32_t index) noexcept {
  DetachResult result;
  result.failure = failure_of(step, answer);
  result.failure.mount = static_cast<int32_t>(index);
  return result;
}

/// Tells an overlay its directories: by descriptor, or, before Linux 6.13, by a path that is one. Probed with the
/// first.
class LayerTeller {
 public:
  explicit LayerTeller(int context) noexcept : context_{context} {}

  int tell(const char* key, int directory) noexcept {
    if (!by_path_) {
      const int answer = kernel::configure_descriptor(context_, key, directory);
      if (told_ || answer != -EINVAL) {
        told_ = told_ || answer >= 0;
        return answer;
      }
    }
    const int answer = kernel::configure_string(context_, key, kernel::DescriptorPath{directory}.text);
    if (!by_path_ && answer == -EINVAL) {
      return -EOPNOTSUPP;  // Linux before 6.5 has no such key
    }
    by_path_ = true;
    return answer;
  }

 private:
  int context_;
  bool told_ = false;
  bool by_path_ = false;
};

/// The directory changes go to, and its work directory, below `directory`.
inline Upper open_kept(int directory, const LayerTexts& texts, bool fresh, int top) noexcept {
  Upper result;
  result.upper = kernel::open_at2(directory, texts.upper, O_RDONLY | O_DIRECTORY, kInStore);
  result.work = kernel::open_at2(directory, texts.work, O_PATH | O_DIRECTORY, kInStore);
  const int worse = result.upper < 0 ? result.upper : result.work;
  if (worse < 0) {
    result.failure = failure_of(Step::OpenUpper, worse);
  } else if (fresh) {
    const long answer = copy_owner_and_mode(top, result.upper);
    result.failure = answer < 0 ? failure_of(Step::CreateUpper, answer) : Failure{};
  } else {
    // the mark of a volatile overlay, which the kernel takes for a loss of power (overlayfs.rst)
    constexpr char kMark[] = "work/incompat/volatile";
    (void)kernel::raw_syscall(__NR_unlinkat, result.work, kernel::as_argument("work/incompat/volatile/dirty"), 0);
    (void)kernel::raw_syscall(__NR_unlinkat, result.work, kernel::as_argument(kMark), AT_REMOVEDIR);
  }
  return result;
}

inline Upper upper_of(int directory, const LayerTexts& texts, const DetachRequest& request, int top) noexcept {
  switch (request.upper) {
    case UpperKind::Memory:
      return make_upper(top, request.size);
    case UpperKind::Fresh:
    case UpperKind::Kept:
      return open_kept(texts.written >= 0 ? texts.written : directory, texts, request.upper == UpperKind::Fresh, top);
    default:
      return {};
  }
}

/// What a layer brings along about where its content really is must not be obeyed, whoever unpacked it.
inline int configure_layers(int context, const DetachRequest& request) noexcept {
  int answer = kernel::configure_string(context, "source", "overlay");
  answer = answer < 0 ? answer : kernel::configure_string(context, "redirect_dir", "nofollow");
  answer = answer < 0 ? answer : kernel::configure_string(context, "metacopy", "off");
  answer = answer < 0 ? answer : kernel::configure_string(context, "index", "off");
  if (answer >= 0 && request.user_xattr != 0) {
    answer = kernel::configure_flag(context, "userxattr");
  }
  if (answer >= 0 && request.is_volatile != 0 && request.upper != UpperKind::None) {
    answer = kernel::configure_flag(context, "volatile");
  }
  return answer;
}

/// Opens the layers one after the other: the kernel keeps what it was told.
inline DetachResult tell_layers(LayerTeller& teller, int directory, const LayerTexts& texts, uint32_t count,
                                uint32_t first) noexcept {
  const char* name = texts.layers;
  for (uint32_t index = 0; index < count; ++index, name = next_text(name)) {
    if (index < first) {
      continue;
    }
    const bool opened = texts.descriptors != nullptr;
    const int layer =
        opened ? texts.descriptors[index] : kernel::open_at2(directory, name, O_PATH | O_DIRECTORY, kInStore);
    if (layer < 0) {
      return layer_failure(Step::OpenLayer, layer, index);
    }
    const int answer = teller.tell("lowerdir+", layer);
    if (!opened) {
      (void)kernel::close_descriptor(layer);
    }
    if (answer < 0) {
      return layer_failure(Step::AddLayer, answer, index);
    }
  }
  return {};
}

inline DetachResult overlay_layers(int directory, const LayerTexts& texts, const DetachRequest& request,
                                   int top) noexcept {
  const int context = kernel::open_file_system("overlay");
  if (context < 0) {
    return detach_failure(Step::CreateFileSystem, -context);
  }
  LayerTeller teller{context};
  DetachResult result;
  int answer = teller.tell("lowerdir+", top);
  result = answer < 0 ? layer_failure(Step::AddLayer, answer, 0)
                      : tell_layers(teller, directory, texts, request.layer_count, 1);
  Upper upper;
  if (result.failure.error == 0) {
    upper = upper_of(directory, texts, request, top);
    result.failure = upper.failure;
  }
  if (result.failure.error == 0) {
    answer = configure_layers(context, request);
    if (request.upper != UpperKind::None) {
      answer = answer < 0 ? answer : teller.tell("upperdir", upper.upper);
      answer = answer < 0 ? answer : teller.tell("workdir", upper.work);
    }
    result = finish_file_system(context, answer, request.attributes);
  } else {
    (void)kernel::close_descriptor(context);
  }
  upper.close_all();
  return result;
}

/// One layer that nothing is written to needs no overlay, and the kernel makes none.
inline DetachResult bind_layer(int layer, const DetachRequest& request) noexcept {
  DetachResult result;
  result.fd = kernel::open_tree_at(layer, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
  if (result.fd < 0) {
    return layer_failure(Step::AddLayer, result.fd, 0);
  }
  const int answer =
      kernel::set_seen_attributes(result.fd, 0, request.attributes | MOUNT_ATTR_RDONLY, request.propagation);
  result.failure = answer < 0 ? failure_of(Step::SetAttributes, answer) : Failure{};
  return close_if_failed(result);
}

/// \param directory what all names are below. A failure's `mount` is the index of the layer it is about, from the top.
inline DetachResult detach_layers(int directory, const LayerTexts& texts, const DetachRequest& request) noexcept {
  if (request.layer_count == 0 || request.layer_count > kMostLayers) {
    return detach_failure(Step::AddLayer, request.layer_count == 0 ? EINVAL : E2BIG);
  }
  const int top = kernel::open_at2(directory, texts.layers, O_PATH | O_DIRECTORY, kInStore);
  if (top < 0) {
    return layer_failure(Step::OpenLayer, top, 0);
  }
  const bool bind = request.layer_count == 1 && request.upper == UpperKind::None;
  const DetachResult result = bind ? bind_layer(top, request) : overlay_layers(directory, texts, request, top);
  (void)kernel::close_descriptor(top);
  return result;
}

}  // namespace dunnage::launcher
