// SPDX-License-Identifier: Apache-2.0
// I-23: an archive that one reader takes for one tree, and another for another, is how things are smuggled past whoever
// looked first. Archives are made wrong one field at a time, their checksums right: what is unpacked here, and to its
// end without a complaint by GNU tar or Python's tarfile, has the same files, links and contents there.
// DUNNAGE_MALFORMED=100000 tries so many, DUNNAGE_SEED others.

#include "container/support.hpp"
#include "image/archive.hpp"
#include "image/unpacking.hpp"
#include "support/host.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 512;

struct Field {
  const char* name;
  std::size_t begin;
  std::size_t size;
};

constexpr std::array<Field, 12> kFields{{{"name", 0, 100},
                                         {"mode", 100, 8},
                                         {"uid", 108, 8},
                                         {"gid", 116, 8},
                                         {"size", 124, 12},
                                         {"mtime", 136, 12},
                                         {"type", 156, 1},
                                         {"link", 157, 100},
                                         {"magic", 257, 8},
                                         {"user", 265, 32},
                                         {"device", 329, 16},
                                         {"prefix", 345, 155}}};

/// One of each kind of entry, with names of each length.
std::string good_archive() {
  const std::string long_name = "d/" + std::string(110, 'n') + "/" + std::string(60, 'm');
  Archive archive;
  archive.directory("d/").file("d/f", "hello").symbolic_link("to-f", "d/f").hard_link("is-f", "d/f");
  archive.file(long_name, "far").file("d/" + std::string(200, 'p') + "/" + std::string(79, 'q'), "pax");
  archive.file("z", std::string(1500, 'z'), {.fraction = "5"}).file("empty").node("fifo", '6');
  archive.bytes(tar_header('L', "././@LongLink", "", 121, {}) + std::string(120, 'g') + std::string(392, '\0'));
  archive.file("cut", "gnu").file("last", "end");
  return archive.tar();
}

bool is_header(std::string_view archive, std::size_t block) { return archive.substr(block + 257, 5) == "ustar"; }

std::string checksum_of(std::string_view header) {
  unsigned sum = 8 * ' ';
  for (std::size_t index = 0; index < kBlock; ++index) {
    sum += index < 148 || index >= 156 ? static_cast<unsigned char>(header[index]) : 0;
  }
  std::array<char, 8> digits{};
  std::snprintf(digits.data(), digits.size(), "%06o", sum);
  return {digits.data(), 7};
}

bool has_checksum(std::string_view header) { return header.substr(148, 7) == checksum_of(header); }

void set_checksum(std::string& archive, std::size_t block) {
  archive.replace(block + 148, 8, checksum_of(std::string_view{archive}.substr(block, kBlock)) + ' ');
}

/// \return what was done
std::string break_header(std::string& archive, std::size_t block, std::mt19937& random) {
  const Field& field = kFields.at(random() % kFields.size());
  static const std::string letters{"\0\0 07189-+.\x80\xff/\nax", 18};
  // what readers go by is at the beginning of long fields, and what they skip at the end
  const std::size_t at = random() % 3 == 0 ? random() % field.size : random() % std::min<std::size_t>(field.size, 8);
  const std::size_t length = 1 + random() % std::min<std::size_t>(field.size - at, random() % 2 == 0 ? 2 : 155);
  std::string value(length, letters[random() % letters.size()]);
  if (random() % 2 == 0) {
    for (char& letter : value) letter = letters[random() % letters.size()];
  }
  archive.replace(block + field.begin + at, length, value);
  set_checksum(archive, block);
  return std::string{field.name} + " from " + std::to_string(at) + ", " + std::to_string(length);
}

/// A byte of what an entry holds: of pax records, or of a long name.
std::string break_content(std::string& archive, std::size_t block, std::mt19937& random) {
  static const std::string letters{"\0 0123456789=\n/.ab", 19};
  const std::size_t at = random() % 40;
  archive[block + at] = letters[random() % letters.size()];
  return "content at " + std::to_string(at);
}

/// A block that is missing, there twice, or in another place.
std::string break_order(std::string& archive, std::size_t block, std::mt19937& random) {
  const std::string moved = archive.substr(block, kBlock);
  const unsigned way = random() % 3;
  if (way != 1) archive.erase(block, kBlock);
  if (way != 0) archive.insert(random() % (archive.size() / kBlock) * kBlock, moved);
  return way == 0 ? "gone" : way == 1 ? "twice" : "moved";
}

std::string make_wrong(std::string& archive, std::mt19937& random) {
  std::string deed;
  for (unsigned changes = 1 + random() % 3; changes > 0; --changes) {
    std::size_t block = random() % (archive.size() / kBlock - 2) * kBlock;
    for (int look = random() % 4 == 0 ? 0 : 20; look > 0 && !is_header(archive, block); --look) {
      block = random() % (archive.size() / kBlock - 2) * kBlock;
    }
    deed += std::to_string(block / kBlock) + ": ";
    deed += random() % 8 == 0           ? break_order(archive, block, random)
            : is_header(archive, block) ? break_header(archive, block, random)
                                        : break_content(archive, block, random);
    deed += "; ";
  }
  return deed;
}

/// The size a header says; what is no number counts as none.
std::size_t size_of(std::string_view header) {
  return static_cast<std::size_t>(std::strtoull(std::string{header.substr(124, 12)}.c_str(), nullptr, 8));
}

