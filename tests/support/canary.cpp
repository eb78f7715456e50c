// SPDX-License-Identifier: Apache-2.0
#include "support/canary.hpp"

#include "support/catch.hpp"
#include "support/difference.hpp"
#include "support/tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <ctime>
#include <initializer_list>

namespace dunnage::test {

namespace fs = std::filesystem;

Canary::Canary() : path_{directory_.make("canary")} {
  mark_ = "CANARY-" + directory_.path().extension().string();
  for (const char* name : {"data", "dev", "etc", "new", "pts", "dev/pts"}) fs::create_directory(path(name));
  for (const char* name :
       {"file", "secret", "null", "ptmx", "data/file", "dev/ptmx", "dev/null", "pts/ptmx", "dev/pts/ptmx"}) {
    (void)directory_.write(std::string{"canary/"} + name, mark_);
  }
  ::chmod(directory_.path().c_str(), 0755);
  ::chmod(path("file").c_str(), 0666);
  ::chmod(path("secret").c_str(), 0604);
  ::chmod(path("new").c_str(), 0777);
  const timespec old[] = {{.tv_sec = 1, .tv_nsec = 2}, {.tv_sec = 3, .tv_nsec = 4}};
  for (const auto& entry : fs::recursive_directory_iterator{path_}) {
    ::utimensat(AT_FDCWD, entry.path().c_str(), old, AT_SYMLINK_NOFOLLOW);
  }
  ::utimensat(AT_FDCWD, path_.c_str(), old, 0);
  before_ = tree_of(path_);
}

fs::path Canary::climbing() const {
  std::string link;
  for (int level = 0; level < 24; ++level) link += "../";
  return link + path_.relative_path().string();
}

std::string Canary::changes() const { return line_difference(before_, tree_of(path_)); }

void Canary::verify() const { CHECK(changes() == ""); }

}  // namespace dunnage::test
