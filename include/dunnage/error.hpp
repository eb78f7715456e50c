// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The one kind of error this library throws, and how to tell its causes apart.
///
///     try { mounts.resolve().prepare(); }
///     catch (const dunnage::Error& error) {
///       std::cerr << error.what() << '\n';                 // one sentence: what, on what, why, what to do
///       if (error.code() == dunnage::errc::source_missing) create_it(error.subject());
///     }
///
/// Decide by `code()` or by type, never by text. A call that throws has changed nothing. Things that are not
/// failures are values: a program that exits with 1 is an ExitStatus, a volume that is absent is an empty optional.

#include <dunnage/export.hpp>
#include <dunnage/spec_code.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

namespace dunnage {

/// Where in the flow an error arose; the same words as the member functions and the folders of the source.
enum class Stage { Parse, Resolve, Prepare, Launch, Run, Store };

[[nodiscard]] DUNNAGE_API std::string_view to_string(Stage stage) noexcept;

/// What went wrong, where a plain errno would not say it. Each value also compares equal to the `std::errc` in
/// brackets, so `error.code() == std::errc::no_such_file_or_directory` works as well.
enum class errc {
  invalid_spec = 1,   ///< a mount specification cannot be understood [invalid_argument]
  invalid_argument,   ///< an option or a combination of options makes no sense [invalid_argument]
  duplicate_target,   ///< two mounts at one place in the container [file_exists]
  source_missing,     ///< the host path of a bind mount is absent [no_such_file_or_directory]
  target_conflict,    ///< a mount point of the wrong kind, or one the library keeps for itself [invalid_argument]
  volume_missing,     ///< no volume of that name [no_such_file_or_directory]
  volume_exists,      ///< a volume of that name is there already [file_exists]
  volume_in_use,      ///< a container uses the volume [device_or_resource_busy]
  volume_damaged,     ///< the volume's metadata cannot be read or fails its checksum [io_error]
  store_unusable,     ///< the store has the wrong owner, mode or version [permission_denied]
  container_missing,  ///< no container of that name or id [no_such_file_or_directory]
  container_exists,   ///< a container of that name is there already [file_exists]
  not_running,        ///< the container has ended or was not started [no_such_process]
  program_missing,    ///< the program to run is not in the container [no_such_file_or_directory]
  program_unusable,   ///< the program is there but cannot be executed [permission_denied]
  user_unknown,       ///< the user or group is not in the container's passwd or group file [invalid_argument]
  not_supported,      ///< this kernel, file system or user cannot do it [operation_not_supported]
  launcher_lost,      ///< the helper process that owns the containers has died [broken_pipe]
  wrong_process,      ///< a handle was used in a forked copy of the process that made it [operation_not_permitted]
  timed_out,          ///< the deadline passed [timed_out]
  image_missing,      ///< no image of that name [no_such_file_or_directory]
  image_in_use,       ///< a container is made of the image [device_or_resource_busy]
  image_invalid,      ///< an image, or an archive, is malformed or hostile [bad_message]
  digest_mismatch,    ///< content is not what its digest says [bad_message]
  limit_exceeded,     ///< an archive or a project is larger than it may be [file_too_large]
  pull_failed,        ///< a registry did not give the image [io_error]
  cancelled,          ///< the caller ended the operation [operation_canceled]
  not_granted,        ///< a project asks for what its caller did not grant [operation_not_permitted]
  volume_protected,   ///< the volume is protected from being removed [operation_not_permitted]
  snapshot_missing,   ///< no snapshot of that name of the volume [no_such_file_or_directory]
  snapshot_exists,    ///< a snapshot of that name is there already [file_exists]

