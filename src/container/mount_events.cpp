// SPDX-License-Identifier: Apache-2.0
#include "container/mount_events.hpp"

#include <dunnage/container.hpp>
#include <dunnage/error.hpp>

#include "container/failure.hpp"
#include "container/running.hpp"
#include "container/state.hpp"
#include "launcher/protocol.hpp"
#include "launcher/socket.hpp"
#include "plan/plan_json.hpp"

#include <nlohmann/json.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace dunnage {
namespace container {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostEventBytes = 40000;  ///< less than a message to the launcher's side may have

/// What tells a mount from others, of one with more to say than fits.
ResolvedMount short_of(const ResolvedMount& mount) {
  return {.kind = mount.kind,
          .file_kind = mount.file_kind,
          .target = mount.target,
          .source = mount.source,
          .read_only = mount.read_only,
          .volume = mount.volume,
          .store = mount.store,
          .subpath = mount.subpath,
          .image = mount.image,
          .image_id = mount.image_id};
}

std::string text_of(MountEvent::Kind kind, const ResolvedMount& mount) {
  const Json value{{"Kind", to_string(kind)}, {"Mounts", plan::to_value(MountPlan{{mount}})}};
  return value.dump();
}

}  // namespace

std::string encode_event(const MountEvent& event) {
  std::string text = text_of(event.kind, event.mount);
  return text.size() > kMostEventBytes ? text_of(event.kind, short_of(event.mount)) : text;
}

std::string cause_of_loss(const launcher::Failure& failure, const ResolvedMount& mount) {
  using launcher::Step;
  switch (failure.error) {
    case 0:
      return {};
    case ELOOP:
      return "a symbolic link has its name, or lies on the way to it";
    case EMEDIUMTYPE:
      return "what has its name is of another type";
    case ETIMEDOUT:
      return mount.on_loss.policy == LossPolicy::Keep
                 ? "its file system does not answer"
                 : "it did not answer in " + std::to_string(mount.on_loss.timeout.count()) + " ms";
    case ENOTCONN:
    case ECONNABORTED:
      return "the server of its file system is gone: " + std::generic_category().message(failure.error);
    case ENOENT:
      if (mount.on_loss.policy != LossPolicy::Keep) {
        return "it was removed, and nothing has its name";
      }
      break;
    default:
      break;
  }
  if (mount.on_loss.policy != LossPolicy::Keep && failure.step == Step::OpenSource) {
    return "it answers with an error: " + std::generic_category().message(failure.error);
  }
  const char* const what = failure.step == Step::WatchSource   ? "watch its directory"
                           : failure.step == Step::OpenSource  ? "open it"
                           : failure.step == Step::FindMount   ? "find what is mounted"
                           : failure.step == Step::HiddenMount ? "the container has mounted over it"
                                                               : "mount it";
  return std::string{what} + ": " + std::generic_category().message(failure.error);
}

std::string cause_of_stop(const launcher::Failure& failure, std::string_view words) {
  const MountEvent event = decode_event(words);
  const std::string source = event.mount.volume.empty() ? event.mount.source.string() : event.mount.volume;
  return "the mount \"" + source + "\" -> \"" + event.mount.target +
         "\" lost its source: " + cause_of_loss(failure, event.mount);
}

MountEvent decode_event(std::string_view text) {
  try {
    const Json value = Json::parse(text);
    MountEvent event;
    const auto word = value.at("Kind").get<std::string>();
    for (const auto kind : {MountEvent::Kind::Attached, MountEvent::Kind::Detached, MountEvent::Kind::Replaced,
                            MountEvent::Kind::Lost, MountEvent::Kind::Restored}) {
      event.kind = to_string(kind) == word ? kind : event.kind;
    }
    const MountPlan plan = plan::from_value(value.at("Mounts"));
    if (plan.size() != 1) {
      throw std::invalid_argument{"not one mount"};
    }
    event.mount = plan[std::size_t{0}];
    return event;
  } catch (const Json::exception& fault) {
    throw std::invalid_argument{fault.what()};
  } catch (const Error& fault) {
    throw std::invalid_argument{fault.what()};
  }
}

}  // namespace container

