// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// `extends`: a service over another one, of the same file or of another.

#include "compose/loader.hpp"

#include <string>
#include <utility>
#include <vector>

namespace dunnage::compose {

class Extender {
 public:
  /// \param file the document's; \param directory what files of others are relative to
  Extender(Loader& loader, const Unit& unit, std::string file, std::string directory, Value& value,
           const std::vector<Path>& resets)
      : loader_{loader},
        unit_{unit},
        file_{std::move(file)},
        directory_{std::move(directory)},
        value_{value},
        resets_{resets} {}

  /// Every service of the document. Throws: ProjectError, for cycles too.
  void extend_all();

 private:
  using Chain = std::vector<std::pair<std::string, std::string>>;  ///< files and services

  void extend(const std::string& name, Chain& chain);
  void put_over(Value base, Value& service, const std::string& name) const;
  void check_chain(const std::string& name, const Value& extends, const Chain& chain) const;
  Value& find_base(const std::string& name, const std::string& wanted, Value& services, const Value& extends,
                   const std::string& file) const;

  Loader& loader_;
  const Unit& unit_;
  std::string file_;
  std::string directory_;
  Value& value_;
  const std::vector<Path>& resets_;
};

}  // namespace dunnage::compose
