// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is measured of one store.

#include "bench/volume/filled_store.hpp"
#include "bench/volume/rounds.hpp"

#include <dunnage/volume_store.hpp>

#include <vector>

namespace dunnage::bench {

/// Stays where it is: its rows know it.
class Subject {
 public:
  explicit Subject(int count) : filled_{count}, floor_{filled_} {}
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  void add_rows(std::vector<Row>& rows);

 private:
  template <typename Work>
  void add(const char* deed, const char* way, Work work);
  template <typename Work>
  void add_many(const char* deed, const char* way, Work work);
  void add_single();
  double time_list(const VolumeFilter& filter, int expected);
  void wait_for_index();
  void add_lists();
  void add_changes();
  void add_launch();

  FilledStore filled_;
  Floor floor_;
  std::vector<Row>* rows_ = nullptr;
  int number_ = 0;
};

}  // namespace dunnage::bench
