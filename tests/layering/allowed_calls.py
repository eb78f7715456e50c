# SPDX-License-Identifier: Apache-2.0
"""Which file of src may give the kernel a path, by which call, and why (check_calls.py).

":cwd" is a path that begins at no descriptor. Other than the rows say, a path is looked up by openat2 with a bound.
"""

# The caller said this path, or the machine has it there: what it leads to is for them to say.
OF_THE_CALLER = [
    ("cgroup/writing.cpp", "stat", "the block device the caller names"),
    ("compose/contents.cpp", "mkdir open", "the directory the caller names for configs and secrets"),
    ("compose/files.cpp", "open", "the project's directory, and files the caller names or grants"),
    ("compose/find_files.cpp", "filesystem::exists filesystem::absolute", "looks for the project's file"),
    ("compose/load_model.cpp", "filesystem::current_path filesystem::is_directory", "what the caller names"),
    ("container/copy.cpp", "open filesystem::canonical filesystem::status", "the end of a copy that is on the host"),
    ("container/image_holders.cpp", "filesystem::equivalent", "whether two stores the caller names are one"),
    ("image/input.cpp", "open", "the archive or layout the caller names"),
    ("image/skopeo.cpp", "access filesystem::absolute", "its policy, and the files the caller names for it"),
    ("kernel/await_answer.cpp", "openat2:cwd", "whether a path the caller names answers; nothing is kept of it"),
    ("kernel/timed_call.cpp", "statx:cwd openat2 openat mkdirat",
     "for the layers above, whose callers are in this table"),
    ("kernel/files.cpp", "open", "read_host_file(), whose callers are in this table"),
    ("kernel/absolute_path.hpp", "filesystem::absolute", "a text only: a path the caller names"),
    ("launch/directory_root.cpp", "open", "the root file system the caller names, opened once"),
    ("launch/host_root.cpp", "filesystem::symlink_status filesystem::read_symlink filesystem::is_directory "
     "filesystem::is_regular_file read_host_file", "what the machine itself has at /bin, /lib and in /etc"),
    ("launch/launch_template.cpp", "filesystem::current_path", "a text only"),
    ("launch/named_sources.cpp", "open", "the root and the mount namespace of this process, for who follows sources"),
    ("launch/streams.cpp", "open", "/dev/null, and the files the caller names for the streams"),
    ("launch/support.cpp", "open_at2:cwd", "/usr, to try what the kernel can do"),
    ("launcher/id_maps.cpp", "open", "newuidmap of the machine, and the maps of a child that is held"),
    ("launcher/identity.cpp", "access read_host_file", "newuidmap, /etc/subuid and /etc/subgid of the machine"),
    ("launcher/kept_program.cpp", "find_executable", "the programs of the machine"),
    ("launcher/spawn.cpp", "open chdir", "/dev/null; the launcher leaves the host's working directory for /"),
    ("plan/bind_source.cpp", "statx filesystem::current_path filesystem::absolute filesystem::weakly_canonical "
     "filesystem::symlink_status",
     "where the source of a bind the caller names leads; the plan says so"),
    ("plan/host_path.cpp", "open_in_time:cwd", "a path the caller names: a source, a device of a volume, an overlay's"),
    ("plan/known_directory.cpp", "filesystem::canonical", "the home directory of this user"),
    ("plan/order.cpp", "open_in_time:cwd", "the source of a mount; what is in it is looked for below that"),
    ("plan/selinux.hpp", "access", "whether the machine has SELinux"),
    ("plan/store_look.cpp", "filesystem::status", "whether the store the caller names is there"),
    ("plan/volume_path.cpp", "open", "the directory of a volume in the store; what is in it is looked for below that"),
    ("kernel/loop_device.cpp", "open open_in_time:cwd open_served_in_time:cwd", "the device of a volume's options, and the machine's loop devices"),
    ("seccomp/seccomp.cpp", "open", "the profile the caller names"),
    ("spec/host.cpp", "filesystem::current_path filesystem::exists filesystem::symlink_status",
     "what an engine would look for when it reads an option"),
    ("transaction/begin.cpp", "filesystem::canonical filesystem::is_directory",
     "where the source the caller names leads, and the store; the source is opened without links then"),
    ("transaction/nested_mounts.cpp", "read_host_file /proc", "the mounts of this process; nothing is opened by them"),
    ("transfer/new_file.cpp", "open", "the directory of the file the caller names"),
    ("volume/adoptable.cpp", "open", "the engine's directory the caller names, or where it is by default"),
    ("volume/adoption.cpp", "open filesystem::absolute", "the directory of a volume the caller names"),
    ("volume/data.cpp", "open", "the device of a volume's options"),
    ("volume/seed.cpp", "open", "the directory the caller names as the seed of a volume"),
    ("volume/layout.cpp", "open mkdir stat filesystem::absolute",
     "the way to the store, which is refused unless it is this user's alone"),
    ("volume/renames.cpp", "open", "whether the store a record names has renamed volumes; nothing is read by it"),
    ("volume/part_check.cpp", "open", "the store the caller names, held before it is looked at"),
]

