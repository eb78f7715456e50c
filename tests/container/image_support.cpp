// SPDX-License-Identifier: Apache-2.0
#include "container/image_support.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBusybox = "/bin/busybox";

std::string content_of(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

Layer base_layer() {
  Layer layer;
  for (const char* path : {"bin", "etc", "proc", "sys", "dev", "root", "home", "usr", "var"}) {
    layer.push_back(directory(path));
  }
  layer.push_back(directory("tmp", 01777));
  layer.push_back({.path = "bin/busybox", .content = content_of(kBusybox), .mode = 0755});
  for (const char* name :
       {"sh", "cat", "ls",   "id",    "echo", "env", "stat", "sleep", "mkdir", "rm",   "touch", "test",
        "wc", "pwd", "true", "false", "head", "ln",  "mv",   "chmod", "grep",  "kill", "find",  "sync"}) {
    layer.push_back({.path = std::string{"bin/"} + name, .content = "busybox", .type = '2', .mode = 0777});
  }
  layer.push_back(
      {.path = "etc/passwd", .content = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:App:/home/app:/bin/sh\n"});
  layer.push_back({.path = "etc/group", .content = "root:x:0:\napp:x:1001:\nstaff:x:50:app,other\n"});
  return layer;
}

Image TestImages::add(const std::string& name, const std::vector<Layer>& layers, const std::string& config) {
  const fs::path path = ground_.path("layout" + std::to_string(made_++));
  write_image(path, layers, config);
  Image image = store_.load(path, {.name = name}).at(0);
  fs::remove_all(path);
  return image;
}

LaunchSpec TestImages::spec(const std::string& name, std::vector<std::string> argv, MountSet mounts) const {
  LaunchSpec spec = ground_.program(std::move(argv), std::move(mounts));
  spec.rootfs = Rootfs::image(name);
  spec.pull = PullPolicy::Never;
  return spec;
}

LaunchSpec TestImages::shell(const std::string& name, std::string script, MountSet mounts) const {
  LaunchSpec result = spec(name, {"-c", std::move(script)}, std::move(mounts));
  result.entrypoint = {"sh"};
  return result;
}

std::vector<std::string> TestImages::changes() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator{ground_.store_path() / "images/changes"}) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool requires_busybox() {
  if (fs::exists(kBusybox)) return true;
  skip("there is no /bin/busybox (package busybox-static)");
  return false;
}

}  // namespace dunnage::test
