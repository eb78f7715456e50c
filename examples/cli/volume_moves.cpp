// SPDX-License-Identifier: Apache-2.0

// volume export, import, rename, cp and adopt.

#include "command.hpp"
#include "json.hpp"
#include "labels.hpp"
#include "progress_line.hpp"
#include "table.hpp"

#include <dunnage/volume_store.hpp>

#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <iterator>
#include <stdexcept>

namespace cli {
namespace {

struct MoveFlags {
  std::string name{};
  std::string new_name{};
  std::string file = "-";
  std::string compression{};
  std::string digest{};
  std::string store{};
  std::vector<std::string> labels{};
  std::vector<std::string> earlier{};
  std::string inspected{};
  bool replace = false;
  bool accept_losses = false;
  bool copy = false;
  bool quiet = false;
};

using MoveVerb = int (*)(const MoveFlags&, const Session&);

/// Of a file as its name says, if nobody says otherwise.
dunnage::ArchiveCompression compression_of(const MoveFlags& flags) {
  using Compression = dunnage::ArchiveCompression;
  const std::string ending = std::filesystem::path{flags.file}.extension();
  for (const auto compression : {Compression::None, Compression::Gzip, Compression::Zstd}) {
    if (flags.compression == to_string(compression)) return compression;
  }
  if (!flags.compression.empty()) throw std::invalid_argument{"--compression is none, gzip or zstd"};
  if (ending == ".zst" || ending == ".tzst") return Compression::Zstd;
  return ending == ".gz" || ending == ".tgz" ? Compression::Gzip : Compression::None;
}

std::vector<std::filesystem::path> paths_of(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

int export_volume(const MoveFlags& flags, const Session& session) {
  const bool out = flags.file == "-";
  if (out && ::isatty(STDOUT_FILENO) == 1) {
    throw std::invalid_argument{"an archive is nothing for a terminal; write it to a file or a pipe"};
  }
  ProgressLine progress{flags.quiet};
  const dunnage::VolumeExportOptions options{
      .compression = compression_of(flags), .since = paths_of(flags.earlier), .watch = progress.watch()};
  const auto volumes = session.volumes();
  const auto done = out ? volumes.export_to(flags.name, STDOUT_FILENO, options)
                        : volumes.export_to(flags.name, std::filesystem::path{flags.file}, options);
  progress.clear();
  if (done.in_use()) complain("volume \"" + flags.name + "\" was in use; its files may not fit together");
  (out ? std::cerr : std::cout) << done.digest << '\n';
  return 0;
}

int import_volume(const MoveFlags& flags, const Session& session) {
  ProgressLine progress{flags.quiet};
  const dunnage::VolumeImportOptions options{.labels = parse_labels(flags.labels),
                                             .digest = flags.digest,
                                             .increments = paths_of(flags.earlier),
                                             .replace = flags.replace,
                                             .accept_losses = flags.accept_losses,
                                             .watch = progress.watch()};
  auto volumes = session.volumes();
  const auto done = flags.file == "-" ? volumes.import_from(STDIN_FILENO, flags.name, options)
                                      : volumes.import_from(std::filesystem::path{flags.file}, flags.name, options);
  progress.clear();
  if (const auto lost = done.devices + done.attributes + done.owners; lost > 0) {
    complain(std::to_string(done.devices) + " devices, " + std::to_string(done.attributes) + " attributes and " +
             std::to_string(done.owners) + " owners were left out");
  }
  std::cout << done.volume.name() << '\n';
  return 0;
}

int rename_volume(const MoveFlags& flags, const Session& session) {
  std::cout << session.volumes().rename(flags.name, flags.new_name).name() << '\n';
  return 0;
}

int copy_volume(const MoveFlags& flags, const Session& session) {
  ProgressLine progress{flags.quiet};
  const auto from = session.volumes();
  auto to = flags.store.empty() ? from : dunnage::VolumeStore::open(flags.store);
  const auto volume = from.copy_to(flags.name, to, flags.new_name, {.watch = progress.watch()});
  progress.clear();
  std::cout << volume.name() << '\n';
  return 0;
}

int list_adoptable(const std::vector<dunnage::AdoptableVolume>& found) {
  Table table{{"ENGINE", "VOLUME NAME", "DIRECTORY"}};
  for (const auto& volume : found) table.add({volume.engine, volume.name, volume.directory.string()});
  std::cout << table;
  return 0;
}

int adopt_volume(const MoveFlags& flags, const Session& session) {
  const std::string inspected =
      flags.inspected == "-" ? std::string{std::istreambuf_iterator<char>{std::cin}, {}} : flags.inspected;
  const auto found = dunnage::adoptable(flags.store, inspected);
  if (flags.name.empty()) return list_adoptable(found);
  for (const auto& volume : found) {
    if (volume.name != flags.name) continue;
    ProgressLine progress{flags.quiet};
    const auto adopted = session.volumes().adopt(
        volume,
        {.name = flags.new_name, .copy = flags.copy, .labels = parse_labels(flags.labels), .watch = progress.watch()});
    progress.clear();
    std::cout << adopted.name() << '\n';
    return 0;
  }
  throw std::invalid_argument{"no engine has a volume \"" + flags.name + "\"; volume adopt without a name lists them"};
}

std::pair<CLI::App*, std::shared_ptr<MoveFlags>> add_move(CLI::App& parent, Session& session, const std::string& name,
                                                          const std::string& description, MoveVerb verb) {
  CLI::App& command = add_command(parent, session, name, description);
  auto flags = std::make_shared<MoveFlags>();
  on_chosen(command, session, flags, [&session, verb](const MoveFlags& chosen) { return verb(chosen, session); });
  return {&command, flags};
}

void add_quiet(CLI::App& command, MoveFlags& flags) { command.add_flag("-q,--quiet", flags.quiet, "Show no progress"); }

void add_archives(CLI::App& volume, Session& session) {
  const auto [out, out_flags] =
      add_move(volume, session, "export", "Write a volume as a tar archive, and print its digest", export_volume);
  out->add_option("NAME", out_flags->name, "Volume")->required()->type_name("");
  out->add_option("FILE", out_flags->file, "File, which appears whole or not at all, or - for the standard output")
      ->type_name("");
  out->add_option("-o,--output", out_flags->file, "The same")->type_name("FILE");
  out->add_option("--compression", out_flags->compression, "none, gzip or zstd (default: as the file's name ends)")
      ->type_name("WORD");
  add_repeated(*out, "--since", out_flags->earlier, "An earlier export; only what differs comes. First the whole one");
  add_quiet(*out, *out_flags);
  const auto [in, in_flags] =
      add_move(volume, session, "import", "Make a volume of a tar archive, whole or not at all", import_volume);
  in->add_option("NAME", in_flags->name, "Volume")->required()->type_name("");
  in->add_option("FILE", in_flags->file, "Archive, compressed or not, or - for the standard input")->type_name("");
  in->add_option("--digest", in_flags->digest, "What it has to be: sha256:...")->type_name("DIGEST");
  add_repeated(*in, "--increment", in_flags->earlier, "An export that was made --since FILE, in their order");
  in->add_flag("--replace", in_flags->replace, "Give a volume that is there, and unused, this data instead of its own");
  in->add_flag("--accept-losses", in_flags->accept_losses, "Leave out what this user cannot make: devices, owners");
  add_repeated(*in, "--label", in_flags->labels, "Label of a new volume: KEY=VALUE");
  add_quiet(*in, *in_flags);
}

void add_names_of(CLI::App& command, MoveFlags& flags) {
  command.add_option("NAME", flags.name, "Volume")->required()->type_name("");
  command.add_option("NEW", flags.new_name, "The new name")->required()->type_name("");
}

}  // namespace

void add_volume_moves(CLI::App& volume, Session& session) {
  add_archives(volume, session);
  const auto [rename, rename_flags] =
      add_move(volume, session, "rename", "Give a volume another name, even while it is used", rename_volume);
  add_names_of(*rename, *rename_flags);
  const auto [copy, copy_flags] =
      add_move(volume, session, "cp", "Make a volume with the content and labels of another one", copy_volume);
  add_names_of(*copy, *copy_flags);
  copy->add_option("--to", copy_flags->store, "Another store to make it in")->type_name("DIRECTORY");
  add_quiet(*copy, *copy_flags);
  const auto [adopt, adopt_flags] =
      add_move(volume, session, "adopt", "Use a volume of Docker or Podman, or list those there are", adopt_volume);
  adopt->add_option("NAME", adopt_flags->name, "Volume of the engine; none: list them")->type_name("");
  adopt->add_option("--as", adopt_flags->new_name, "Its name here (default: the same)")->type_name("NAME");
  adopt->add_flag("--copy", adopt_flags->copy, "Copy the data, instead of using it where it is");
  adopt
      ->add_option("--from", adopt_flags->store,
                   "The engine's directory of volumes (default: where it is for this user)")
      ->type_name("DIRECTORY");
  adopt
      ->add_option("--inspect", adopt_flags->inspected,
                   "What `docker volume inspect` or `podman volume inspect` printed, for labels; - for standard input")
      ->type_name("JSON");
  add_repeated(*adopt, "--label", adopt_flags->labels, "A further label: KEY=VALUE");
  add_quiet(*adopt, *adopt_flags);
}

}  // namespace cli
