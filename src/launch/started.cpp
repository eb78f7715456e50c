// SPDX-License-Identifier: Apache-2.0
#include "launch/started.hpp"

#include <dunnage/error.hpp>

#include <memory>
#include <string>
#include <utility>

namespace dunnage::launch {

std::shared_ptr<container::Running> take_started(const std::string& subject, kernel::FileDescriptor channel,
                                                 launcher::Received answer, OpenStreams& streams,
                                                 launcher::Deadline deadline,
                                                 std::shared_ptr<launcher::Connection> launcher) {
  container::Streams ends = streams.take();
  if (answer.message.has_terminal != 0) {
    auto terminal = launcher::receive(channel.get(), deadline);
    if (!terminal || terminal->descriptors.empty()) {
      throw LaunchError{{.stage = Stage::Launch,
                         .operation = "open the terminal of container",
                         .subject = subject,
                         .detail = {},
                         .cause = "its terminal did not arrive",
                         .code = errc::launcher_lost,
                         .remedy = "launch it again"}};
    }
    ends.terminal = std::move(terminal->descriptors.front());
  }
  kernel::FileDescriptor process =
      answer.descriptors.empty() ? kernel::FileDescriptor{} : std::move(answer.descriptors.front());
  return std::make_shared<container::Running>(subject, std::move(channel), std::move(process), std::move(ends),
                                              std::move(launcher));
}

}  // namespace dunnage::launch
