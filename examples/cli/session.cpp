// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

#include <dunnage/error.hpp>

#include <unistd.h>

#include <iostream>

namespace cli {

std::filesystem::path Session::store_root() const {
  return store.empty() ? dunnage::default_store() : std::filesystem::absolute(store);
}

dunnage::ContainerStore Session::containers() const { return dunnage::ContainerStore::open(store_root()); }

dunnage::VolumeStore Session::volumes() const { return dunnage::VolumeStore::open(store_root()); }

dunnage::ImageStore Session::images() const { return dunnage::ImageStore::open(store_root()); }

bool confirmed(const std::string& warning) {
  std::cout << "WARNING! " << warning << "\nAre you sure you want to continue? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (isatty(STDIN_FILENO) == 0) std::cout << '\n';
  return answer == "y" || answer == "Y";
}

void complain(const std::string& message) {
  std::cout.flush();  // what was printed before the error stays before it when both streams are one file
  std::cerr << "dunnage: " << message << '\n';
}

int for_each_name(const std::vector<std::string>& names, const std::function<void(const std::string&)>& act) {
  int exit_code = 0;
  for (const auto& name : names) {
    try {
      act(name);
    } catch (const dunnage::Error& error) {
      complain(error.what());
      exit_code = kFailure;
    }
  }
  return exit_code;
}

}  // namespace cli
