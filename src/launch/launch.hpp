// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// One launch, from the specification to the running program.

#include <dunnage/container.hpp>

#include "cgroup/limits.hpp"
#include "container/record.hpp"
#include "container/state.hpp"
#include "image/changes.hpp"
#include "image/layout.hpp"
#include "launch/named_sources.hpp"
#include "launch/root.hpp"
#include "launch/timeline.hpp"
#include "launch/user.hpp"
#include "launcher/connection.hpp"
#include "launcher/socket.hpp"
#include "prepare/image_root.hpp"
#include "prepare/prepare.hpp"
#include "prepare/ready_roots.hpp"
#include "prepare/state.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dunnage::launch {

class OpenStreams;
class Payload;
struct Template;

/// What a container that is started again keeps from its first start.
struct Again {
  std::string id;
  std::string name;
  std::vector<AnonymousVolume> anonymous;
  bool detached = false;  ///< it had been let go of, whatever its specification says
  std::string image_id{};
};

/// Another template in the place of one that is of no use any more.
using Renew = std::function<std::shared_ptr<const Template>(const std::shared_ptr<const Template>&)>;

class Launch {
 public:
  explicit Launch(LaunchSpec spec, std::optional<Again> again = {});
  /// \param spec of the template, but for its mounts, with what this container has of its own
  Launch(LaunchSpec spec, std::shared_ptr<const Template> shared, Renew renew);

  /// Throws: as Container::launch().
  [[nodiscard]] std::shared_ptr<ContainerAccess::ContainerState> run();

  /// Runs nothing. \return its root with its mounts, as a tree that is nowhere; what it is made of stays locked as long
  /// as this is there. Throws: as run().
  [[nodiscard]] kernel::FileDescriptor assemble();
  /// Runs nothing. \return what containers of this specification can share. Throws: as run().
  [[nodiscard]] std::shared_ptr<const Template> make_template();
  /// Of what is used; owned here.
  [[nodiscard]] std::vector<int> locks() const;
  [[nodiscard]] const launcher::Connection& connection() const { return *connection_; }

 private:
  [[nodiscard]] std::shared_ptr<ContainerAccess::ContainerState> attempt();
  [[nodiscard]] bool may_try_again() const;
  void forget_attempt();
  /// \param attempt  a member; what it answers the first time, or the second one where trying again is of use
  template <typename Answer>
  [[nodiscard]] Answer try_twice(Answer (Launch::*attempt)());
  void decide_identity();
  void resolve_mounts();
  /// Where mounts may follow the request, and are many, they are left for then.
  enum class Mounts { BeforeRequest, MayFollow };
  void prepare_storage(Mounts when = Mounts::BeforeRequest);
  void prepare_as_planned(const prepare::Owner& owner, Mounts when);
  /// The request and what follows it; from here on the program may run.
  [[nodiscard]] kernel::FileDescriptor send(const launcher::Request& request);
  void send_following(int channel);
  void make_following(int socket);
  void prepare_root();
  // with a template
  [[nodiscard]] std::shared_ptr<const Template> attempt_template();
  void begin_with_template();
  void take_root_with_template(prepare::MountSource& source);
  void prepare_own_storage();
  void describe_shared(Payload& payload) const;
  void open_shared_root(prepare::MountSource& source);
  void hold_shared_image(Template& made, const prepare::Owner& owner, prepare::MountSource& source);
  void prepare_shared_mounts(Template& made, const prepare::Owner& owner);
  [[nodiscard]] launcher::Request describe_template(const Template& made) const;
  [[nodiscard]] const MountPlan& plan() const { return whole_plan_ ? *whole_plan_ : prepared_.plan(); }
  void throw_if_dropped(const std::string& operation, bool unread) const;
  [[nodiscard]] kernel::FileDescriptor make_in_launcher(const launcher::Request& request, const std::string& operation);
  // with an image
  [[nodiscard]] bool of_image() const { return spec_.rootfs.kind() == Rootfs::Kind::Image; }
  void find_image();
  void add_image_volumes();
  void take_volumes_over();
  [[nodiscard]] Accounts image_accounts();
  [[nodiscard]] kernel::FileDescriptor mount_image(prepare::MountSource& source);
  [[nodiscard]] kernel::FileDescriptor mount_limited(prepare::MountSource& source, const prepare::RootUpper& upper);
  [[nodiscard]] kernel::FileDescriptor mount_read_only(prepare::MountSource& source);
  [[nodiscard]] kernel::FileDescriptor mount_with_places(prepare::MountSource& source);
  void open_changes(bool upper);
  void require_image();
  [[nodiscard]] kernel::FileDescriptor take_ready_root(const launcher::Identity& identity);
  void discard_changes() noexcept;
  [[nodiscard]] bool changes_thrown_away() const { return removed_on_exit() || !recorded(); }
  [[nodiscard]] std::vector<volume::KnownVolume> known_volumes() const;
  [[nodiscard]] container::Config record_config() const;
  void make_record();
  [[nodiscard]] launcher::Request describe(OpenStreams& streams) const;
  [[nodiscard]] launcher::Request describe_assembly() const;
  void describe_mounts(Payload& payload) const;
  void describe_record(Payload& payload) const;
  void describe_changes(Payload& payload) const;
  void describe_locks(Payload& payload) const;
  [[nodiscard]] std::shared_ptr<container::Running> start();
  [[nodiscard]] std::shared_ptr<ContainerAccess::ContainerState> make_state(std::shared_ptr<container::Running> run);
  /// The volumes that go with the container: those made for it now, and those it had before.
  [[nodiscard]] std::vector<AnonymousVolume> anonymous() const;
  [[nodiscard]] bool recorded() const;
  [[nodiscard]] bool replaces() const { return !again_ && spec_.replace != Replace::No; }
  [[nodiscard]] bool detached() const;
  [[nodiscard]] std::string subject() const;  ///< what errors and volumes call it
  [[nodiscard]] bool removed_on_exit() const;
  [[nodiscard]] std::filesystem::path store_path() const;

