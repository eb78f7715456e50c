// SPDX-License-Identifier: Apache-2.0
#include "image/skopeo.hpp"

#include "image/blob.hpp"
#include "image/failure.hpp"
#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/kept_program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>

namespace dunnage::image {
namespace {

constexpr std::size_t kMostLog = std::size_t{64} << 10U;

/// All that skopeo, and the credential helpers it calls, are told of the host program's environment.
constexpr std::array kVariables{"HOME",        "XDG_RUNTIME_DIR", "REGISTRY_AUTH_FILE", "HTTP_PROXY",
                                "HTTPS_PROXY", "NO_PROXY",        "http_proxy",         "https_proxy",
                                "no_proxy",    "ALL_PROXY",       "all_proxy"};

std::string variable(const char* name, const char* otherwise) {
  const char* value = ::secure_getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

std::vector<std::string> make_environment() {
  std::vector<std::string> environment{"PATH=" + variable("PATH", "/usr/local/bin:/usr/bin:/bin")};
  for (const char* name : kVariables) {
    if (std::string value = variable(name, ""); !value.empty()) {
      environment.push_back(fmt::format("{}={}", name, value));
    }
  }
  return environment;
}

std::string find_skopeo(const std::vector<std::string>& environment) {
  const std::string path = launcher::find_program("skopeo", environment);
  if (path.empty()) {
    throw Fault{errc::not_supported, "skopeo(1), which talks to registries, is not installed",
                "install the package skopeo, or load the image from a file"};
  }
  return path;
}

/// skopeo has a rule about signatures for every image. Where the machine has none, it refuses all of them.
bool has_policy() {
  const std::string home = variable("HOME", "");
  return (!home.empty() && ::access((home + "/.config/containers/policy.json").c_str(), F_OK) == 0) ||
         ::access("/etc/containers/policy.json", F_OK) == 0;
}

struct Pipe {
  kernel::FileDescriptor read;
  kernel::FileDescriptor write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw kernel::CallError{"pipe", errno};
  }
  Pipe pipe{kernel::FileDescriptor{ends[0]}, kernel::FileDescriptor{ends[1]}};
  if (::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK) != 0) {
    throw kernel::CallError{"fcntl", errno};
  }
  return pipe;
}

/// Adds what can be read now. Closes the descriptor at the end.
void drain(kernel::FileDescriptor& from, std::string& text) {
  std::array<char, 16384> buffer;
  while (from) {
    const ssize_t got = ::read(from.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0 && errno == EAGAIN) {
      return;
    }
    if (got <= 0) {
      from.reset();
      return;
    }
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > kMaxDocumentBytes) {
      return;  // the caller has enough
    }
  }
}

void wait_for_any(const kernel::FileDescriptor& out, const kernel::FileDescriptor& log, int channel) {
  constexpr int kGlance = 100;  // milliseconds between two looks at the caller's wishes
  std::array<pollfd, 3> items{pollfd{out.get(), POLLIN, 0}, pollfd{log.get(), POLLIN, 0}, pollfd{channel, POLLIN, 0}};
  (void)::poll(items.data(), items.size(), kGlance);  // whatever it says, all are looked at next
}

}  // namespace

Skopeo::Skopeo(const PullOptions& options, Watching& watching, std::string subject, std::string work)
    : options_{options},
      watching_{watching},
      subject_{std::move(subject)},
      work_{std::move(work)},
      environment_{make_environment()},
      program_{find_skopeo(environment_)} {}

std::string Skopeo::run(std::vector<std::string> arguments, const std::function<std::uint64_t()>& fetched,
                        std::uint64_t total) const {
  std::vector<std::string> argv{"skopeo", "--tmpdir=" + work_};
  if (!has_policy()) {
    argv.emplace_back("--insecure-policy");
  }
  if (!options_.registries_conf.empty()) {
    argv.push_back("--registries-conf=" + std::filesystem::absolute(options_.registries_conf).string());
  }
  std::move(arguments.begin(), arguments.end(), std::back_inserter(argv));
  Pipe out = make_pipe();
  Pipe log = make_pipe();
  launcher::KeptProgram program{{.path = program_,
                                 .argv = std::move(argv),
                                 .environment = environment_,
                                 .out = out.write.get(),
                                 .err = log.write.get()}};
  out.write.reset();
  log.write.reset();
  std::string text;
  std::string words;
  std::optional<int> status;
  while (!status) {
    wait_for_any(out.read, log.read, program.channel());
    status = program.status();
    drain(out.read, text);
    drain(log.read, words);
    if (words.size() > kMostLog) {
      words.erase(0, words.size() - kMostLog / 2);
    }
    if (text.size() > kMaxDocumentBytes) {
      throw Fault{errc::limit_exceeded, fmt::format("its manifest has more than {} MiB", kMaxDocumentBytes >> 20U),
                  "make an image with smaller metadata"};
    }
    watching_.at(subject_, fetched ? fetched() : 0, total);
  }
  if (*status != 0) {
    throw refusal(last_words(words), *status);
  }
  return text;
}

void Skopeo::add_source(std::vector<std::string>& arguments, const std::string& prefix,
                        const std::string& reference) const {
  if (!options_.auth_file.empty()) {
    arguments.push_back("--" + prefix + "authfile=" + std::filesystem::absolute(options_.auth_file).string());
  }
  if (!options_.certificates.empty()) {
    arguments.push_back("--" + prefix + "cert-dir=" + std::filesystem::absolute(options_.certificates).string());
  }
  if (!options_.tls_verify) {  // said otherwise, it would overrule registries.conf
    arguments.push_back("--" + prefix + "tls-verify=false");
  }
  arguments.push_back("docker://" + reference);
}

std::vector<std::string> Skopeo::inspection(const std::string& reference, bool configuration) const {
  std::vector<std::string> arguments{"inspect", "--raw"};
  if (configuration) {
    arguments.emplace_back("--config");
  }
  add_source(arguments, "", reference);
  return arguments;
}

std::string Skopeo::manifest(const std::string& reference) const { return run(inspection(reference, false), {}, 0); }

std::string Skopeo::configuration(const std::string& reference) const {
  return run(inspection(reference, true), {}, 0);
}

void Skopeo::copy(const std::string& reference, const std::string& layout, bool preserve,
                  const std::function<std::uint64_t()>& fetched, std::uint64_t total) const {
  std::vector<std::string> arguments{"copy", "--quiet"};
  if (preserve) {
    arguments.emplace_back("--preserve-digests");
  }
  add_source(arguments, "src-", reference);
  arguments.push_back("oci:" + layout + ":image");
  (void)run(std::move(arguments), fetched, total);
}

}  // namespace dunnage::image