# One name in a directory that is open, of which nobody but this user can change anything: the store, and what is made
# in it. The names are the library's own, or were checked to be names.
IN_THE_STORE = [
    ("compose/contents.cpp", "renameat unlinkat", "a file of configs and secrets gets its name"),
    ("container/control.cpp", "fchmodat", "the control socket that was just made"),
    ("container/record.cpp", "fstatat", "the age of a record that was never finished"),
    ("container/record_again.cpp", "unlinkat renameat", "a fresh control socket takes the place of the old one"),
    ("container/record_mounts.cpp", "unlinkat", "a configuration that is proposed in a record"),
    ("image/blob.cpp", "fstatat renameat", "a blob, named by its digest"),
    ("image/changes.cpp", "fstatat renameat2 unlinkat", "the directory of a container's changes, and its marks"),
    ("image/mount_room.cpp", "unlinkat", "a file beside what a container writes, in a directory it never sees"),
    ("image/collect.cpp", "fstatat", "the size of a blob"),
    ("image/intake.cpp", "linkat renameat unlinkat", "blobs go from the staging directory to their place"),
    ("image/known.cpp", "fstatat", "whether the index has changed"),
    ("image/pull.cpp", "linkat fstatat", "blobs that are there already, for skopeo to find"),
    ("image/tree_claim.cpp", "unlinkat", "the lock of a tree that is unpacked"),
    ("image/unpack/tree_writer.cpp", "fstatat mkdirat fchmodat unlinkat mknodat symlinkat linkat",
     "a leaf in a tree that nobody else sees before it is whole; its parent was looked up without links"),
    ("image/unpack/write_file.cpp", "openat mknodat fchownat utimensat fstatat", "the same, for files and nodes"),
    ("kernel/files.cpp", "renameat renameat2 unlinkat mkdirat fstatat fchmodat faccessat", "for the layers above"),
    ("kernel/remove_tree.cpp", "unlinkat", "one level after the other, each opened without links"),
    ("launcher/layers.hpp", "unlinkat", "the mark of a volatile overlay in its own work directory"),
    ("launcher/program/added_mounts.cpp", "utimensat", "a lock that is held, by its descriptor and no name"),
    ("launcher/program/record.cpp", "open_at renameat2 unlinkat", "the log and the state of a container"),
    ("launcher/program/mount_change.cpp", "renameat2 unlinkat", "the two configurations in a record are exchanged"),
    ("project/launch_service.cpp", "mkdir open", "the directory of configs and secrets in the store"),
    ("transaction/journal.cpp", "unlinkat", "the note of an apply that is done"),
    ("transfer/import_places.cpp", "unlinkat", "the copy of a pipe, in a directory in the making"),
    ("transfer/new_file.cpp", "openat fstatat linkat:cwd renameat unlinkat",
     "the file the caller names, below its directory; /proc/self/fd is what was made"),
    ("volume/create.cpp", "rename", "a name of its own, not the call: the stage gets its name"),
    ("volume/data_image.cpp", "unlinkat", "what mkfs made in the file system of a volume in the making"),
    ("volume/exchange_data.cpp", "fstatat utimensat", "the times of a data directory, itself, that has moved"),
    ("volume/fill_lock.cpp", "unlinkat", "a lock in the staging directory"),
    ("volume/findings.cpp", "linkat unlinkat", "a damaged file gets a second name beside it"),
    ("volume/index_draft.cpp", "renameat unlinkat", "a list of volumes, which becomes the index or goes"),
    ("volume/layout.cpp", "fstatat", "whether the store has containers"),
    ("volume/limit_mark.cpp", "renameat unlinkat", "the mark of a limit takes the place of the one before, or goes"),
    ("volume/living_record.cpp", "fstatat renameat unlinkat", "a stale record of who uses a volume"),
    ("volume/metadata_check.cpp", "renameat", "new metadata takes the place of what was damaged"),
    ("volume/noted_usage.cpp", "renameat", "what was measured takes its place in the directory of a volume"),
    ("volume/renames.cpp", "fstatat", "whether a volume got its new name"),
    ("volume/rollback.cpp", "unlinkat", "the note of a rollback that is done, and the mark of a limit its volume has"),
    ("volume/stage.cpp", "unlinkat", "a lock in the staging directory"),
    ("volume/usage_history.cpp", "fstatat", "the lock of a volume, whose time tells when it was used last"),
    ("volume/use.cpp", "unlinkat", "a record of who uses a volume"),
]

