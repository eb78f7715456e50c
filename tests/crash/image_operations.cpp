// SPDX-License-Identifier: Apache-2.0
#include "crash/store_operation.hpp"

#include <dunnage/image_store.hpp>

#include "image/archive.hpp"
#include "support/oci_image.hpp"

#include <filesystem>
#include <fstream>
#include <utility>

namespace dunnage::test {

namespace {

using Place = StoreOperation::Place;

ImageStore open(const Place& place) { return ImageStore::open(place / "store"); }

std::string small_tar(const std::string& name) {
  return Archive{}.directory("etc/").file("etc/name", name).file("big", std::string(20'000, 'b')).tar();
}

/// An image that every operation has to leave alone; it shares a layer with the one that `layout` is.
void make_others(const Place& place) {
  const Layer shared{directory("usr"), {.path = "usr/shared", .content = "shared"}};
  write_image(place / "other", {shared, {{.path = "own", .content = "other"}}});
  write_image(place / "layout", {shared, {{.path = "own", .content = "layout"}}}, R"({"Cmd":["/own"]})");
  std::ofstream{place / "root.tar", std::ios::binary} << small_tar("root");
  ImageStore store = open(place);
  (void)store.load(place / "other", {.name = "other:1"});
  store.unpack("other:1");
}

void remove_if_there(const Place& place, const std::string& name) {
  ImageStore store = open(place);
  if (store.find(name)) store.remove(name);
  (void)store.prune();
}

void make_if_missing(const Place& place) {
  ImageStore store = open(place);
  if (!store.find("new:1")) (void)store.load(place / "layout", {.name = "new:1"});
  store.unpack("new:1");
}

StoreOperation load() {
  return {.name = "load an image",
          .prepare = make_others,
          .ready =
              [](const Place& place) {
                return
                    [place, store = open(place)]() mutable { (void)store.load(place / "layout", {.name = "new:1"}); };
              },
          .undo = [](const Place& place) { remove_if_there(place, "new:1"); },
          .done_before = {}};
}

StoreOperation import() {
  return {.name = "import a root file system",
          .prepare = make_others,
          .ready =
              [](const Place& place) {
                return [place, store = open(place)]() mutable { (void)store.import(place / "root.tar", "new:1"); };
              },
          .undo = [](const Place& place) { remove_if_there(place, "new:1"); },
          .done_before = {}};
}

StoreOperation tag() {
  return {.name = "tag an image",
          .prepare = make_others,
          .ready =
              [](const Place& place) { return [store = open(place)]() mutable { store.tag("other:1", "further:2"); }; },
          .undo = [](const Place& place) { remove_if_there(place, "further:2"); },
          .done_before = {}};
}

StoreOperation unpacking() {
  return {.name = "unpack an image",
          .prepare =
              [](const Place& place) {
                make_others(place);
                (void)open(place).load(place / "layout", {.name = "new:1"});
              },
          .ready = [](const Place& place) { return [store = open(place)]() mutable { store.unpack("new:1"); }; },
          .undo =
              [](const Place& place) {
                ImageStore store = open(place);
                store.remove("new:1");
                (void)store.load(place / "layout", {.name = "new:1"});
              },
          .done_before = {},
          .cache = true};
}

StoreOperation removal() {
  return {.name = "remove an image",
          .prepare =
              [](const Place& place) {
                make_others(place);
                make_if_missing(place);
              },
          .ready = [](const Place& place) { return [store = open(place)]() mutable { store.remove("new:1"); }; },
          .undo = make_if_missing,
          .done_before = errc::image_missing,
          .cache = true};
}

StoreOperation prune() {
  StoreOperation operation = removal();
  operation.name = "prune images";
  operation.ready = [](const Place& place) { return [store = open(place)]() mutable { (void)store.prune(true); }; };
  operation.undo = [](const Place& place) {
    make_if_missing(place);
    ImageStore store = open(place);
    if (!store.find("other:1")) (void)store.load(place / "other", {.name = "other:1"});
    store.unpack("other:1");
  };
  operation.done_before = {};
  return operation;
}

StoreOperation pull(const std::string& name) {
  return {.name = "pull an image",
          .prepare = make_others,
          .ready =
              [name](const Place& place) {
                return [name, store = open(place)]() mutable {
                  PullOptions options;
                  options.policy = PullPolicy::Always;
                  options.tls_verify = false;
                  (void)store.pull(name, options);
                };
              },
          .undo =
              [](const Place& place) {
                ImageStore store = open(place);
                for (const Image& image : store.list()) {
                  if (image.info().id != store.get("other:1").info().id) store.remove(image.info().id);
                }
                (void)store.prune();
              },
          .launcher = true};
}

}  // namespace

StoreOperation pull_operation(const std::string& name) { return pull(name); }

std::vector<StoreOperation> image_operations() { return {load(), import(), tag(), unpacking(), removal(), prune()}; }

}  // namespace dunnage::test
