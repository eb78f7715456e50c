// SPDX-License-Identifier: Apache-2.0
#include "moment.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <stdexcept>

namespace cli {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

std::string formatted(Moment moment, const char* format) {
  const std::time_t time = std::chrono::system_clock::to_time_t(std::chrono::floor<seconds>(moment));
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

/// As far away as the clock can count, if the value is farther: it counts nanoseconds, which end in 2262.
Moment from_seconds(double value) {
  const std::chrono::duration<double> span{value};
  if (span >= Moment::duration::max()) return Moment::max();
  if (span <= Moment::duration::min()) return Moment::min();
  return Moment{std::chrono::duration_cast<Moment::duration>(span)};
}

/// A fraction of a second and a zone, as they follow a date and time. Returns what is left of the text.
const char* read_fraction(const char* rest, double& fraction) {
  if (*rest != '.') return rest;
  char* end = nullptr;
  fraction = std::strtod(rest, &end);
  return end;
}

std::optional<long> zone_offset(const char* rest) {
  if (rest[0] == 'Z' && rest[1] == '\0') return 0;
  int hours = 0;
  int minutes = 0;
  int length = 0;
  if ((*rest == '+' || *rest == '-') && std::sscanf(rest + 1, "%2d:%2d%n", &hours, &minutes, &length) == 2 &&
      rest[1 + length] == '\0') {
    return (*rest == '-' ? -1 : 1) * (hours * 3600L + minutes * 60L);
  }
  return std::nullopt;
}

std::optional<Moment> parse_date(const std::string& text) {
  for (const char* format : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"}) {
    std::tm parts{};
    parts.tm_isdst = -1;
    const char* rest = strptime(text.c_str(), format, &parts);
    if (rest == nullptr) continue;
    double fraction = 0;
    rest = read_fraction(rest, fraction);
    if (*rest == '\0') return from_seconds(static_cast<double>(std::mktime(&parts)) + fraction);
    if (const auto offset = zone_offset(rest)) {
      return from_seconds(static_cast<double>(timegm(&parts) - *offset) + fraction);
    }
  }
  return std::nullopt;
}

std::optional<double> parse_span(const std::string& text) {
  double total = 0;
  const char* rest = text.c_str();
  while (*rest != '\0') {
    char* end = nullptr;
    const double count = std::strtod(rest, &end);
    if (end == rest || count < 0) return std::nullopt;
    switch (*end) {
      case 'd':
        total += count * 86400;
        break;
      case 'h':
        total += count * 3600;
        break;
      case 'm':
        total += count * 60;
        break;
      case 's':
        total += count;
        break;
      default:
        return std::nullopt;
    }
    rest = end + 1;
  }
  return total;
}

}  // namespace

std::string in_words(std::chrono::system_clock::duration span) {
  const long long count = std::chrono::duration_cast<seconds>(span).count();
  const auto plural = [](long long number, const char* unit) { return std::to_string(number) + ' ' + unit; };
  const long long hours = (count + 1800) / 3600;
  if (count < 1) return "Less than a second";
  if (count == 1) return "1 second";
  if (count < 60) return plural(count, "seconds");
  if (count < 120) return "About a minute";
  if (count < 3600) return plural(count / 60, "minutes");
  if (hours <= 1) return "About an hour";
  if (hours < 48) return plural(hours, "hours");
  if (hours < 24 * 7 * 2) return plural(hours / 24, "days");
  if (hours < 24 * 30 * 2) return plural(hours / 24 / 7, "weeks");
  if (hours < 24 * 365 * 2) return plural(hours / 24 / 30, "months");
  return plural(hours / 24 / 365, "years");
}

std::string age(Moment moment) { return in_words(std::chrono::system_clock::now() - moment) + " ago"; }

std::string date_and_time(Moment moment) { return formatted(moment, "%Y-%m-%d %H:%M:%S +0000 UTC"); }

std::string rfc3339(Moment moment) {
  const auto fraction = std::chrono::duration_cast<nanoseconds>(moment - std::chrono::floor<seconds>(moment));
  std::array<char, 16> digits{};
  std::snprintf(digits.data(), digits.size(), ".%09lldZ", static_cast<long long>(fraction.count()));
  return formatted(moment, "%Y-%m-%dT%H:%M:%S") + digits.data();
}

Moment parse_moment(const std::string& text) {
  if (const auto date = parse_date(text)) return *date;
  if (const auto span = parse_span(text); span && !text.empty()) {
    const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
    return from_seconds(now.count() - *span);
  }
  char* end = nullptr;
  const double since_1970 = std::strtod(text.c_str(), &end);
  if (!text.empty() && *end == '\0') return from_seconds(since_1970);
  throw std::invalid_argument{"\"" + text + "\" is no point in time; write 2026-03-01T09:15:42Z, or how long ago: 10m"};
}

}  // namespace cli