  transaction_missing,   ///< no transaction of that name [no_such_file_or_directory]
  transaction_exists,    ///< a transaction of that name is there already [file_exists]
  transaction_in_use,    ///< a container uses the transaction [device_or_resource_busy]
  transaction_conflict,  ///< the source was changed meanwhile, too [device_or_resource_busy]
};

[[nodiscard]] DUNNAGE_API const std::error_category& error_category() noexcept;
[[nodiscard]] DUNNAGE_API std::error_code make_error_code(errc value) noexcept;

/// What an Error is made of. `remedy` names an action the reader can take.
struct ErrorInfo {
  Stage stage = Stage::Run;
  std::string operation;  ///< "prepare bind mount"
  std::string subject;    ///< "/srv/conf": the path, volume, container or mount it was about
  std::string detail;     ///< "-> \"/etc/app\" (read-only)": what else identifies the subject; may be empty
  std::string cause;      ///< "open_tree": the step that failed; may be empty
  std::error_code code;
  std::string remedy;
};

/// Base of all errors. `what()` reads
/// `cannot <operation> "<subject>" <detail>: <cause>: <reason> [<ERRNO>]; <remedy>`.
/// Thread safety: a value; copying does not throw.
class DUNNAGE_API Error : public std::system_error {
 public:
  explicit Error(ErrorInfo info);
  Error(const Error&) noexcept = default;
  Error& operator=(const Error&) noexcept = default;
  ~Error() override;

  [[nodiscard]] const char* what() const noexcept override;
  [[nodiscard]] Stage stage() const noexcept;
  [[nodiscard]] const std::string& operation() const noexcept;
  [[nodiscard]] const std::string& subject() const noexcept;
  [[nodiscard]] const std::string& remedy() const noexcept;

 protected:
  Error(ErrorInfo info, std::string message);

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

/// What an engine would have answered to a text it refuses.
struct SpecRefusal {
  SpecCode code = SpecCode::InvalidSpec;
  SpecStage stage = SpecStage::Parse;
  std::string words{};  ///< the distinctive part of the engine's own message; empty if only this library refuses
};

/// The request itself is wrong; nothing was done. `what()` shows the text with a caret under the offending part.
class DUNNAGE_API SpecError : public Error {
 public:
  /// \param text   the text that was parsed; the line in question is shown under the message
  /// \param column 0-based byte offset of the offending part in `text`; \param length its bytes (at least 1)
  SpecError(ErrorInfo info, SpecRefusal refusal, std::string_view text, std::size_t column, std::size_t length);
  ~SpecError() override;
  [[nodiscard]] std::size_t line() const noexcept { return line_; }      ///< 1-based
  [[nodiscard]] std::size_t column() const noexcept { return column_; }  ///< 1-based, in bytes of the line
  [[nodiscard]] std::size_t length() const noexcept { return length_; }
  [[nodiscard]] SpecCode spec_code() const noexcept { return refusal_->code; }
  [[nodiscard]] SpecStage spec_stage() const noexcept { return refusal_->stage; }
  [[nodiscard]] const std::string& engine_words() const noexcept { return refusal_->words; }

 private:
  std::shared_ptr<const SpecRefusal> refusal_;
  std::size_t line_;
  std::size_t column_;
  std::size_t length_;
};

/// A mount could not be resolved, prepared or attached.
class DUNNAGE_API MountError : public Error {
 public:
  MountError(ErrorInfo info, std::string source, std::string target);
  ~MountError() override;
  [[nodiscard]] const std::string& source() const noexcept { return source_; }
  [[nodiscard]] const std::string& target() const noexcept { return target_; }

 private:
  std::string source_;
  std::string target_;
};

/// A container or a program in it could not be started, or a running one could not be handled.
class DUNNAGE_API LaunchError : public Error {
 public:
  explicit LaunchError(ErrorInfo info);
  ~LaunchError() override;
};

/// A volume or the store itself.
class DUNNAGE_API VolumeError : public Error {
 public:
  explicit VolumeError(ErrorInfo info, std::vector<std::string> users = {});
  ~VolumeError() override;
  /// Names of the containers that use the volume; filled for errc::volume_in_use.
  [[nodiscard]] const std::vector<std::string>& users() const noexcept { return users_; }

 private:
  std::vector<std::string> users_;
};

/// An image, an archive of one, or a registry.
class DUNNAGE_API ImageError : public Error {
 public:
  explicit ImageError(ErrorInfo info, std::vector<std::string> users = {});
  ~ImageError() override;
  /// Names of the containers that are made of the image; filled for errc::image_in_use.
  [[nodiscard]] const std::vector<std::string>& users() const noexcept { return users_; }

 private:
  std::vector<std::string> users_;
};

}  // namespace dunnage

template <>
struct std::is_error_code_enum<dunnage::errc> : std::true_type {};