std::string_view to_string(MountEvent::Kind kind) noexcept {
  switch (kind) {
    case MountEvent::Kind::Attached:
      return "attached";
    case MountEvent::Kind::Detached:
      return "detached";
    case MountEvent::Kind::Replaced:
      return "replaced";
    case MountEvent::Kind::Lost:
      return "lost";
    case MountEvent::Kind::Restored:
      return "restored";
  }
  return "unknown";
}

std::string MountEvent::to_string() const {
  return std::string{dunnage::to_string(kind)} + ": " + mount.to_string() + (cause.empty() ? "" : ": " + cause);
}

struct MountEvents::State {
  std::string subject;
  kernel::FileDescriptor channel;
  std::vector<std::byte> buffer = std::vector<std::byte>(sizeof(launcher::Message) + launcher::kInlinePayload);
  bool ended = false;

  /// The size of the next message; 0 where there is none now, or no more.
  [[nodiscard]] std::size_t receive() {
    ssize_t size = -1;
    do {
      size = ::recv(channel.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    } while (size < 0 && errno == EINTR);
    if (size < 0 && errno == EAGAIN) {
      return 0;
    }
    ended = size < static_cast<ssize_t>(sizeof(launcher::Message));
    return ended ? 0 : static_cast<std::size_t>(size);
  }
};

MountEvents::MountEvents(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}
MountEvents::MountEvents(MountEvents&&) noexcept = default;
MountEvents& MountEvents::operator=(MountEvents&&) noexcept = default;
MountEvents::~MountEvents() = default;

int MountEvents::fd() const noexcept { return state_->channel.get(); }
bool MountEvents::ended() const noexcept { return state_->ended; }

std::optional<MountEvent> MountEvents::next() {
  while (!state_->ended) {
    const std::size_t size = state_->receive();
    if (size == 0) {
      break;
    }
    launcher::Message message;
    std::memcpy(&message, state_->buffer.data(), sizeof message);
    if (message.kind == launcher::MessageKind::MountsChanged) {
      const auto* const words = reinterpret_cast<const char*>(state_->buffer.data() + sizeof message);
      try {
        MountEvent event = container::decode_event({words, size - sizeof message});
        event.missed = static_cast<unsigned>(message.number);
        event.cause = container::cause_of_loss(message.failure, event.mount);
        return event;
      } catch (const std::invalid_argument& fault) {
        throw container::failure({Stage::Run, "read the mount events of container", state_->subject}, fault.what(),
                                 std::make_error_code(std::errc::bad_message),
                                 "use one version of the library in all processes");
      }
    }
    state_->ended = message.kind == launcher::MessageKind::Exited;
  }
  return std::nullopt;
}

MountEvents Container::mount_events() const {
  constexpr auto kTimeout = std::chrono::seconds{60};
  const auto run = state_->run();
  const container::Deed deed{Stage::Run, "watch the mounts of container", run->subject()};
  run->require_ours(deed.operation);
  return container::explained(deed, [&] {
    const launcher::Deadline deadline = std::chrono::steady_clock::now() + kTimeout;
    auto state = std::make_unique<MountEvents::State>();
    auto [ours, theirs] = launcher::make_channel();
    launcher::Message message;
    message.kind = launcher::MessageKind::Watch;
    const int channel = theirs.get();
    const int sent = launcher::send(run->channel(), message, {&channel, 1}, deadline);
    theirs.reset();
    const auto answer = sent == 0 ? launcher::receive(ours.get(), deadline) : std::optional{launcher::Received{}};
    if (!answer) {
      throw container::failure(deed, {}, errc::timed_out, "try again; the machine is very busy");
    }
    const int error = answer->message.failure.error;
    if (answer->message.kind != launcher::MessageKind::Answer || error == ESRCH) {
      throw container::failure(deed, {}, errc::not_running, "launch it again");
    }
    if (error != 0) {
      throw kernel::CallError{"watch", error};
    }
    state->subject = run->subject();
    state->channel = std::move(ours);
    return MountEvents{std::move(state)};
  });
}

}  // namespace dunnage