# One name in a directory that is open, in a tree that others may change at the same time. No link is followed, and
# what is there is opened with a bound before anything else is done with it.
AMONG_OTHERS = [
    ("image/directory_tar.cpp", "fstatat", "what something else is mounted on; it is packed without content"),
    ("launcher/program/amend.cpp", "make_directory_at renameat2 unlinkat linkat:cwd DescriptorPath",
     "one name in a directory that was opened with a bound; the first name of a file is linked by its descriptor"),
    ("launcher/program/upper_tidying.hpp", "unlinkat mknodat", "one name in a directory that was opened with a bound"),
    ("launcher/program/reveal.cpp", "statx", "whether an upper directory has a name, whatever that is"),
    ("launcher/program/copy_directory.cpp", "make_directory_at open_at",
     "a directory of the copy, opened with a bound then; a file of a source nobody changes, without its links"),
    ("launcher/program/copy_leaf.cpp", "open_at symlinkat mknodat linkat:cwd",
     "made with O_EXCL or refused; the first name of a file is linked by its descriptor"),
    ("launcher/program/passing_name.cpp", "renameat2 unlinkat", "the name under which it is until it takes another's place"),
    ("launcher/program/look.cpp", "renameat2", "what is copied gets its name, or moves up by one level"),
    ("launcher/program/remove.cpp", "renameat2 unlinkat", "one level after the other, each opened with a bound"),
    ("launcher/program/target.cpp", "mknodat make_directory_at",
     "a mount point in the directory that was found; it is looked up from the root again then"),
    ("launcher/subpath.hpp", "open_at2", "likewise in a volume; the path is \".\""),
    ("launcher/direct_calls.hpp", "mkdirat", "for launcher/subpath.hpp: one name in the directory that was opened"),
    ("prepare/create_source.cpp", "mkdirat", "likewise on the host; one directory after the other is held"),
    ("prepare/prepared_mounts.cpp", "unlinkat", "an empty directory that create_source made"),
]

