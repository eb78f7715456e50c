// SPDX-License-Identifier: Apache-2.0

// docker run -v db-data:/var/lib/postgresql/data postgres
//
// The same as postgres_volume with an image: its entry point makes the database on the fresh volume, which has taken
// the image's directory with its owner and mode. The container is killed and removed while rows are inserted; a new one
// finds every row whose insertion was acknowledged.
//
// The image is an OCI layout that `sh examples/images/build.sh postgres DIRECTORY` makes; exits with 77 if it is not
// there.
//
//     postgres_image DIRECTORY/postgres        or DUNNAGE_TEST_IMAGES=DIRECTORY postgres_image

#include "postgres.hpp"

using example::check;
using example::kData;
using example::say;

namespace {

// The image says all of it: the program, its user, where it wants its data, and the signal that ends it.
example::PostgresServer start(const std::filesystem::path& store, const dunnage::Volume& data) {
  return {{.rootfs = dunnage::Rootfs::image("postgres"), .mounts = dunnage::MountSet{data.at(kData)}, .store = store},
          "",
          "/var/run/postgresql"};
}

int run(const std::filesystem::path& layout, const std::filesystem::path& store) {
  auto images = dunnage::ImageStore::open(store);
  images.load(layout, {.name = "postgres"});
  const dunnage::Image image = images.get("postgres");
  say("the image is of " + std::to_string(image.info().layers.size()) + " layers, runs " +
      image.config().entrypoint.front() + " as the user " + image.config().user);

  auto volumes = dunnage::VolumeStore::open(store);
  const auto data = volumes.create("db-data");
  say("launching it with the fresh volume db-data at " + std::string{kData});
  const auto acknowledged = [&] {
    const auto first = start(store, data);
    return example::insert_until_crash(first);
  }();  // the container is removed here

  say("launching a new container with the volume");
  example::check_rows(start(store, data), acknowledged);
  volumes.remove("db-data");
  images.remove("postgres");
  check(images.list().empty(), "the image is gone when nobody needs it");
  say("Every acknowledged row has outlived the container.");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const char* directory = std::getenv("DUNNAGE_TEST_IMAGES");
  const std::filesystem::path layout = argc > 1
                                           ? std::filesystem::path{argv[1]}
                                           : std::filesystem::path{directory == nullptr ? "." : directory} / "postgres";
  return example::show([&] {
    if (!std::filesystem::exists(layout / "index.json")) {
      say("SKIPPED: there is no PostgreSQL image; make it with sh examples/images/build.sh postgres DIRECTORY");
      return 77;
    }
    const example::TemporaryDirectory temporary;
    return run(layout, temporary.path() / "store");
  });
}
