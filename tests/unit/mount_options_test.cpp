// SPDX-License-Identifier: Apache-2.0
#include "plan/plan_json.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <dunnage/error.hpp>
#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>
#include <dunnage/ownership.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <system_error>

namespace {

using dunnage::BindMount;
using dunnage::BindOptions;
using dunnage::errc;
using dunnage::MountPlan;
using dunnage::MountSet;
using dunnage::Ownership;
using dunnage::ResolvedMount;
using dunnage::Tmpfs;
using dunnage::VolumeMount;
using dunnage::VolumeMountOptions;

std::error_code refusal(const dunnage::Mount& mount) {
  try {
    (void)MountSet{mount}.resolve();
  } catch (const dunnage::Error& error) {
    return error.code();
  }
  return {};
}

std::error_code refusal(const BindOptions& options) { return refusal(BindMount{"/", "/x", options}); }
std::error_code refusal(const VolumeMountOptions& options) { return refusal(VolumeMount{"data", "/x", options}); }

TEST_CASE("the wish for an owner is a value", "[model]") {
  CHECK(Ownership{} == Ownership::as_is());
  CHECK(Ownership::match_user() == Ownership::match_user());
  CHECK(Ownership::match_user() != Ownership::as_is());
  CHECK(Ownership::as(1, 2) != Ownership::as(1, 3));
  CHECK(Ownership::map({{0, 1000, 1}}, {{0, 1000, 1}}) != Ownership::map({{0, 1000, 2}}, {{0, 1000, 1}}));
  CHECK(to_string(Ownership{}) == "as-is");
  CHECK(to_string(Ownership::match_user()) == "match-user");
  CHECK(to_string(Ownership::as(1000, 100)) == "1000:100");
  CHECK(to_string(Ownership::map({{0, 1000, 1}, {1, 5000, 10}}, {{0, 100, 1}})) ==
        "users 0=1000+1,1=5000+10 groups 0=100+1");
}

TEST_CASE("options that contradict each other are refused", "[plan]") {
  CHECK(refusal(BindOptions{.create_source = true, .optional = true}) == errc::invalid_argument);
  CHECK(refusal(BindOptions{.create_source = true, .create_mode = 010000}) == errc::invalid_argument);
  CHECK(refusal(BindOptions{.create_uid = 3}) == errc::invalid_argument);
  CHECK(refusal(BindOptions{.create_source = true, .create_uid = UINT32_MAX}) == errc::invalid_argument);
  CHECK(refusal(BindOptions{.create_source = true, .require_mountpoint = true}) == errc::invalid_argument);
  CHECK(refusal(BindOptions{.owner = Ownership::match_user(), .chown = true}) == errc::invalid_argument);
  CHECK(refusal(BindOptions{.exclude = {"a"}, .follow = dunnage::Follow::Name}) == errc::invalid_argument);
  CHECK(refusal(BindOptions{.owner = Ownership::as(UINT32_MAX, 0)}) == errc::invalid_argument);
  CHECK(refusal(BindOptions{.owner = Ownership::map({}, {{0, 0, 1}})}) == errc::invalid_argument);
  CHECK(refusal(BindOptions{.owner = Ownership::map({{0, 0, 0}}, {{0, 0, 1}})}) == errc::invalid_argument);
  CHECK(refusal(BindOptions{.owner = Ownership::map({{0, 0, 2}, {1, 5, 1}}, {{0, 0, 1}})}) == errc::invalid_argument);
  CHECK(refusal(BindOptions{.owner = Ownership::map({{0, 5, 2}, {7, 6, 1}}, {{0, 0, 1}})}) == errc::invalid_argument);
  CHECK(refusal(BindOptions{.owner = Ownership::map({{0, 4294967290, 20}}, {{0, 0, 1}})}) == errc::invalid_argument);
  for (const char* pattern : {"", "/abs", "..", "a/../b", "a/.."}) {
    CHECK(refusal(BindOptions{.exclude = {pattern}}) == errc::invalid_argument);
  }
  CHECK(refusal(BindOptions{.overlay = dunnage::OverlayOptions{.upper = "/u"}}) == errc::invalid_argument);
  CHECK(refusal(BindOptions{.overlay = dunnage::OverlayOptions{.upper = "u", .work = "w"}}) == errc::invalid_argument);
  CHECK(refusal(BindOptions{.overlay = dunnage::OverlayOptions{.size = 0}}) == errc::invalid_argument);
  for (const char* path : {"/abs", "..", "a/../../b"}) {
    CHECK(refusal(VolumeMountOptions{.subpath = path}) == errc::invalid_argument);
  }
  CHECK(refusal(VolumeMountOptions{.driver = "nfs"}) == errc::not_supported);
  CHECK(refusal(VolumeMount{"", "/x", {.create = false}}) == errc::invalid_argument);
  CHECK(refusal(Tmpfs{"/x", {.nr_inodes = 0}}) == errc::invalid_argument);
}

TEST_CASE("a set shows every option in JSON, with Docker's names where there are any", "[model]") {
  const MountSet mounts{
      BindMount{
          "/a", "/a", {.create_source = true, .create_mode = 0700, .create_uid = 5, .owner = Ownership::as(1, 2)}},
      VolumeMount{"v", "/v", {.subpath = "a/b", .driver = "local", .driver_options = {{"type", "tmpfs"}}}},
      Tmpfs{"/t", {.nr_inodes = 100, .no_swap = true}}};
  const auto json = nlohmann::json::parse(mounts.to_json());
  CHECK(json[0]["BindOptions"]["CreateMode"] == 0700);
  CHECK(json[0]["BindOptions"]["CreateUid"] == 5);
  CHECK(json[0]["BindOptions"]["Owner"]["Kind"] == "as");
  CHECK(json[1]["VolumeOptions"]["Subpath"] == "a/b");
  CHECK(json[1]["VolumeOptions"]["DriverConfig"]["Name"] == "local");
  CHECK(json[1]["VolumeOptions"]["DriverConfig"]["Options"]["type"] == "tmpfs");
  CHECK(json[2]["TmpfsOptions"]["Options"] == nlohmann::json::parse(R"([["nr_inodes","100"],["noswap"]])"));
}

TEST_CASE("a plan with every option survives JSON", "[plan]") {
  ResolvedMount mount;
  mount.target = "/x";
  mount.source = "/y";
  mount.nr_inodes = 1000;
  mount.no_swap = true;
  mount.create_mode = 0750;
  mount.create_uid = 1;
  mount.create_gid = 2;
  mount.left_out = true;
  mount.require_mountpoint = true;
  mount.follow = dunnage::Follow::Name;
  mount.on_loss = {dunnage::LossPolicy::Pause, std::chrono::milliseconds{1500}, std::chrono::seconds{2}};
  mount.subpath = "a/b";
  mount.driver = "local";
  mount.driver_options = {{"type", "tmpfs"}, {"o", "size=1m"}};
  mount.owner = Ownership::map({{0, 1000, 1}}, {{0, 100, 1}, {5, 6, 7}});
  mount.chown = true;
  mount.relabel = dunnage::Relabel::Private;
  mount.exclude = {"node_modules", "**/\xff"};
  mount.overlay = dunnage::OverlayOptions{.upper = "/u", .work = "/w", .size = 1};
  mount.masked = {"node_modules"};
  for (const Ownership& owner : {Ownership::as_is(), Ownership::match_user(), Ownership::as(3, 4), mount.owner}) {
    mount.owner = owner;
    const MountPlan plan{{mount, ResolvedMount{}}};
    CHECK(dunnage::plan::from_json(plan.to_json()) == plan);
  }
}

}  // namespace
