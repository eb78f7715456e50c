// SPDX-License-Identifier: Apache-2.0
// P-34: a config and a secret of a project have their places in a volume, and a container that has the volume puts
// links there before the project is brought up again. What they lead to is neither read, written nor made.

#include "container/records_support.hpp"
#include "support/snapshot.hpp"

#include <dunnage/project_plan.hpp>

using namespace dunnage;
using namespace dunnage::test;

namespace {

/// A project of one service, which shows its config and its secret and tries to write to both.
class Shop {
 public:
  explicit Shop(const Ground& ground) : ground_{ground} {}
  Shop(const Shop&) = delete;
  Shop& operator=(const Shop&) = delete;
  ~Shop() {
    load("")
        .plan_down({.volumes = true, .remove_orphans = true, .store = ground_.store_path()})
        .apply({.destroy_data = true});
  }
  /// Brings it up with these contents. \return what the service says, or the error
  [[nodiscard]] std::string up(const std::string& content) const {
    try {
      load(content).plan_up({.store = ground_.store_path()}).apply();
    } catch (const Error& error) {
      CHECK_FALSE(error.remedy().empty());
      return "refused";
    }
    const auto store = ground_.containers();
    CHECK(eventually([&] { return log_of(store, "shop-web-1").ends_with("end\n"); }));
    return log_of(store, "shop-web-1");
  }

 private:
  [[nodiscard]] Project load(const std::string& content) const {
    return Project::load({.text = R"(services:
  web:
    x-dunnage: {rootfs: host}
    stop_signal: SIGKILL
    command: [sh, -c, "cat /data/conf /data/word; for f in conf word; do echo x 2>/dev/null >> /data/$$f && echo wrote; done; echo end; exec sleep 1000"]
    volumes: ['data:/data']
    configs: [{source: greeting, target: /data/conf}]
    secrets: [{source: word, target: /data/word}]
configs:
  greeting: {content: ")" + content +
                                  R"(\n"}
secrets:
  word: {environment: WORD}
volumes:
  data:
)",
                          .directory = ground_.directory().path(),
                          .name = "shop",
                          .environment = Environment{{"WORD", content + "-word"}},
                          .grants = ProjectGrants::all()});
  }

  const Ground& ground_;
};

}  // namespace

TEST_CASE("P-34: links a container leaves in the places of a config and a secret lead nothing out of the container",
          "[container][project][attack]") {
  const Ground ground;
  const Canary canary;
  {
    const Shop shop{ground};
    CHECK(shop.up("one") == "one\none-wordend\n");
    int number = 0;
    for (const std::string& to : {canary.path("file").string(), canary.path("new/made").string(),
                                  (canary.climbing() / "file").string(), (canary.climbing() / "new/made").string()}) {
      CAPTURE(to);
      for (const char* name : {"conf", "word"}) {
        CHECK(output_of(ground.shell(std::string{"rm -f /d/conf /d/word; ln -s "} + to + " /d/" + name,
                                     {VolumeMount{"shop_data", "/d"}}))
                  .empty());
        const std::string content = "again" + std::to_string(++number);
        const std::string said = shop.up(content);
        CHECK((said == "refused" || said == content + "\n" + content + "-wordend\n"));
        CHECK_FALSE(canary.is_in(said));
        canary.verify();
      }
    }
    // a link to a place in the volume is one
    CHECK(output_of(ground.shell("rm -f /d/conf /d/word; echo old > /d/own; ln -s own /d/conf; ln -s none /d/word",
                                 {VolumeMount{"shop_data", "/d"}}))
              .empty());
    const std::string said = shop.up("last");
    CHECK((said == "refused" || said == "last\nlast-wordend\n"));
    CHECK(ground.directory().read("store/volumes/shop_data/_data/own") == "old\n");
  }
  canary.verify();
}