# Trees the library has just made, of which nobody else has seen anything: detached mounts, /dev of a container, the
# launcher's own root.
OWN_TREES = [
    ("volume/limit_proof.cpp", "mknodat unlinkat", "files that try the limit of a volume in the making"),
    ("launch/host_root.cpp", "mkdirat openat symlinkat", "the root that is made for the host's programs"),
    ("launcher/mask.hpp", "mkdirat mknodat open_tree_at", "the masks"),
    ("launcher/overlay.hpp", "mkdirat", "the upper directory in memory"),
    ("launcher/program/dev.cpp", "mknodat symlinkat make_directory_at open_at open_at:cwd open_tree_at",
     "/dev of a container, and the nodes the launcher has parked"),
    ("launcher/program/hold.cpp",
     "mknodat:cwd make_directory_at:cwd move_mount:cwd open_tree_at:cwd umount2 unlinkat:cwd",
     "/held in the launcher's own root, where mounts wait for another start"),
    ("launcher/program/park.cpp", "mknodat move_mount open_tree_at make_file_at make_file_at:cwd attach_at:cwd "
     "make_directory_at make_directory_at:cwd pivot_root umount2 chdir chroot open_at open_at:cwd",
     "leaves the host's tree for the launcher's own root"),
    ("launcher/program/protect.cpp", "move_mount attach_at open_tree_at chroot",
     "/proc of the container, whose names the kernel makes; the root it has by descriptor"),
    ("launcher/program/rootfs.cpp", "make_directory_at open_tree_at:cwd open_at:cwd",
     "/proc, /sys and /dev of a root, looked for without links; the root that was just entered; the parked /sys"),
    ("launcher/program/streams.cpp", "mknodat open_at", "the console in /dev; ptmx in what was seen to be a devpts"),
    ("launcher/program/template.cpp", "mknodat move_mount make_directory_at umount2 open_at open_at:cwd",
     "the places of a template's namespace"),
    ("launcher/program/system.hpp", "openat mkdirat", "for the program; its callers are in this table"),
]

# Looked at and compared with what is known by descriptor; nothing is done with what is found.
CHECKED_ONLY = [
    ("launcher/program/attach.cpp", "statx:cwd", "whether the container finds the mount at its place; it fails if not"),
    ("launcher/program/template.cpp", "statx:cwd", "likewise, for the mounts of a template"),
]

# Inside of the container, as its own program would look it up.
OF_THE_CONTAINER = [
    ("launcher/program/child.cpp", "chdir", "/ of the container whose namespaces were joined"),
    ("launcher/program/mount_change_child.cpp", "open_at:cwd readlinkat",
     "the parked /proc; / of the container whose mount namespace was joined; what a descriptor of this process holds"),
    ("launcher/program/named_source_child.cpp", "inotify_add_watch open_at chdir",
     "the directory it has gone to by a descriptor, its own namespace, and the / it came from"),
    ("launcher/program/judged_source.cpp", "open_at", "its own namespace, below the launcher's own /proc"),
    ("launcher/program/mount_detach.cpp", "umount2 statx chdir",
     "what a descriptor of this process holds, over the launcher's own /proc; or one name in the directory that was "
     "found without links, which is looked at first and not followed"),
    ("launcher/program/enter.cpp", "chdir", "likewise, from outside of its processes"),
    ("launcher/program/execute.cpp", "chdir execve",
     "the working directory, which must be reachable from the root, and the program, when all else is closed"),
]

