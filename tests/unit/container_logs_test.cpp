// SPDX-License-Identifier: Apache-2.0
#include "container/logs.hpp"

#include "support/error_code.hpp"
#include "unit/container_support.hpp"

#include <dunnage/error.hpp>

#include <atomic>
#include <mutex>
#include <thread>

using namespace dunnage;
using namespace std::chrono_literals;
using test::append;
using test::log_entry;
using test::RecordStore;

namespace {

/// A container that has ended, and its log.
struct Ended : RecordStore {
  Ended() { leave(config_of("db"), test::kExitedState); }
  [[nodiscard]] std::filesystem::path log() const { return record("db") / "log"; }
  [[nodiscard]] std::filesystem::path older() const { return record("db") / "log.1"; }

  [[nodiscard]] std::string read(const LogOptions& options = {}) const {
    std::string text;
    containers.logs(
        "db", [&](const LogEntry& entry) { text += entry.data; }, options);
    return text;
  }
  [[nodiscard]] std::string tail(std::size_t lines) const {
    LogOptions options;
    options.tail = lines;
    return read(options);
  }
};

/// Follows the log of a container whose launcher is played by the test.
class Follower {
 public:
  Follower(const RecordStore& store, const container::Record& record, LogOptions options = {}) {
    options.follow = true;
    options.stop = stop_.get_token();
    thread_ = std::thread{[this, &store, options] {
      try {
        store.containers.logs(
            "db", [this](const LogEntry& entry) { take(entry); }, options);
      } catch (const std::exception& error) {
        const std::scoped_lock lock{mutex_};
        text_ += error.what();
      }
      done_ = true;
    }};
    connection_ = test::accept_and_greet(record.control.get(), launcher::ContainerState::Running);
  }
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;
  ~Follower() {
    stop_.request_stop();
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] std::string text() const {
    const std::scoped_lock lock{mutex_};
    return text_;
  }
  /// Whether it has read exactly this within a while.
  [[nodiscard]] bool reads(const std::string& wanted) const {
    for (int attempt = 0; attempt < 2000 && text() != wanted; ++attempt) std::this_thread::sleep_for(10ms);
    return text() == wanted;
  }
  [[nodiscard]] bool done() const { return done_; }
  void stop() { stop_.request_stop(); }
  void join() { thread_.join(); }
  void tell_end() {
    launcher::Message message;
    message.kind = launcher::MessageKind::Exited;
    REQUIRE(launcher::send(connection_.get(), message, {}, std::chrono::steady_clock::now() + 5s) == 0);
  }

 private:
  void take(const LogEntry& entry) {
    const std::scoped_lock lock{mutex_};
    text_ += entry.data;
  }

