// SPDX-License-Identifier: Apache-2.0
#include "compose/canonical.hpp"

#include "compose/cast.hpp"
#include "error/printable.hpp"
#include "spec/lower.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::compose {
namespace {

struct Range {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

std::optional<Range> range_of(std::string_view text) {
  constexpr std::int64_t kGreatest = 65535;
  const std::size_t dash = text.find('-');
  const auto begin = integer_of(text.substr(0, dash));
  const auto end = dash == std::string_view::npos ? begin : integer_of(text.substr(dash + 1));
  if (!begin || !end || *begin < 0 || *begin > *end || *end > kGreatest || text.starts_with('+')) {
    return std::nullopt;
  }
  return Range{*begin, *end};
}

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> buffer{};
  return ::inet_pton(AF_INET, text.c_str(), buffer.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), buffer.data()) == 1;
}

/// One text of `ports:`: `[[ADDRESS:]HOST:]CONTAINER[/PROTOCOL]`.
class Port {
 public:
  Port(Texts& texts, Mark mark, const Path& path, std::string_view text)
      : texts_{texts}, mark_{mark}, path_{path}, text_{text} {}

  void expand(Value::List& to) {
    cut();
    const auto inside = range_of(container_);
    if (!inside) {
      refuse(fmt::format("\"{}\" is no port of a container", error::shortened(container_)));
    }
    const auto outside = host_.empty() ? std::optional{Range{}} : range_of(host_);
    if (!outside) {
      refuse(fmt::format("\"{}\" is no port of the host", error::shortened(host_)));
    }
    const std::int64_t count = inside->end - inside->begin;
    const bool choice = inside->begin == inside->end && outside->begin != outside->end;
    if (!host_.empty() && count != outside->end - outside->begin && !choice) {
      refuse("the ranges are not equally long");
    }
    std::vector<std::pair<std::string, std::string>> pairs;
    texts_.spend_nodes(static_cast<std::size_t>(count + 1) * 6, mark_);
    for (std::int64_t step = 0; step <= count; ++step) {
      pairs.emplace_back(fmt::to_string(inside->begin + step), host_.empty() ? ""
                                                               : choice
                                                                   ? fmt::format("{}-{}", outside->begin, outside->end)
                                                                   : fmt::to_string(outside->begin + step));
    }
    std::sort(pairs.begin(), pairs.end());  // as texts, as Compose does
    for (const auto& [target, published] : pairs) {
      to.push_back(entry(*integer_of(target), published));
    }
  }

 private:
  [[noreturn]] void refuse(std::string cause) const {
    texts_.refuse(mark_, to_string(path_), std::move(cause), "write \"[[ADDRESS:]HOST:]CONTAINER[/PROTOCOL]\"");
  }

  void cut() {
    const std::size_t last = text_.rfind(':');
    container_ = last == std::string_view::npos ? text_ : text_.substr(last + 1);
    if (last != std::string_view::npos) {
      const std::string_view rest = text_.substr(0, last);
      const std::size_t middle = rest.rfind(':');
      host_ = middle == std::string_view::npos ? rest : rest.substr(middle + 1);
      address_ = middle == std::string_view::npos ? "" : rest.substr(0, middle);
    }
    if (address_.size() > 1 && address_.front() == '[' && address_.back() == ']') {
      address_ = address_.substr(1, address_.size() - 2);
    }
    if (!address_.empty() && !is_address(address_)) {
      refuse(fmt::format("\"{}\" is no address", error::shortened(address_)));
    }
    const std::size_t slash = container_.find('/');
    if (slash != std::string_view::npos) {
      protocol_ = spec::lower(container_.substr(slash + 1));
      container_ = container_.substr(0, slash);
    }
    if (protocol_ != "tcp" && protocol_ != "udp" && protocol_ != "sctp") {
      refuse(fmt::format("\"{}\" is no protocol", error::shortened(protocol_)));
    }
  }

  [[nodiscard]] Value entry(std::int64_t target, const std::string& published) const {
    Value value = make_map(
        mark_,
        {{"mode", Value{"ingress", mark_}}, {"protocol", Value{protocol_, mark_}}, {"target", Value{target, mark_}}});
    if (!published.empty()) {
      value.map().emplace("published", Value{published, mark_});
    }
    if (!address_.empty()) {
      value.map().emplace("host_ip", Value{address_, mark_});
    }
    return value;
  }

  Texts& texts_;
  Mark mark_;
  const Path& path_;
  std::string_view text_;
  std::string_view container_{};
  std::string_view host_{};
  std::string address_{};
  std::string protocol_ = "tcp";
};

}  // namespace

void make_ports_canonical(Texts& texts, Value& ports, const Path& path) {
  Value::List list;
  Path here = path;
  for (std::size_t index = 0; index < ports.list().size(); ++index) {
    Value& item = ports.list()[index];
    const Step step{here, fmt::format("[{}]", index)};
    if (item.is_text() || item.is_integer()) {
      const std::string text = item.scalar_text();
      if (text.find("${") != std::string::npos) {
        list.push_back(std::move(item));  // left as it is written when nothing is filled in
        continue;
      }
      Port{texts, item.mark, here, text}.expand(list);
    } else {
      list.push_back(std::move(item));
    }
  }
  ports.set(std::move(list));
}

}  // namespace dunnage::compose