# Files of the kernel's own, of the launcher itself and of processes it holds.
OF_THE_KERNEL = [
    ("cgroup/hierarchies.cpp", "open faccessat read_host_file",
     "the cgroups of this process, where the kernel says they are mounted; a cgroup has no links"),
    ("cgroup/usage.cpp", "faccessat", "which file of a cgroup there is"),
    ("container/running.cpp", "open", "/proc/self/fdinfo of a pidfd"),
    ("kernel/boot_id.cpp", "read_host_file", "the id of this boot"),
    ("launch/accounts.cpp", "open", "the root of a process that is held, and what of it was found to be a file"),
    ("launch/mount_table.cpp", "read_host_file", "the mounts of a container's first process, which is held"),
    ("launch/mount_holders.cpp", "read_host_file", "the name of a process, which is held"),
    ("launch/support_host.cpp", "read_host_file", "settings of the machine, and this process's labels"),
    ("launch/support_kernel.cpp", "open_at2:cwd", "whether this process has a time namespace"),
    ("launcher/program/broker.cpp", "open_at:cwd", "the root of this namespace, and whether its mounts change"),
    ("launcher/program/cgroup.cpp", "open_at make_directory_at", "the cgroup of a container, in the launcher's own"),
    ("launcher/program/cgroup_settings.cpp", "open_at", "the files of such a cgroup"),
    ("launcher/program/cgroup_tree.cpp", "open_at make_directory_at unlinkat faccessat",
     "the launcher's own cgroup, and those below it; a cgroup has no links"),
    ("launcher/program/command.cpp", "open_at:cwd", "the root of the launcher's own child"),
    ("launcher/program/forget.cpp", "open_at:cwd", "the mappings of this process"),
    ("launcher/program/freezer.cpp", "open_at open_at:cwd make_directory_at unlinkat",
     "a cgroup tree that is mounted nowhere; a cgroup has no links"),
    ("launcher/program/loop.cpp", "open_at open_at:cwd", "whether /sys has what is masked"),
    ("launcher/program/mount_holders.cpp", "open_at statx", "what processes have open, in the launcher's own /proc"),
    ("launcher/program/mount_lines.hpp", "open_at", "the mounts of the namespace this process is in"),
    ("launcher/program/network.cpp", "open_at:cwd", "the network namespaces of this thread"),
    ("launcher/program/pause.cpp", "statx:cwd open_at:cwd", "which processes are in a pid namespace"),
    ("launcher/program/read_back.cpp", "statx open_at open_at:cwd",
     "the root this process has, and what its own /proc says of it"),
    ("launcher/program/settle.cpp", "open_at:cwd", "the score of the launcher itself"),
    ("launcher/identity.cpp", "stat", "which user namespace this process is in"),
    ("prepare/user_namespace.cpp", "open", "the maps and the namespace of a child that is held"),
]

# What a descriptor holds, by its entry in /proc: for calls that do not take what was opened with O_PATH. What is opened
# by it was seen to be a regular file or a directory.
BY_DESCRIPTOR = [
    ("container/control.cpp", "DescriptorPath bind connect", "the address of a socket in the directory of a record"),
    ("container/log_watch.cpp", "DescriptorPath inotify_add_watch", "the directory of a record"),
    ("image/tar_writer.cpp", "DescriptorPath open listxattr getxattr", "a regular file that is packed; attributes"),
    ("image/unpack/attributes.cpp", "DescriptorPath setxattr", "attributes of a node"),
    ("kernel/files.cpp", "DescriptorPath chmod", "set_mode(), for what fchmod refuses"),
    ("kernel/timed_call.cpp", "DescriptorPath fchmodat:cwd", "the same in time"),
    ("plan/host_path.cpp", "DescriptorPath readlink", "the way to what was opened; nothing is opened by it"),
    ("launch/accounts.cpp", "DescriptorPath", "/etc/passwd and /etc/group of an image"),
    ("launcher/layers.hpp", "DescriptorPath", "a layer, for kernels that take no descriptor of it"),
    ("launcher/program/compare_content.cpp", "DescriptorPath open_at:cwd", "a regular file that is compared"),
    ("launcher/program/copy_leaf.cpp", "DescriptorPath open_at:cwd", "a regular file that is read; one that is linked"),
    ("launcher/program/entry.hpp", "DescriptorPath fchmodat:cwd setxattr listxattr getxattr", "an entry of a copy"),
    ("launcher/program/examine.cpp", "DescriptorPath readlinkat:cwd",
     "what the kernel calls a descriptor; the name is looked up below the root again, and compared"),
    ("launcher/program/pack.cpp", "DescriptorPath open_at:cwd", "a regular file that is packed"),
    ("prepare/relabel.cpp", "DescriptorPath getxattr setxattr", "an entry of a tree that is relabelled"),
    ("transfer/new_file.cpp", "DescriptorPath", "a file without a name gets one"),
    ("project/actor.cpp", "DescriptorPath open", "a pipe of its own, opened for both ways"),
]