  mutable std::mutex mutex_;
  std::string text_;
  std::atomic<bool> done_{false};
  std::stop_source stop_;
  kernel::FileDescriptor connection_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a log is delivered as it was written, the older file first", "[container][logs]") {
  const Ended ended;
  append(ended.older(), log_entry("old\n", 0, 10));
  append(ended.log(), log_entry("out", 0, 20) + log_entry("err\n", 1, 21));
  std::vector<LogEntry::Stream> streams;
  std::vector<std::int64_t> seconds;
  std::string text;
  ended.containers.logs("db", [&](const LogEntry& entry) {
    streams.push_back(entry.stream);
    seconds.push_back(std::chrono::duration_cast<std::chrono::seconds>(entry.time.time_since_epoch()).count());
    text += std::string{entry.data} + "|";
  });
  CHECK(text == "old\n|out|err\n|");
  CHECK(streams == std::vector{LogEntry::Stream::Out, LogEntry::Stream::Out, LogEntry::Stream::Err});
  CHECK(seconds == std::vector<std::int64_t>{10, 20, 21});
}

TEST_CASE("a container that wrote nothing has an empty log", "[container][logs]") {
  const Ended ended;
  CHECK(ended.read().empty());
  CHECK(ended.tail(3).empty());
  std::filesystem::remove(ended.log());
  CHECK(ended.read().empty());
}

TEST_CASE("the tail of a log counts lines, not pieces", "[container][logs]") {
  const Ended ended;
  append(ended.older(), log_entry("1\n2"));
  append(ended.log(), log_entry("b\n3\n4\n") + log_entry("5\n6"));
  CHECK(ended.read() == "1\n2b\n3\n4\n5\n6");
  CHECK(ended.tail(0).empty());
  CHECK(ended.tail(1) == "6");
  CHECK(ended.tail(2) == "5\n6");
  CHECK(ended.tail(4) == "3\n4\n5\n6");
  CHECK(ended.tail(5) == "2b\n3\n4\n5\n6");
  CHECK(ended.tail(6) == "1\n2b\n3\n4\n5\n6");
  CHECK(ended.tail(100) == "1\n2b\n3\n4\n5\n6");
  append(ended.log(), log_entry("\n"));
  CHECK(ended.tail(1) == "6\n");
}

TEST_CASE("only what was written since a time is delivered, and counted", "[container][logs]") {
  const Ended ended;
  append(ended.log(), log_entry("a\n", 0, 10) + log_entry("b\n", 0, 20) + log_entry("c\n", 0, 30));
  LogOptions options;
  options.since = std::chrono::system_clock::time_point{20s};
  CHECK(ended.read(options) == "b\nc\n");
  options.tail = 5;
  CHECK(ended.read(options) == "b\nc\n");
  options.tail = 1;
  CHECK(ended.read(options) == "c\n");
  options.since = std::chrono::system_clock::time_point{31s};
  CHECK(ended.read(options).empty());
}

TEST_CASE("an entry that a crash cut off is left out, wherever it was cut", "[container][logs]") {
  const std::string torn = log_entry("lost in the crash");
  for (std::size_t size = 0; size < torn.size(); ++size) {
    const Ended ended;
    append(ended.older(), log_entry("one\n") + torn.substr(0, size));
    append(ended.log(), log_entry("two\n") + torn.substr(0, size));
    INFO(size << " bytes of it");
    CHECK(ended.read() == "one\ntwo\n");
    CHECK(ended.tail(1) == "two\n");
  }
}

TEST_CASE("the sizes in a damaged log are not believed", "[container][logs]") {
  const Ended ended;
  append(ended.log(), log_entry("one\n") + std::string(64, '\xff'));
  CHECK(ended.read() == "one\n");
}

TEST_CASE("a log larger than any buffer is read whole", "[container][logs]") {
  const Ended ended;
  std::string bytes;
  std::string wanted;
  for (int number = 0; number < 4000; ++number) {
    const std::string data = std::to_string(number) + std::string(static_cast<std::size_t>(number % 700), 'x') + "\n";
    bytes += log_entry(data);
    wanted += data;
  }
  const std::string large(std::size_t{3} << 20U, 'y');
  append(ended.log(), bytes + log_entry(large));
  CHECK((ended.read() == wanted + large));
  CHECK((ended.tail(1) == large));
}

TEST_CASE("following the log of a container that has ended ends", "[container][logs]") {
  const Ended ended;
  append(ended.log(), log_entry("last words\n"));
  LogOptions options;
  options.follow = true;
  CHECK(ended.read(options) == "last words\n");
}

TEST_CASE("a log is followed through its rotation until the container has ended", "[container][logs]") {
  const RecordStore store;
  container::Record record = store.create(RecordStore::config_of("db"));
  const auto log = store.record("db") / "log";
  const auto older = store.record("db") / "log.1";
  append(log, log_entry("a"));
  Follower follower{store, record};
  REQUIRE(follower.reads("a"));
  append(log, log_entry("b").substr(0, 5));  // half of it, and then the other half
  std::this_thread::sleep_for(120ms);
  append(log, log_entry("b").substr(5));
  REQUIRE(follower.reads("ab"));

  append(log, log_entry("c"));
  std::filesystem::rename(log, older);
  append(log, log_entry("d"));
  REQUIRE(follower.reads("abcd"));

  append(log, log_entry("e"));  // twice in one moment
  std::filesystem::rename(log, older);
  append(log, log_entry("f"));
  REQUIRE(follower.reads("abcdef"));

  CHECK_FALSE(follower.done());
  append(log, log_entry("g"));
  std::filesystem::rename(log, older);
  append(log, log_entry("h"));
  follower.tell_end();
  follower.join();
  CHECK(follower.text() == "abcdefgh");
}

TEST_CASE("a record that is removed under a reader's hands shows nothing twice", "[container][logs]") {
  const RecordStore store;
  container::Record record = store.create(RecordStore::config_of("db"));
  const auto log = store.record("db") / "log";
  append(log, log_entry("a"));
  std::filesystem::rename(log, store.record("db") / "log.1");
  append(log, log_entry("b"));
  Follower follower{store, record};
  REQUIRE(follower.reads("ab"));
  append(log, log_entry("c"));
  REQUIRE(follower.reads("abc"));
  std::filesystem::remove(log);  // one file goes after the other
  std::this_thread::sleep_for(200ms);
  std::filesystem::remove(store.record("db") / "log.1");
  follower.tell_end();
  follower.join();
  CHECK(follower.text() == "abc");
}

TEST_CASE("what the launcher goes on to write where it could not make a new file is delivered", "[container][logs]") {
  const RecordStore store;
  container::Record record = store.create(RecordStore::config_of("db"));
  const auto log = store.record("db") / "log";
  const auto older = store.record("db") / "log.1";
  append(log, log_entry("a"));
  Follower follower{store, record};
  REQUIRE(follower.reads("a"));
  std::filesystem::rename(log, older);
  append(older, log_entry("b"));
  REQUIRE(follower.reads("ab"));
  append(older, log_entry("c"));
  append(log, log_entry("d"));
  REQUIRE(follower.reads("abcd"));
  follower.tell_end();
  follower.join();
  CHECK(follower.text() == "abcd");
}

TEST_CASE("following ends when the launcher dies, and loses nothing", "[container][logs]") {
  const RecordStore store;
  container::Record record = store.create(RecordStore::config_of("db"));
  std::string text;
  {
    kernel::FileDescriptor connection;
    std::thread reader{[&] {
      LogOptions options;
      options.follow = true;
      store.containers.logs(
          "db", [&](const LogEntry& entry) { text += entry.data; }, options);
    }};
    connection = test::accept_and_greet(record.control.get(), launcher::ContainerState::Running);
    append(store.record("db") / "log", log_entry("last"));
    record.control.reset();
    connection.reset();
    reader.join();
  }
  CHECK(text == "last");
}

TEST_CASE("a stop request ends following", "[container][logs]") {
  const RecordStore store;
  const container::Record record = store.create(RecordStore::config_of("db"));
  append(store.record("db") / "log", log_entry("a\nb\n"));
  LogOptions options;
  options.tail = 1;
  Follower follower{store, record, options};
  REQUIRE(follower.reads("b\n"));
  append(store.record("db") / "log", log_entry("c\n"));
  REQUIRE(follower.reads("b\nc\n"));
  CHECK_FALSE(follower.done());
  follower.stop();
  follower.join();
  CHECK(follower.text() == "b\nc\n");
}

TEST_CASE("the log of a container that is not there is an error", "[container][logs]") {
  const Ended ended;
  CHECK(test::message_of([&] { ended.containers.logs("bd", [](const LogEntry&) {}); }) ==
        "cannot read the log of container \"bd\": no such container [ENOENT]; did you mean \"db\"?");
}

TEST_CASE("what a crash cut off is cleared away before a log goes on", "[container][logs]") {
  const Ended ended;
  append(ended.log(), log_entry("one\n") + log_entry("lost").substr(0, 18));
  container::Config config = RecordStore::config_of("db");
  config.id = ended.containers.inspect("db").id;
  const container::Record record = container::reopen_record(ended.layout(), config);
  const std::string two = log_entry("two\n");
  REQUIRE(::write(record.log.get(), two.data(), two.size()) == static_cast<ssize_t>(two.size()));
  CHECK(ended.read() == "one\ntwo\n");
}

TEST_CASE("a log is pulled without waiting, and its descriptor tells when there is more", "[container][logs]") {
  const RecordStore store;
  container::Record record = store.create(RecordStore::config_of("db"));
  const auto log = store.record("db") / "log";
  const auto can_be_read = [](const LogReader& reader) {
    return launcher::wait_readable(reader.fd(), std::chrono::steady_clock::now() + 20s);
  };
  std::optional<LogReader> reader;
  std::thread opener{[&] { reader.emplace(store.containers.read_log("db", {.follow = true})); }};
  const auto connection = test::accept_and_greet(record.control.get(), launcher::ContainerState::Running);
  opener.join();
  CHECK_FALSE(reader->next());
  CHECK_FALSE(launcher::wait_readable(reader->fd(), std::chrono::steady_clock::now() + 80ms));

  append(log, log_entry("a"));
  CHECK(can_be_read(*reader));
  CHECK(reader->next()->data == "a");
  CHECK_FALSE(reader->next());
  std::filesystem::rename(log, store.record("db") / "log.1");
  append(log, log_entry("b"));
  CHECK(can_be_read(*reader));
  CHECK(reader->next()->data == "b");
  CHECK_FALSE(reader->next());
  CHECK_FALSE(reader->ended());

  launcher::Message message;
  message.kind = launcher::MessageKind::Exited;
  REQUIRE(launcher::send(connection.get(), message, {}, std::chrono::steady_clock::now() + 5s) == 0);
  CHECK(can_be_read(*reader));
  CHECK_FALSE(reader->next());
  CHECK(reader->ended());
}

TEST_CASE("a log that is not followed is pulled to its end, which has nothing to wait for", "[container][logs]") {
  const Ended ended;
  append(ended.log(), log_entry("a") + log_entry("b"));
  LogReader reader = ended.containers.read_log("db");
  CHECK(reader.fd() == -1);
  CHECK(reader.next()->data == "a");
  CHECK_FALSE(reader.ended());
  CHECK(reader.next()->data == "b");
  CHECK_FALSE(reader.next());
  CHECK(reader.ended());
}

TEST_CASE("a record that is removed while its log is opened is missing, and has no empty log", "[container][logs]") {
  const RecordStore store;
  container::Record record = store.create(RecordStore::config_of("db"));
  std::error_code code;
  std::thread opener{[&] { code = test::code_of([&] { (void)store.containers.read_log("db", {.follow = true}); }); }};
  REQUIRE(launcher::wait_readable(record.control.get(), std::chrono::steady_clock::now() + 20s));  // it has the record
  std::filesystem::rename(store.record("db"), store.record("gone"));
  std::filesystem::remove(store.record("gone") / "log");
  const auto connection = test::accept_and_greet(record.control.get(), launcher::ContainerState::Running);
  opener.join();
  CHECK(code == errc::container_missing);
}
