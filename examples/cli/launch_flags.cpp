// SPDX-License-Identifier: Apache-2.0
#include "launch_flags.hpp"

#include "command.hpp"
#include "labels.hpp"

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace cli {
namespace {

void add_identity(LaunchFlags& flags, CLI::App& command) {
  auto* rootfs = command.add_option("--rootfs", flags.rootfs, "Directory that becomes /, used in place");
  rootfs->type_name("DIR");
  command.add_flag("--host", flags.host_rootfs, "This machine's /usr, read-only, becomes /")->excludes(rootfs);
  command.add_option("--name", flags.name, "Name of the container; keeps its record after the end");
  command.add_option("-w,--workdir", flags.working_directory, "Working directory; created if it is missing");
  command.add_option("-u,--user", flags.user, "user[:group], names or numbers");
  add_repeated(command, "--group-add", flags.groups, "Supplementary group, name or number");
  command.add_option("-h,--hostname", flags.hostname, "Host name (default: the beginning of the id)");
  add_repeated(command, "-l,--label", flags.labels, "Label: KEY=VALUE");
}

void add_isolation(LaunchFlags& flags, CLI::App& command) {
  command.add_option("--network", flags.network, "none or private: loopback only; host: this machine's")
      ->check(CLI::IsMember({"none", "private", "host"}))
      ->type_name("NETWORK");
  command.add_flag("--read-only", flags.read_only, "Nothing outside of mounts can be written");
  add_repeated(command, "--cap-add", flags.add_capabilities, "Capability to add, or ALL");
  add_repeated(command, "--cap-drop", flags.drop_capabilities, "Capability to drop, or ALL");
  add_repeated(
      command, "--security-opt", flags.security,
      "seccomp=unconfined, builtin or the path of a profile; no-new-privileges[=true|false], here true by default")
      ->type_name("OPTION");
}

void add_life(LaunchFlags& flags, CLI::App& command) {
  command.add_flag("-i,--interactive", flags.interactive, "Pass standard input to the program");
  command.add_flag("-t,--tty", flags.terminal, "Give the program a terminal");
  command.add_flag("-d,--detach", flags.detach, "Print the id and leave the container running");
  command.add_flag("--rm", flags.remove, "Remove the container and its anonymous volumes at its end");
  command.add_option("--restart", flags.restart, "no, on-failure[:N] or always")->type_name("POLICY");
  command.add_option("--stop-signal", flags.stop_signal, "What stop sends first (default: SIGTERM)");
  command.add_flag("--timings", flags.timings, "Say on standard error where the time of the launch went");
}

/// As in Docker, rw takes nothing away: what is read-only there stays so.
std::vector<dunnage::VolumesFrom> parse_volumes_from(const std::vector<std::string>& texts) {
  std::vector<dunnage::VolumesFrom> result;
  for (const std::string& text : texts) {
    const std::size_t colon = text.find(':');
    const std::string mode = colon == std::string::npos ? "rw" : text.substr(colon + 1);
    if (text.substr(0, colon).empty() || (mode != "ro" && mode != "rw")) {
      throw std::invalid_argument{"--volumes-from \"" + text + "\" is not NAME, NAME:ro or NAME:rw"};
    }
    result.push_back({.container = text.substr(0, colon), .read_only = mode == "ro"});
  }
  return result;
}

/// Docker's words. What it would ask AppArmor or SELinux for is refused: nobody would do it.
void apply_security(const std::string& text, dunnage::LaunchSpec& spec) {
  std::size_t end = text.find('=');
  if (end == std::string::npos) end = text.find(':');  // as it was once written
  const std::string name = text.substr(0, end);
  const std::string value = end == std::string::npos ? std::string{} : text.substr(end + 1);
  if (name == "seccomp") {
    spec.seccomp = dunnage::Seccomp::parse(value);
    if (spec.seccomp.kind() == dunnage::Seccomp::Kind::File) {
      spec.seccomp = dunnage::Seccomp::file(std::filesystem::absolute(value));
    }
  } else if (name == "no-new-privileges" && (end == std::string::npos || value == "true" || value == "false")) {
    spec.no_new_privileges = value != "false";
  } else {
    throw std::invalid_argument{"--security-opt \"" + text +
                                "\" is not seccomp=PROFILE or no-new-privileges[=true|false]; there is no other here"};
  }
}

}  // namespace

void LaunchFlags::add_to(CLI::App& command) {
  storage.add_to(command);
  add_repeated(command, "--volumes-from", volumes_from, "Volumes and binds of another container: NAME[:ro|:rw]");
  environment.add_to(command);
  image.add_to(command);
  add_identity(*this, command);
  add_isolation(*this, command);
  resources.add_to(command);
  resources.add_devices_to(command);
  add_life(*this, command);
}

void LaunchFlags::check() const {
  if (detach && (interactive || terminal)) {
    throw std::invalid_argument{
        "-d cannot be combined with -i or -t: nothing could be attached to the container later; leave one out"};
  }
  if (terminal && restart != "no") {
    // Each start makes a terminal of its own, and the handle has that of the first.
    throw std::invalid_argument{
        "-t cannot be combined with --restart: a program that is started again has a new terminal, "
        "which nothing reads; leave one out"};
  }
  if (remove && restart != "no") {
    throw std::invalid_argument{
        "--rm cannot be combined with --restart: one removes what the other keeps; leave one out"};
  }
}

dunnage::LaunchSpec LaunchFlags::launch_spec(const std::filesystem::path& store) const {
  check();
  dunnage::LaunchSpec spec;
  image.apply(spec);
  if (!rootfs.empty()) spec.rootfs = dunnage::Rootfs::directory(std::filesystem::absolute(rootfs));
  spec.mounts = storage.mount_set();
  spec.volumes_from = parse_volumes_from(volumes_from);
  spec.env = environment.environment();
  if (!working_directory.empty()) spec.cwd = working_directory;
  spec.user = user;
  spec.groups = groups;
  spec.hostname = hostname;
  spec.read_only_root = read_only;
  spec.network = network == "host" ? dunnage::Network::Host : dunnage::Network::Private;
  spec.terminal = terminal;
  spec.timings = timings;
  spec.add_capabilities = add_capabilities;
  spec.drop_capabilities = drop_capabilities;
  spec.resources = resources.resources();
  for (const auto& option : security) apply_security(option, spec);
  spec.restart = dunnage::RestartPolicy::parse(restart);
  if (!stop_signal.empty()) spec.stop_signal = dunnage::parse_signal(stop_signal);
  spec.name = name;
  spec.labels = parse_labels(labels);
  spec.store = store;
  spec.record = true;  // so that ps and exec find it
  if (detach) {
    spec.lifetime = dunnage::Lifetime::Detached;
    spec.out = spec.err = dunnage::Stdio::log();
  } else if (interactive) {
    spec.in = dunnage::Stdio::inherit();
  }
  // Docker keeps every container without --rm. Here one that ran in the foreground without a name, which nobody could
  // ask for again, goes as well.
  spec.remove_on_exit = remove || (!detach && name.empty());
  return spec;
}

}  // namespace cli
