// SPDX-License-Identifier: Apache-2.0
#include "bench/volume/docker_subject.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <stdexcept>
#include <utility>

namespace dunnage::bench {
DockerSubject::DockerSubject(int count) : count_{count} {
  for (int index = 0; index < count; ++index) {
    make("volume-" + std::to_string(index), index % 100 == 0 ? "front" : "back");
  }
}

void DockerSubject::make(const std::string& name, const char* tier) {
  const nlohmann::json volume{{"Name", name}, {"Labels", {{"app", "shop"}, {"com.example.tier", tier}}}};
  (void)api_.request("POST", "/volumes/create", volume.dump());
}

void DockerSubject::remove() { (void)api_.request("DELETE", std::string{"/volumes/"} + kNewVolume); }

/// The answer is not parsed while the clock runs, which a program that wants the names would have to do.
double DockerSubject::list(const std::string& query, int expected) {
  std::string text;
  const double seconds = seconds_of([&](int) { text = api_.request("GET", "/volumes" + query); });
  if (nlohmann::json::parse(text).at("Volumes").size() != static_cast<std::size_t>(expected)) {
    throw std::runtime_error{"Docker lists other volumes"};
  }
  return seconds;
}

void DockerSubject::add_rows(std::vector<Row>& rows) {
  const auto add = [&](const char* deed, std::function<double()> work) {
    rows.push_back({.deed = deed, .way = kDocker, .volumes = count_, .measure = std::move(work)});
  };
  add("get", [this] {
    constexpr int kBatch = 20;
    constexpr int kPrime = 7919;
    const auto get = [this](int) {
      number_ = (number_ + kPrime) % count_;
      (void)api_.request("GET", "/volumes/volume-" + std::to_string(number_));
    };
    return seconds_of(get, kBatch);
  });
  add("list", [this] { return list("", count_); });
  add("list, a label of 1 in 100",
      [this] { return list("?filters=%7B%22label%22%3A%5B%22com.example.tier%3Dfront%22%5D%7D", count_ / 100); });
  add("create", [this] {
    const double seconds = seconds_of([&](int) { make(kNewVolume, "back"); });
    remove();
    return seconds;
  });
  add("remove", [this] {
    make(kNewVolume, "back");
    return seconds_of([&](int) { remove(); });
  });
}

}  // namespace dunnage::bench
