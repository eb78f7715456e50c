// SPDX-License-Identifier: Apache-2.0
#include <dunnage/error.hpp>

#include <array>
#include <string>
#include <string_view>
#include <system_error>

namespace dunnage {
namespace {

struct Meaning {
  errc value;
  std::string_view text;
  std::errc condition;
};

constexpr std::array kMeanings{
    Meaning{errc::invalid_spec, "invalid specification", std::errc::invalid_argument},
    Meaning{errc::invalid_argument, "invalid argument", std::errc::invalid_argument},
    Meaning{errc::duplicate_target, "the target is taken", std::errc::file_exists},
    Meaning{errc::source_missing, "the source does not exist", std::errc::no_such_file_or_directory},
    Meaning{errc::target_conflict, "the target cannot be mounted on", std::errc::invalid_argument},
    Meaning{errc::volume_missing, "no such volume", std::errc::no_such_file_or_directory},
    Meaning{errc::volume_exists, "the volume exists", std::errc::file_exists},
    Meaning{errc::volume_in_use, "the volume is in use", std::errc::device_or_resource_busy},
    Meaning{errc::volume_damaged, "the volume's metadata is damaged", std::errc::io_error},
    Meaning{errc::store_unusable, "the store cannot be used", std::errc::permission_denied},
    Meaning{errc::container_missing, "no such container", std::errc::no_such_file_or_directory},
    Meaning{errc::container_exists, "the container exists", std::errc::file_exists},
    Meaning{errc::not_running, "the container is not running", std::errc::no_such_process},
    Meaning{errc::program_missing, "no such program in the container", std::errc::no_such_file_or_directory},
    Meaning{errc::program_unusable, "the program cannot be executed", std::errc::permission_denied},
    Meaning{errc::user_unknown, "no such user in the container", std::errc::invalid_argument},
    Meaning{errc::not_supported, "not supported here", std::errc::operation_not_supported},
    Meaning{errc::launcher_lost, "the launcher has died", std::errc::broken_pipe},
    Meaning{errc::wrong_process, "the handle belongs to another process", std::errc::operation_not_permitted},
    Meaning{errc::timed_out, "the deadline passed", std::errc::timed_out},
    Meaning{errc::image_missing, "no such image", std::errc::no_such_file_or_directory},
    Meaning{errc::image_in_use, "the image is in use", std::errc::device_or_resource_busy},
    Meaning{errc::image_invalid, "the image is malformed", std::errc::bad_message},
    Meaning{errc::digest_mismatch, "the content does not have its digest", std::errc::bad_message},
    Meaning{errc::limit_exceeded, "the archive is larger than it may be", std::errc::file_too_large},
    Meaning{errc::pull_failed, "the registry did not give the image", std::errc::io_error},
    Meaning{errc::cancelled, "the operation was ended", std::errc::operation_canceled},
    Meaning{errc::volume_protected, "the volume is protected", std::errc::operation_not_permitted},
    Meaning{errc::not_granted, "it was not granted", std::errc::operation_not_permitted},
    Meaning{errc::snapshot_missing, "no such snapshot", std::errc::no_such_file_or_directory},
    Meaning{errc::snapshot_exists, "the snapshot exists", std::errc::file_exists},
    Meaning{errc::transaction_missing, "no such transaction", std::errc::no_such_file_or_directory},
    Meaning{errc::transaction_exists, "the transaction exists", std::errc::file_exists},
    Meaning{errc::transaction_in_use, "the transaction is in use", std::errc::device_or_resource_busy},
    Meaning{errc::transaction_conflict, "changed on both sides", std::errc::device_or_resource_busy},
};

class Category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "dunnage"; }

  [[nodiscard]] std::string message(int value) const override {
    for (const Meaning& meaning : kMeanings) {
      if (static_cast<int>(meaning.value) == value) {
        return std::string{meaning.text};
      }
    }
    return "unknown error";
  }

  [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
    for (const Meaning& meaning : kMeanings) {
      if (static_cast<int>(meaning.value) == value) {
        return std::make_error_condition(meaning.condition);
      }
    }
    return {value, *this};
  }
};

}  // namespace

const std::error_category& error_category() noexcept {
  static constinit const Category category;
  return category;
}

std::error_code make_error_code(errc value) noexcept { return {static_cast<int>(value), error_category()}; }

std::string_view to_string(Stage stage) noexcept {
  switch (stage) {
    case Stage::Parse:
      return "parse";
    case Stage::Resolve:
      return "resolve";
    case Stage::Prepare:
      return "prepare";
    case Stage::Launch:
      return "launch";
    case Stage::Run:
      return "run";
    case Stage::Store:
      return "store";
  }
  return "unknown";
}

}  // namespace dunnage
