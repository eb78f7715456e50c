// SPDX-License-Identifier: Apache-2.0
#include "container_words.hpp"

#include "moment.hpp"

#include <chrono>
#include <cstddef>

namespace cli {
namespace {

constexpr std::size_t kShortCommand = 20;

}  // namespace

bool is_up(dunnage::ContainerStatus status) {
  using dunnage::ContainerStatus;
  return status == ContainerStatus::Running || status == ContainerStatus::Paused ||
         status == ContainerStatus::Restarting;
}

std::string command_of(const dunnage::ContainerInfo& info, bool whole) {
  std::string text;
  for (const auto& word : info.argv) text += (text.empty() ? "" : " ") + word;
  for (char& character : text) {
    if (static_cast<unsigned char>(character) < ' ') character = ' ';  // a script may have lines; a row has not
  }
  if (!whole && text.size() > kShortCommand) {
    std::size_t length = kShortCommand - 1;
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) --length;
    text = text.substr(0, length) + "…";
  }
  return '"' + text + '"';
}

std::string status_of(const dunnage::ContainerInfo& info) {
  using dunnage::ContainerStatus;
  const std::string code = "(" + std::to_string(info.exit ? info.exit->code() : 0) + ") ";
  const std::string up = "Up " + in_words(std::chrono::system_clock::now() - info.started_at);
  switch (info.status) {
    case ContainerStatus::Created:
      return "Created";
    case ContainerStatus::Running:
      return up;
    case ContainerStatus::Paused:
      return up + " (Paused)";
    case ContainerStatus::Restarting:
      return "Restarting " + code + age(info.finished_at);
    case ContainerStatus::Exited:
      return "Exited " + code + age(info.finished_at);
    case ContainerStatus::Dead:
      return "Dead";
  }
  return std::string{to_string(info.status)};
}

std::string mounts_of(const dunnage::ContainerInfo& info) {
  std::string text;
  for (const auto& mount : info.mounts) {
    if (mount.kind == dunnage::MountKind::Tmpfs) continue;
    if (!text.empty()) text += ',';
    text += !mount.image.empty() ? mount.image : mount.volume.empty() ? mount.source.string() : mount.volume;
  }
  return text;
}

}  // namespace cli
