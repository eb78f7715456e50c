// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"

namespace cli {

CLI::App& add_command(CLI::App& parent, Session& session, const std::string& name, const std::string& description) {
  CLI::App* command = parent.add_subcommand(name, description);
  command->set_help_flag("--help", "Print this help and exit");
  command->option_defaults()->take_last();
  command
      ->add_option("--store", session.store,
                   "Directory of volumes and containers (default: $DUNNAGE_STORE, "
                   "/var/lib/dunnage for root, else ~/.local/share/dunnage)")
      ->type_name("DIR");
  return *command;
}

CLI::Option* add_repeated(CLI::App& app, const std::string& names, std::vector<std::string>& values,
                          const std::string& description) {
  // Not a vector option: CLI11 lets those eat the words that follow, and gives "{}" and "[...]" a meaning of its own.
  const auto take = [&values](const CLI::results_t& results) {
    values = results;
    return true;
  };
  return app.add_option(names, take, description)->type_name("TEXT")->take_all()->allow_extra_args(false);
}

CLI::Option* add_names(CLI::App& app, std::vector<std::string>& names, const std::string& description) {
  return app.add_option("NAME", names, description)->required()->type_name("");
}

void add_format(CLI::App& app, bool& json) {
  app.add_option_function<std::string>(
         "--format", [&json](const std::string& format) { json = format == "json"; }, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->type_name("FORMAT");
}

}  // namespace cli
