// SPDX-License-Identifier: Apache-2.0

// Verbs of Docker Compose that cannot be done here, each with the reason: who types them is not told that they are
// misspelt.

#include "compose.hpp"

#include <array>
#include <stdexcept>

namespace cli {
namespace {

struct Refused {
  const char* verb;
  const char* why;
};

constexpr std::array kRefused{
    Refused{"attach",
            "the terminal of a container that runs by itself is nobody's; use logs -f to read and exec to act"},
    Refused{"build",
            "images are not built here; build them with another program, load them with dunnage load, and name "
            "them with image"},
    Refused{"commit", "no image is made of a container; copy what you need out of it with compose cp"},
    Refused{"create", "a container is started when it is made; use up -d, or plan to see what would be made"},
    Refused{"events", "there is no daemon that would tell; use ps, or logs -f"},
    Refused{"export", "no archive is made of a container; copy what you need out of it with compose cp"},
    Refused{"port", "no port of the host leads to a container; with network_mode: host it listens on the host itself"},
    Refused{"push", "no image is built here that could be pushed"},
    Refused{"stats", "what containers use is not measured; use top"},
    Refused{"watch", "sources are not watched; run up -d again after a change"},
};

}  // namespace

void add_compose_refused(const Compose& compose) {
  for (const Refused& refused : kRefused) {
    CLI::App& command = compose.verb(refused.verb, std::string{"Not here: "} + refused.why);
    command.allow_extras();
    command.group("");
    command.callback([&session = compose.session, &refused] {
      session.action = [&refused]() -> int {
        throw std::runtime_error{std::string{"compose "} + refused.verb + " cannot be done: " + refused.why};
      };
    });
  }
}

}  // namespace cli