# The source of a bind is one name in a directory that was opened without links, or a descriptor. A link there is cloned
# itself, and then found to be one.
BY_THE_PLAN = [
    ("launcher/detach.hpp", "open_tree_at open_tree_with_attributes",
     "the source of a mount: a name that is not followed, or a descriptor"),
    ("prepare/detach_mount.cpp", "statx", "whether something is mounted at that name, which is not followed"),
]

# The wrappers themselves, and programs of the machine.
BELOW = [
    ("kernel/calls.hpp", "openat2 open_tree open_tree_attr", "the wrappers"),
    ("launcher/program/keep.cpp", "execve", "a program of the machine, named by its full path"),
]

CALLS = [*OF_THE_CALLER, *IN_THE_STORE, *AMONG_OTHERS, *OWN_TREES, *CHECKED_ONLY, *OF_THE_CONTAINER, *OF_THE_KERNEL,
         *BY_DESCRIPTOR, *BY_THE_PLAN, *BELOW]

# Paths that begin with /proc.
PROC = [
    ("cgroup/hierarchies.cpp", "the cgroups of this process, and where they are mounted"),
    ("container/running.cpp", "the process behind a pidfd, which only its fdinfo tells"),
    ("kernel/boot_id.cpp", "the id of this boot"),
    ("kernel/descriptor_path.hpp", "the one way to what a descriptor holds"),
    ("launch/accounts.cpp", "the root of a container's process, which is held"),
    ("launch/explain_mount.cpp", "a place in a container"),
    ("launch/mount_table.cpp", "the mounts of a container's process, which is held"),
    ("launch/mount_holders.cpp", "the name of a process, which is held"),
    ("launch/support_host.cpp", "settings of the machine, and this process's labels"),
    ("launch/support_kernel.cpp", "the time namespace of this process"),
    ("launcher/id_maps.cpp", "the id maps of a child, which is held"),
    ("launcher/identity.cpp", "the user namespace this process is in"),
    ("launcher/program/broker.cpp", "the mounts of the namespace, polled for changes"),
    ("launcher/program/command.cpp", "the root of the launcher's own child"),
    ("launcher/program/forget.cpp", "its own mappings"),
    ("launcher/program/freezer.cpp", "the launcher's own cgroup"),
    ("launch/named_sources.cpp", "the mount namespace of this thread, which its launcher has left"),
    ("launcher/program/mount_change_child.cpp", "a container's own places, which nothing is mounted on"),
    ("launcher/program/network.cpp", "the launcher's own network namespaces and their settings"),
    ("launcher/program/park.cpp", "a place in the launcher's own tree"),
    ("launcher/program/park.hpp", "places in the launcher's own tree"),
    ("launcher/program/pause.cpp", "the processes of a container, in the launcher's own /proc"),
    ("launcher/program/settle.cpp", "the launcher's own score"),
    ("launcher/program/dev.cpp", "links of a container's /dev"),
    ("launch/host_root.cpp", "a link of a container's /etc"),
    ("plan/image_volumes.cpp", "places in a container"),
    ("plan/known_directory.cpp", "a directory whose owner and label stay"),
    ("plan/resolve.cpp", "places in a container"),
    ("prepare/user_namespace.cpp", "the maps of a child, which is held"),
]
