// SPDX-License-Identifier: Apache-2.0
#include "container/control.hpp"

#include "kernel/call_error.hpp"
#include "kernel/descriptor_path.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace dunnage::container {
namespace {

using launcher::MessageKind;

constexpr int kBacklog = 512;

/// The paths of stores may be longer than the 108 bytes of sun_path, and might change; the descriptor is neither.
sockaddr_un address_of(int record_directory, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const kernel::DescriptorPath path{record_directory, name.c_str()};
  const std::string_view text{path.text};
  if (text.size() >= sizeof address.sun_path) {
    throw kernel::CallError{"bind", ENAMETOOLONG};
  }
  std::copy(text.begin(), text.end(), std::begin(address.sun_path));
  return address;
}

/// Neither accepting nor connecting may ever block: a stopped peer would stop us as well.
kernel::FileDescriptor make_socket() {
  kernel::FileDescriptor socket{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket) {
    throw kernel::CallError{"socket", errno};
  }
  return socket;
}

}  // namespace

kernel::FileDescriptor listen_control(int record_directory, const std::string& name) {
  const sockaddr_un address = address_of(record_directory, name);
  kernel::FileDescriptor socket = make_socket();
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw kernel::CallError{"bind", errno};
  }
  // connecting takes the right to write, which the umask of the host program may have taken away
  if (::fchmodat(record_directory, name.c_str(), S_IRUSR | S_IWUSR, 0) != 0) {
    throw kernel::CallError{"chmod", errno};
  }
  if (::listen(socket.get(), kBacklog) != 0) {
    throw kernel::CallError{"listen", errno};
  }
  return socket;
}

Knock knock(int record_directory) {
  const sockaddr_un address = address_of(record_directory, kControlName);
  kernel::FileDescriptor socket = make_socket();
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return {false, std::move(socket)};
  }
  if (errno == ECONNREFUSED || errno == ENOENT || errno == ENOTDIR || errno == EPROTOTYPE) {
    return {true, {}};
  }
  if (errno != EAGAIN && errno != EINTR) {  // EAGAIN: too many wait for it already
    throw kernel::CallError{"connect", errno};
  }
  return {};
}

Contact answer(int record_directory, Knock knock, launcher::Deadline deadline) {
  while (!knock.nobody) {
    if (knock.socket) {
      auto first = launcher::receive(knock.socket.get(), deadline);
      if (!first) {
        return {Listener::Silent, std::move(knock.socket), {}};
      }
      if (first->message.kind == MessageKind::Started) {
        return {Listener::Answering, std::move(knock.socket), std::move(*first)};
      }
      // hung up: it ended while we knocked, which shows at the next knock, or it has too many connections
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return {Listener::Silent, {}, {}};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
    knock = container::knock(record_directory);
  }
  return {};
}

Contact contact(int record_directory, launcher::Deadline deadline) {
  return answer(record_directory, knock(record_directory), deadline);
}

bool wait_for_end(int socket, launcher::Deadline deadline) {
  for (;;) {
    const auto received = launcher::receive(socket, deadline);
    if (!received) {
      return false;
    }
    if (received->message.kind == MessageKind::Exited || received->message.kind == MessageKind{}) {
      return true;
    }
  }
}

}  // namespace dunnage::container