/// What readers are known to be at odds about. A file whose name ends in a slash is a directory here, to GNU tar and to
/// libarchive, as it was before there was a type for directories; to Python only without a type. A long name ends here,
/// and to Go, with its entry's size; to GNU tar and Python at the first NUL behind it.
bool is_at_odds(std::string_view archive) {
  for (std::size_t block = 0; block + 2 * kBlock <= archive.size(); block += kBlock) {
    const std::string_view header = archive.substr(block, kBlock);
    if (!has_checksum(header)) continue;
    const std::string_view name = header.substr(0, std::min<std::size_t>(header.find('\0'), 100));
    const std::string_view content = archive.substr(block + kBlock, kBlock);
    const std::size_t size = size_of(header);
    if (name.ends_with('/') && header[156] != '5') return true;
    if (header[156] == 'L' && content.find('\0') > size) return true;
  }
  return false;
}

/// Names, kinds, link targets and contents; what readers do with modes, owners and times is their own affair.
std::string shape_of(const fs::path& root) {
  std::vector<std::string> lines;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator{root}) {
    std::string line = entry.path().lexically_relative(root).native();
    const fs::file_status status = entry.symlink_status();
    line += " " + std::to_string(static_cast<int>(status.type()));
    if (fs::is_symlink(status)) line += " -> " + fs::read_symlink(entry.path()).native();
    if (fs::is_regular_file(status)) line += " " + file_text(entry.path());
    lines.push_back(std::move(line));
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

/// \return whether it was read to its end without a complaint
bool unpack_with_gnu_tar(const fs::path& file, const fs::path& target) {
  const std::string command = "tar -x --warning=no-timestamp -f " + file.native() + " -C " + target.native() + " > " +
                              target.native() + ".said 2>&1";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 && fs::is_empty(target.native() + ".said");
}

/// All archives of a directory, in a container, as tarfile goes wherever a name leads. What it has unpacked without an
/// error, to the end of the archive, is said in a file "done" beside it.
constexpr const char* kUnpackAll = R"(
import os, tarfile
for name in os.listdir("/work"):
  if not name.endswith(".tar"): continue
  place = "/work/" + name[:-4]
  try:
    with tarfile.open("/work/" + name, "r:") as archive:
      os.mkdir(place)
      for member in archive:
        member.name = member.name.lstrip("/")  # it would be unpacked there
        member.linkname = member.linkname.lstrip("/") if member.islnk() else member.linkname
        archive.extract(member, place)
      rest = open("/work/" + name, "rb").read()[archive.offset:]
      if not rest.strip(b"\0"): open(place + ".done", "w").close()
  except (tarfile.TarError, OSError, ValueError, OverflowError, UnicodeError, IndexError):
    pass
)";

struct Accepted {
  std::string deed;
  std::string shape;
  fs::path blob;
};

long number_of(const char* variable, long otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::atol(text) : otherwise;
}

}  // namespace

TEST_CASE("I-23: an archive made wrong is refused, or is what GNU tar and Python take it for", "[image][attack]") {
  if (!requires_root() || !requires_program("tar") || !requires_program("python3")) return;  // the same for everybody
  std::mt19937 random{static_cast<std::mt19937::result_type>(number_of("DUNNAGE_SEED", 23))};
  const std::string good = good_archive();
  const Ground ground;
  const fs::path work = ground.directory().make("work");
  std::vector<Accepted> accepted;
  int other_trees = 0;
  {
    Unpacking ours;
    REQUIRE(ours.unpack(good).done());
    const std::string good_shape = shape_of(ours.path());
    for (long number = number_of("DUNNAGE_MALFORMED", 400); number > 0; --number) {
      std::string text = good;
      const std::string deed = make_wrong(text, random);
      ours.clear();
      if (!ours.unpack(text).done()) continue;
      const fs::path blob = ground.directory().write("work/" + std::to_string(number) + ".tar", text);
      accepted.push_back({deed, shape_of(ours.path()), blob});
      other_trees += accepted.back().shape == good_shape ? 0 : 1;
    }
  }
  (void)outcome_of(ground.program({"python3", "-c", kUnpackAll}, {BindMount{work, "/work"}}));
  int by_gnu = 0;
  int by_python = 0;
  for (const auto& [deed, shape, blob] : accepted) {
    INFO(deed << blob);
    const fs::path tree = blob.parent_path() / blob.stem();
    if (fs::exists(tree.native() + ".done") && !is_at_odds(file_text(blob))) {
      ++by_python;
      const std::string by = "Python";
      CAPTURE(by);
      CHECK(shape_of(tree) == shape);
    }
    const TemporaryDirectory theirs;
    if (unpack_with_gnu_tar(blob, theirs.make("tree")) && !is_at_odds(file_text(blob))) {
      ++by_gnu;
      const std::string by = "GNU tar";
      CAPTURE(by);
      CHECK(shape_of(theirs.path() / "tree") == shape);
    }
  }
  std::printf("%zu unpacked, %d of them another tree, %d by GNU tar, %d by Python\n", accepted.size(), other_trees,
              by_gnu, by_python);
  CHECK(other_trees > 0);
  CHECK(by_gnu > 0);
  CHECK(by_python > 0);
}
