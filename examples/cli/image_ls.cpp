// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "human_size.hpp"
#include "image_name.hpp"
#include "json.hpp"
#include "moment.hpp"
#include "table.hpp"

#include <algorithm>
#include <iostream>
#include <set>
#include <stdexcept>

namespace cli {
namespace {

struct ListFlags {
  std::string name{};
  std::vector<std::string> filters{};
  bool all = false;
  bool quiet = false;
  bool whole = false;
  bool digests = false;
  bool json = false;
};

/// label=KEY[=VALUE], dangling=true|false; all of them have to hold.
bool is_wanted(const dunnage::ImageInfo& image, const std::vector<std::string>& filters) {
  return std::all_of(filters.begin(), filters.end(), [&image](const std::string& filter) {
    if (filter == "dangling=true") return image.names.empty();
    if (filter == "dangling=false") return !image.names.empty();
    if (!filter.starts_with("label=") || filter.size() == 6) {
      throw std::invalid_argument{"filter \"" + filter +
                                  "\" is unknown; write label=KEY[=VALUE] or dangling=true|false"};
    }
    const std::string label = filter.substr(6);
    const auto equals = label.find('=');
    const auto found = image.config.labels.find(label.substr(0, equals));
    return found != image.config.labels.end() &&
           (equals == std::string::npos || found->second == label.substr(equals + 1));
  });
}

/// "postgres" is every tag of it, "postgres:16" that one.
bool is_named(const ImageName& name, const std::string& wanted) {
  const std::string text = familiar(wanted);
  return text.empty() || name.repository == text || name.repository + ":" + name.tag == text;
}

Json row_of(const dunnage::ImageInfo& image, const ImageName& name, bool whole) {
  return {{"CreatedAt", date_and_time(image.created_at)},
          {"CreatedSince", age(image.created_at)},
          {"Digest", image.digest},
          {"ID", image_id(image.id, whole)},
          {"Repository", name.repository},
          {"Size", human_size(image.size)},
          {"Tag", name.tag}};
}

class Listing {
 public:
  explicit Listing(const ListFlags& flags) : flags_{flags}, table_{heading(flags)} {}

  void add(const dunnage::ImageInfo& image, const ImageName& name) {
    const std::string id = image_id(image.id, flags_.whole);
    if (flags_.quiet) {
      if (seen_.insert(id).second) std::cout << id << '\n';
    } else if (flags_.json) {
      std::cout << one_line(row_of(image, name, flags_.whole)) << '\n';
    } else if (flags_.digests) {
      table_.add({name.repository, name.tag, image.digest, id, age(image.created_at), human_size(image.size)});
    } else {
      table_.add({name.repository, name.tag, id, age(image.created_at), human_size(image.size)});
    }
  }

  void print() const {
    if (!flags_.quiet && !flags_.json) std::cout << table_;
  }

 private:
  static std::vector<std::string> heading(const ListFlags& flags) {
    if (flags.digests) return {"REPOSITORY", "TAG", "DIGEST", "IMAGE ID", "CREATED", "SIZE"};
    return {"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"};
  }

  const ListFlags& flags_;
  Table table_;
  std::set<std::string> seen_{};
};

int list(const ListFlags& flags, const Session& session) {
  const auto images = session.images();
  Listing listing{flags};
  for (const auto& image : images.list()) {
    if (!is_wanted(image.info(), flags.filters)) continue;
    for (const auto& name : names_of(image.info())) {
      if (is_named(name, flags.name)) listing.add(image.info(), name);
    }
  }
  listing.print();
  for (const auto& name : images.damaged()) {
    complain("image \"" + familiar(name) + "\" is left out: it cannot be read; pull or load it again");
  }
  return 0;
}

}  // namespace

void add_image_ls(CLI::App& parent, Session& session, const std::string& name) {
  CLI::App& command = add_command(parent, session, name, "List images");
  auto flags = std::make_shared<ListFlags>();
  command.add_option("NAME", flags->name, "Only those of this name, with or without a tag")->type_name("");
  command.add_flag("-a,--all", flags->all, "All images; nothing is hidden without it either");
  command.add_flag("-q,--quiet", flags->quiet, "Ids only");
  command.add_flag("--no-trunc", flags->whole, "Whole ids");
  command.add_flag("--digests", flags->digests, "Show digests");
  add_repeated(command, "-f,--filter", flags->filters, "label=KEY[=VALUE] or dangling=true|false");
  add_format(command, flags->json);
  on_chosen(command, session, flags, [&session](const ListFlags& chosen) { return list(chosen, session); });
}

}  // namespace cli
