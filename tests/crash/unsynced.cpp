// SPDX-License-Identifier: Apache-2.0
#include "crash/unsynced.hpp"

#include <set>
#include <utility>

namespace dunnage::test {
namespace {

using Kind = DiskChange::Kind;

enum class Fate { Lost, Kept, Torn };

/// What later syncs say, going backwards.
class Synced {
 public:
  /// Whether it is on the disk for sure.
  bool brings(const DiskChange& change) {
    switch (change.kind) {
      case Kind::Sync:
        whole_.insert(change.node);
        return true;
      case Kind::SyncData:
        content_.insert(change.node);
        return true;
      case Kind::SyncAll:
        all_ = true;
        return true;
      case Kind::Make:
        return true;  // nobody sees it without a name
      case Kind::Names:
        return all_ || brings_names(change);
      default:
        return all_ || whole_.contains(change.node) || (change.is_of_content() && content_.contains(change.node));
    }
  }

 private:
  [[nodiscard]] bool brings_names(const DiskChange& change) const {
    for (const auto& place : change.places) {
      if (whole_.contains(place.directory)) return true;
    }
    return false;
  }

  std::set<Node> whole_;
  std::set<Node> content_;
  bool all_ = false;
};

bool is_kept(const DiskChange& change, Left left, std::size_t turn, std::size_t chosen, std::minstd_rand& random) {
  switch (left) {
    case Left::Everything:
      return true;
    case Left::Names:
      return change.kind == Kind::Names;
    case Left::Content:
      return change.kind != Kind::Names;
    case Left::One:
      return turn == chosen;
    case Left::AllButOne:
      return turn != chosen;
    case Left::Some:
      return random() % 2 == 0;
    case Left::Nothing:
      break;
  }
  return false;
}

std::vector<Fate> choose(const std::vector<DiskChange>& changes, std::size_t count, Left left,
                         std::minstd_rand& random) {
  std::vector<Fate> fates(count, Fate::Lost);
  std::vector<std::size_t> open;
  Synced synced;
  for (std::size_t at = count; at-- > 0;) {
    if (synced.brings(changes[at])) {
      fates[at] = Fate::Kept;
    } else {
      open.push_back(at);
    }
  }
  const std::size_t chosen = open.empty() ? 0 : random() % open.size();
  for (std::size_t turn = 0; turn < open.size(); ++turn) {
    const DiskChange& change = changes[open[turn]];
    if (!is_kept(change, left, turn, chosen, random)) continue;
    const bool torn = left == Left::Some && change.kind == Kind::Write && random() % 2 == 0;
    fates[open[turn]] = torn ? Fate::Torn : Fate::Kept;
  }
  return fates;
}

/// What is kept of a name needs what became of that name before.
void keep_what_is_needed(const std::vector<DiskChange>& changes, std::vector<Fate>& fates) {
  std::set<std::pair<Node, std::string>> needed;
  for (std::size_t at = fates.size(); at-- > 0;) {
    if (changes[at].kind != Kind::Names) continue;
    for (const auto& place : changes[at].places) {
      if (needed.contains({place.directory, place.name})) fates[at] = Fate::Kept;
    }
    if (fates[at] == Fate::Lost) continue;
    for (const auto& place : changes[at].places) needed.emplace(place.directory, place.name);
  }
}

DiskChange torn(DiskChange change, std::minstd_rand& random) {
  if (random() % 3 == 0) {
    change.data.assign(change.data.size(), '\0');  // the length came before the content
  } else {
    change.data.resize(random() % (change.data.size() + 1));
  }
  return change;
}

}  // namespace

const std::vector<Left>& all_that_may_be_left() {
  static const std::vector<Left> all{Left::Nothing, Left::Names, Left::Some,      Left::Content,
                                     Left::One,     Left::Some,  Left::AllButOne, Left::Everything};
  return all;
}

std::string to_string(Left left) {
  switch (left) {
    case Left::Nothing:
      return "nothing";
    case Left::Everything:
      return "everything";
    case Left::Names:
      return "names";
    case Left::Content:
      return "content";
    case Left::One:
      return "one";
    case Left::AllButOne:
      return "all but one";
    case Left::Some:
      break;
  }
  return "some";
}

DiskTree after_cut(const DiskTree& before, const std::vector<DiskChange>& changes, std::size_t count, Left left,
                   std::minstd_rand& random) {
  std::vector<Fate> fates = choose(changes, count, left, random);
  keep_what_is_needed(changes, fates);
  DiskTree tree = before;
  for (std::size_t at = 0; at < count; ++at) {
    if (fates[at] == Fate::Kept) tree.apply(changes[at]);
    if (fates[at] == Fate::Torn) tree.apply(torn(changes[at], random));
  }
  return tree;
}

}  // namespace dunnage::test