  LaunchSpec spec_;
  Timeline timeline_{spec_.timings};
  std::optional<Again> again_;
  launcher::Deadline deadline_;
  std::string id_;
  std::string name_;
  std::string hostname_;
  Accounts accounts_;
  User user_;
  Environment environment_;
  std::uint64_t capabilities_ = 0;
  cgroup::Limits limits_;
  launcher::Identity identity_;
  std::shared_ptr<launcher::Connection> connection_;
  std::vector<AnonymousVolume> inherited_;  ///< of the container whose place this one takes
  MountSet done_with_;                      ///< what the plan was made of; letting go of it takes a while
  PreparedMounts prepared_;
  PreparedMountsAccess::State* mounts_ = nullptr;
  std::shared_ptr<const image::Layout> images_;
  kernel::FileDescriptor changes_directory_;
  std::shared_ptr<const ImageInfo> image_;
  std::optional<prepare::ImageRoot> image_root_;
  std::optional<image::Changes> changes_;
  std::optional<prepare::ReadyKind> ready_kind_;  ///< of what the next launch could use
  Root root_;
  std::optional<VolumeStore> store_;
  std::optional<container::Record> record_;
  kernel::FileDescriptor trash_;
  std::shared_ptr<const Template> template_;
  Renew renew_;
  kernel::FileDescriptor follow_;  ///< our end of the socket over which mounts follow the request
  kernel::FileDescriptor follow_theirs_;
  std::optional<HostPlaces> host_;  ///< while it is sent, if a source is followed
  bool makes_template_ = false;
  bool stale_ = false;  ///< what the template holds is not at its place any more
  std::shared_ptr<const MountPlan>
      whole_plan_;      ///< with a template, or if preparing adds nothing; else that of `prepared_`
  bool begun_ = false;  ///< the launcher has looked at the request: the program may have run
};

template <typename Answer>
Answer Launch::try_twice(Answer (Launch::*attempt)()) {
  try {
    return (this->*attempt)();
  } catch (const Error&) {
    if (!may_try_again()) {
      throw;
    }
  }
  forget_attempt();
  return (this->*attempt)();
}

}  // namespace dunnage::launch
