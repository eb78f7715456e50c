// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "json.hpp"
#include "spec_request.hpp"

#include <iostream>
#include <stdexcept>
#include <string>

namespace cli {
namespace {

struct ParseFlags {
  std::string surface{};
  std::string engine{};
  std::string context{};
  std::string input{};
  bool lines = false;
};

/// Answers each line as it comes, so that the other side of a pipe may wait for it.
int parse_lines() {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << answer_line(line) << std::endl;
  }
  return 0;
}

int parse(const ParseFlags& flags) {
  if (flags.lines) return parse_lines();
  if (flags.surface.empty()) {
    throw std::invalid_argument{"no surface; write dunnage spec parse --surface \"docker -v\" TEXT, or --jsonl"};
  }
  Json request{{"surface", flags.surface}, {"input", flags.input}};
  // A mapping, a list, or an object of flags is given as JSON; for Compose as YAML, which the parser reads itself.
  if (const Json value = parse_bounded(flags.input); value.is_structured()) request["input"] = value;
  if (!flags.engine.empty()) request["engine"] = flags.engine;
  if (flags.context == "host") {
    request["ctx"] = "host";
  } else if (!flags.context.empty()) {
    request["ctx"] = parse_bounded(flags.context);
    if (request["ctx"].is_discarded()) throw std::invalid_argument{"--ctx is not JSON"};
  }
  const Json answer = answer_to(request);
  std::cout << one_line(answer) << '\n';
  return answer.value("ok", false) ? 0 : kFailure;
}

}  // namespace

void add_spec(CLI::App& parent, Session& session) {
  CLI::App& spec = add_command(parent, session, "spec", "Explain what Docker, Podman and Compose make of a text");
  spec.require_subcommand(1);
  CLI::App& command = add_command(spec, session, "parse", "Print what an engine makes of a storage text, as JSON");
  command.footer(
      "Surfaces: docker -v, docker --mount, --tmpfs, podman -v, podman --mount, volumes-from, volume-name,\n"
      "volume-create-opts, compose-short, compose-long, compose-toplevel. Exits with 1 if it is refused.\n"
      "Without --ctx the text is read for the reference machine: directory /srv/app, home /home/dev, project\n"
      "shop, volumes ledger, cache and assets, every path there unless a part of it is \"missing\".");
  auto flags = std::make_shared<ParseFlags>();
  command.add_option("--surface", flags->surface, "Which language")->type_name("NAME");
  command.add_option("--engine", flags->engine, "docker, podman or compose (default: by the surface)")
      ->type_name("ENGINE");
  command
      .add_option("--ctx", flags->context, "What differs from the reference machine, as JSON; \"host\": this machine")
      ->type_name("JSON");
  command.add_flag("--jsonl", flags->lines,
                   "Read objects with surface, engine, input and ctx from standard input, one a line, and answer each");
  command.add_option("INPUT", flags->input, "The text; YAML or JSON for Compose's mappings and lists")->type_name("");
  on_chosen(command, session, flags, [](const ParseFlags& chosen) { return parse(chosen); });
}

}  // namespace cli
