// SPDX-License-Identifier: Apache-2.0
#include "pull_flags.hpp"

#include <filesystem>

namespace cli {

void PullFlags::add_to(CLI::App& command) {
  add_platform(command, platform);
  command.add_option("--authfile", auth_file, "File with passwords, Docker's config.json (default: the user's)")
      ->type_name("FILE");
  command.add_option("--cert-dir", certificates, "Directory with *.crt, *.cert and *.key for the registry")
      ->type_name("DIR");
  command.add_option("--tls-verify", tls_verify, "false: accept plain HTTP and unknown certificates")
      ->type_name("BOOL");
}

dunnage::PullOptions PullFlags::options() const {
  dunnage::PullOptions options;
  options.platform = platform_of(platform);
  if (!auth_file.empty()) options.auth_file = std::filesystem::absolute(auth_file);
  if (!certificates.empty()) options.certificates = std::filesystem::absolute(certificates);
  options.tls_verify = tls_verify;
  return options;
}

void add_platform(CLI::App& command, std::string& platform) {
  command.add_option("--platform", platform, "OS/ARCHITECTURE[/VARIANT] (default: this machine's)")
      ->type_name("PLATFORM");
}

dunnage::Platform platform_of(const std::string& text) {
  return text.empty() ? dunnage::Platform{} : dunnage::parse_platform(text);
}

}  // namespace cli
