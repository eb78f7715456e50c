// SPDX-License-Identifier: Apache-2.0
#include "compose/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::compose {
namespace {

enum class MergeRule { Replace, Pairs, Names, Logging, Limits, Pools };

struct Special {
  std::string_view pattern;
  MergeRule rule;
};

constexpr std::array kServiceSpecials{
    Special{"annotations", MergeRule::Pairs},
    Special{"build.args", MergeRule::Pairs},
    Special{"build.labels", MergeRule::Pairs},
    Special{"build.additional_contexts", MergeRule::Pairs},
    Special{"deploy.labels", MergeRule::Pairs},
    Special{"environment", MergeRule::Pairs},
    Special{"labels", MergeRule::Pairs},
    Special{"sysctls", MergeRule::Pairs},
    Special{"command", MergeRule::Replace},
    Special{"entrypoint", MergeRule::Replace},
    Special{"healthcheck.test", MergeRule::Replace},
    Special{"depends_on", MergeRule::Names},
    Special{"models", MergeRule::Names},
    Special{"networks", MergeRule::Names},
    Special{"logging", MergeRule::Logging},
    Special{"ulimits.*", MergeRule::Limits},
};

constexpr std::array kTopSpecials{
    Special{"networks.*.labels", MergeRule::Pairs},      Special{"volumes.*.labels", MergeRule::Pairs},
    Special{"secrets.*.labels", MergeRule::Pairs},       Special{"configs.*.labels", MergeRule::Pairs},
    Special{"networks.*.ipam.config", MergeRule::Pools},
};

const Special* find_special(const Path& path) {
  const auto by = [](const auto& specials, const Path& below) -> const Special* {
    const auto found =
        std::find_if(specials.begin(), specials.end(), [&](const Special& one) { return matches(below, one.pattern); });
    return found == specials.end() ? nullptr : &*found;
  };
  if (path.size() > 2 && (path[0] == "services" || path[0] == "jobs")) {
    return by(kServiceSpecials, Path(path.begin() + 2, path.end()));
  }
  return by(kTopSpecials, path);
}

struct ByValue {
  bool operator()(const Value* left, const Value* right) const { return (*left <=> *right) < 0; }
};

class Merger {
 public:
  Merger(const Texts& texts, const Path& path) : texts_{texts}, path_{path} {}

  void merge(Value& base, Value over) {
    if (const Special* const special = find_special(path_); special != nullptr) {
      special_merge(base, std::move(over), special->rule);
      return;
    }
    if (over.is_null()) {
      return;
    }
    if (base.is_map() && over.is_map()) {
      maps(base, std::move(over));
    } else if (base.is_list() && over.is_list()) {
      append(base, std::move(over));
    } else if (base.is_scalar()) {
      base = std::move(over);
    } else {
      refuse(over, base.kind_name());
    }
  }

 private:
  [[noreturn]] void refuse(const Value& over, std::string_view wanted) const {
    texts_.refuse(over.mark, to_string(path_), fmt::format("{} cannot override {}", over.kind_name(), wanted),
                  "use the same form in both files, or tag it with !override");
  }

  void maps(Value& base, Value over) {
    for (auto& [name, value] : over.map()) {
      const auto [place, added] = base.map().try_emplace(name);
      if (added) {
        place->second = std::move(value);
        continue;
      }
      const Step step{path_, name};
      merge(place->second, std::move(value));
    }
  }

  static void append(Value& base, Value over) {
    std::set<const Value*, ByValue> known;
    base.list().reserve(base.list().size() + over.list().size());  // so that what is known stays where it is
    for (const Value& item : base.list()) {
      known.insert(&item);
    }
    for (Value& item : over.list()) {
      if (!known.contains(&item)) {
        base.list().push_back(std::move(item));
        known.insert(&base.list().back());
      }
    }
  }

  void special_merge(Value& base, Value over, MergeRule rule) {
    switch (rule) {
      case MergeRule::Replace:
        base = std::move(over);
        return;
      case MergeRule::Pairs:
        return pairs(base, std::move(over));
      case MergeRule::Names:
        return names(base, std::move(over));
      case MergeRule::Logging:
        return logging(base, std::move(over));
      case MergeRule::Limits:
        if (base.is_map() && over.is_map()) {
          return maps(base, std::move(over));
        }
        base = std::move(over);
        return;
      case MergeRule::Pools:
        return pools(base, std::move(over));
    }
  }

  /// A name without a value overrides as well.
  void pairs(Value& base, Value over) {
    if (!base.is_map() || !over.is_map()) {
      base = over.is_null() ? std::move(base) : std::move(over);
      return;
    }
    for (auto& [name, value] : over.map()) {
      base.map().insert_or_assign(name, std::move(value));
    }
  }

  void names(Value& base, Value over) {
    if (base.is_null()) {
      base.set(Value::Map{});
    }
    if (over.is_null()) {
      return;
    }
    if (!base.is_map() || !over.is_map()) {
      refuse(over, base.kind_name());
    }
    maps(base, std::move(over));
  }

  /// Options of one driver mean nothing to another.
  void logging(Value& base, Value over) {
    if (!base.is_map() || !over.is_map()) {
      refuse(over, base.kind_name());
    }
    const Value* const driver = base.find("driver");
    const Value* const other = over.find("driver");
    if (driver == nullptr || other == nullptr || *driver == *other) {
      maps(base, std::move(over));
    } else {
      base = std::move(over);
    }
  }

  /// Pools of one subnet are one.
  void pools(Value& base, Value over) {
    if (!base.is_list() || !over.is_list()) {
      refuse(over, base.kind_name());
    }
    for (Value& item : over.list()) {
      const auto same = std::find_if(base.list().begin(), base.list().end(), [&](const Value& known) {
        return known.is_map() && item.is_map() && known.text_of("subnet") == item.text_of("subnet");
      });
      if (same == base.list().end()) {
        base.list().push_back(std::move(item));
      } else {
        maps(*same, std::move(item));
      }
    }
  }

  const Texts& texts_;
  Path path_;
};

}  // namespace

void merge(const Texts& texts, Value& base, Value over, const Path& path) {
  Merger{texts, path}.merge(base, std::move(over));
}

void apply_resets(Value& value, const std::vector<Path>& resets) {
  for (const Path& path : resets) {
    Value* at = &value;
    for (std::size_t index = 0; at != nullptr && index + 1 < path.size(); ++index) {
      at = at->find(path[index]);
    }
    if (at != nullptr && at->is_map() && !path.empty()) {
      at->map().erase(path.back());
    }
  }
}

std::vector<Path> resets_below(const std::vector<Path>& resets, const Path& path) {
  std::vector<Path> below;
  for (const Path& reset : resets) {
    if (reset.size() > path.size() && std::equal(path.begin(), path.end(), reset.begin())) {
      below.emplace_back(reset.begin() + static_cast<std::ptrdiff_t>(path.size()), reset.end());
    }
  }
  return below;
}

}  // namespace dunnage::compose
