// SPDX-License-Identifier: Apache-2.0
#include "transaction/place.hpp"

#include <dunnage/error.hpp>

#include "error/nearest.hpp"
#include "kernel/calls.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "model/volume_name.hpp"
#include "volume/metadata.hpp"
#include "volume/timestamp.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <span>
#include <string_view>
#include <thread>
#include <utility>

namespace dunnage::transaction {
namespace {

constexpr int kTransactionVersion = 1;
constexpr int kReadDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

VolumeError damaged_failure(const volume::Deed& deed, std::string damage) {
  return volume::deed_failure(deed, fmt::format("its metadata: {}", damage), make_error_code(errc::volume_damaged),
                              "see check_store() (store check); what it changed lies in its directory \"upper\" in the "
                              "store: discard it when you have what you need of that");
}

MetadataReading decode(std::string_view text, const std::string& name) {
  MetadataReading reading;
  if (auto damage = volume::checksum_fault(text)) {
    reading.damage = std::move(*damage);
    return reading;
  }
  const auto json = nlohmann::json::parse(fmt::format("{{{}", volume::without_checksum(text)), nullptr, false);
  try {
    if (json.at("version").get<int>() > kTransactionVersion) {
      reading.damage = "it has a newer format";
      reading.newer = true;
      return reading;
    }
    Metadata metadata;
    metadata.name = json.at("transaction").get<std::string>();
    metadata.id = json.at("id").get<std::string>();
    metadata.source = json.at("source").get<std::string>();
    metadata.ignored = json.at("ignored").get<std::uint32_t>();
    metadata.created_at = volume::parse_time(json.at("created_at").get<std::string>()).value_or(volume::TimePoint{});
    if (metadata.name != name) {
      reading.damage = fmt::format("it belongs to transaction \"{}\"", metadata.name);
    }
    reading.metadata = std::move(metadata);
  } catch (const nlohmann::json::exception&) {
    reading.damage = "it is not a record of a transaction";
  }
  return reading;
}

Place read_place(const volume::Deed& deed, kernel::FileDescriptor& directory, std::filesystem::path path) {
  Place place;
  place.path = std::move(path);
  MetadataReading reading = read_metadata(directory.get(), place.path.filename().string());
  if (reading.newer) {
    throw volume::deed_failure(deed, "its metadata: " + reading.damage, make_error_code(errc::not_supported),
                               "use a newer version of the library");
  }
  if (!reading.metadata || !reading.damage.empty()) {
    throw damaged_failure(deed, std::move(reading.damage));
  }
  place.metadata = std::move(*reading.metadata);
  place.upper = kernel::open_beneath(directory.get(), kUpperName, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (!place.upper) {
    throw kernel::CallError{"open the upper directory", errno};
  }
  place.directory = std::move(directory);
  return place;
}

}  // namespace

MetadataReading read_metadata(int directory, const std::string& name) {
  std::string buffer;
  const auto [text, number] =
      kernel::read_small_file(directory, volume::kMetadataName, buffer, volume::kMaxMetadataBytes);
  if (number != 0) {
    throw kernel::CallError{"read the metadata", number};
  }
  return decode(text, name);
}

std::optional<std::string> encode(const Metadata& metadata) {
  nlohmann::ordered_json json;
  json["version"] = kTransactionVersion;
  json["transaction"] = metadata.name;
  json["id"] = metadata.id;
  json["source"] = metadata.source;
  json["created_at"] = volume::format_time(metadata.created_at, volume::Precision::Nanoseconds);
  json["ignored"] = metadata.ignored;
  try {
    return volume::with_checksum(json.dump().substr(1) + "\n");  // its brace is in the first line
  } catch (const nlohmann::json::type_error&) {
    return std::nullopt;
  }
}

kernel::FileDescriptor open_transactions(const volume::Layout& layout) {
  auto transactions = kernel::open_beneath(layout.root.get(), kTransactionsName, kReadDirectory);
  if (!transactions && errno != ENOENT) {
    throw kernel::CallError{"open the transactions", errno};
  }
  return transactions;
}

std::filesystem::path path_of(const volume::Layout& layout, const std::string& name) {
  return layout.path / kTransactionsName / name;
}

Place open_place(const volume::Layout& layout, const volume::Deed& deed, const std::string& name) {
  const auto transactions = open_transactions(layout);
  kernel::FileDescriptor directory;
  if (transactions && model::is_valid_volume_name(name)) {
    directory = kernel::open_beneath(transactions.get(), name, kReadDirectory);
    if (!directory && errno != ENOENT) {
      throw kernel::CallError{"open the transaction", errno};
    }
  }
  if (!directory) {
    throw missing_failure(deed, transactions.get());
  }
  try {
    return read_place(deed, directory, path_of(layout, name));
  } catch (...) {
    require_place(layout, deed, directory.get());  // it is being deleted
    throw;
  }
}

void require_place(const volume::Layout& layout, const volume::Deed& deed, int directory) {
  const auto transactions = open_transactions(layout);
  if (!transactions || !kernel::is_at(transactions.get(), deed.volume, directory)) {
    throw missing_failure(deed, transactions.get());
  }
}

Place open_place(const std::filesystem::path& path, const volume::Deed& deed) {
  kernel::FileDescriptor directory{
      kernel::open_at2(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS)};
  if (!directory) {
    throw missing_failure(deed, -1);
  }
  return read_place(deed, directory, path);
}

kernel::FileDescriptor open_transaction_source(const volume::Deed& deed, const std::string& source) {
  const int opened = kernel::open_at2(AT_FDCWD, source.c_str(), O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
  if (opened == -ENOENT || opened == -ENOTDIR || opened == -ELOOP) {
    throw volume::deed_failure(deed, fmt::format("the source \"{}\"", source), make_error_code(errc::source_missing),
                               "put it back where it was");
  }
  if (opened < 0) {
    throw kernel::CallError{"open the source", -opened};
  }
  return kernel::FileDescriptor{opened};
}

TransactionLock::TransactionLock(int directory, Wish wish)
    : lock_{kernel::open_beneath(directory, volume::kLockName,
                                 (wish == Wish::Look ? O_RDONLY : O_RDWR) | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)} {
  constexpr int kAttempts = 20;
  constexpr auto kBetween = std::chrono::milliseconds{5};
  if (!lock_) {
    throw kernel::CallError{"open the lock", errno};
  }
  for (int attempt = 1; !held_; ++attempt) {
    held_ = ::flock(lock_.get(), (wish == Wish::Look ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0;
    if (!held_ && errno != EWOULDBLOCK) {
      throw kernel::CallError{"lock", errno};
    }
    if (held_ || wish == Wish::Look || attempt == kAttempts) {
      break;
    }
    std::this_thread::sleep_for(kBetween);
  }
}

TransactionLock::~TransactionLock() {
  if (lock_ && held_) {
    (void)::flock(lock_.get(), LOCK_UN);  // a copy may live on in a process forked meanwhile
  }
}

kernel::FileDescriptor TransactionLock::release() noexcept {
  held_ = false;
  return std::move(lock_);
}

VolumeError missing_failure(const volume::Deed& deed, int transactions) {
  std::vector<std::string> known;
  if (transactions >= 0) {
    known = kernel::names_in(transactions);
  }
  const auto near = error::nearest(deed.volume, std::span<const std::string>{known});
  return volume::deed_failure(deed, "", make_error_code(errc::transaction_missing),
                              near ? fmt::format("did you mean \"{}\"?", *near) : "begin it first");
}

VolumeError in_use_failure(const volume::Deed& deed) {
  return volume::deed_failure(deed, "", make_error_code(errc::transaction_in_use),
                              "end the container that uses it, or wait for whoever applies it");
}

}  // namespace dunnage::transaction
