// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Reads one `podman run --mount`: the options of bind mounts, volumes and tmpfs in podman_mount_fields.cpp, the type,
/// the other types and the end in podman_mount.cpp.

#include "spec/draft.hpp"
#include "spec/field.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::spec {

class PodmanMountReader {
 public:
  PodmanMountReader(const Input& input, const Rules& rules) : input_{input}, rules_{rules}, csv_{input, input.all()} {}

  SpecMount read();

 private:
  [[noreturn]] void refuse(Span span, SpecCode code, std::string words, std::string cause, std::string remedy,
                           SpecStage stage = SpecStage::Parse) const {
    input_.refuse(at_least_one(span), {code, stage, std::move(words)}, std::move(cause), std::move(remedy));
  }

  void find_type();
  void take_field(const Field& field);
  void take_image_field(const Field& field);
  void take_devpts_field(const Field& field);
  void take_artifact_field(const Field& field);
  void take_common_field(const Field& field);
  bool take_own_field(const Field& field);
  bool take_attribute_field(const Field& field, Word word);
  bool take_valued_field(const Field& field, Word word);

  void take_source(const Field& field);
  void take_target(const Field& field);
  void take_access(const Field& field);
  void take_propagation(const Field& field);
  void take_relabel(const Field& field);
  void take_owner(const Field& field);
  void take_subpath(const Field& field);
  void take_once(const Field& field, bool& seen, std::string_view names);
  void add(std::string word, const Field& field);

  void need_value(const Field& field) const;
  void need_type(const Field& field, std::string_view wanted) const;
  [[noreturn]] void refuse_option(const Field& field) const;

  SpecMount finish();
  void finish_bind();
  void finish_memory();
  void finish_volume();
  void finish_image();

  const Input& input_;
  const Rules& rules_;
  CsvReader csv_;
  Draft draft_{};
  SpecMount& mount_ = draft_.mount;
  std::string type_text_ = "volume";
  std::vector<Field> fields_{};
  std::vector<Piece> words_{};  ///< of the flags, with their places
  std::vector<std::string> flags_{};
  bool access_ = false;
  bool suid_ = false;
  bool dev_ = false;
  bool exec_ = false;
  bool relabel_ = false;
  bool owner_ = false;
  bool swap_ = false;
  bool copy_up_ = false;
};

}  // namespace dunnage::spec
