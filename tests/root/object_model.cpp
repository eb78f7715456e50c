// SPDX-License-Identifier: Apache-2.0
#include "root/object_model.hpp"

#include <algorithm>
#include <utility>

namespace dunnage::test {
namespace {

using Kind = Call::Kind;
using Answer = Call::Answer;

std::optional<ObjectState> given(const ObjectState& state, int slot, int value) {
  ObjectState after = state;
  after.values[static_cast<std::size_t>(slot)] = value;
  return after;
}

std::optional<ObjectState> renamed(const ObjectState& state, int from, int to) {
  ObjectState after = state;
  std::swap(after.values[static_cast<std::size_t>(from)], after.values[static_cast<std::size_t>(to)]);
  for (auto& [use, slot] : after.uses) slot = slot == from ? to : slot;
  return after;
}

std::optional<ObjectState> if_right(bool right, const std::optional<ObjectState>& after) {
  return right ? after : std::nullopt;
}

std::optional<ObjectState> used(const ObjectState& state, const Call& call) {
  ObjectState after = state;
  if (call.kind == Kind::Use || call.kind == Kind::MayUse) {
    after.uses[call.value] = call.slot;
  } else {
    after.uses.erase(call.value);
  }
  return after;
}

ObjectState stopped(const ObjectState& state) {
  ObjectState after = state;
  after.runs = after.takes = false;
  return after;
}

ObjectState taking(const ObjectState& state, const Call& call) {
  ObjectState after = state;
  if (state.container == call.value && state.runs) after.takes = call.kind == Kind::Start;
  return after;
}

ObjectState with_container(const ObjectState& state, int value) {
  ObjectState after = state;
  after.container = value;
  after.runs = value != 0;
  after.takes = false;
  return after;
}

std::optional<ObjectState> done_to_container(const ObjectState& state, const Call& call) {
  switch (call.kind) {
    case Kind::Launch:
      return if_right(state.container == 0, with_container(state, call.value));
    case Kind::Start:
    case Kind::End:
      return taking(state, call);
    case Kind::Stop:  // if it was another one it had ended
      return state.container == call.value ? stopped(state) : state;
    case Kind::Execute:
      return if_right(state.container == call.value && state.takes, state);
    case Kind::Erase:  // also if another one has been faster
      return if_right(!state.runs, with_container(state, 0));
    case Kind::Find:
      return if_right(call.seen == (state.runs ? state.container : -state.container), state);
    default:
      return std::nullopt;
  }
}

std::optional<ObjectState> refused_by_container(const ObjectState& state, const Call& call) {
  const bool same = call.kind == Kind::Stop || call.kind == Kind::Execute;  // it is about that container
  switch (call.answer) {
    case Answer::Exists:
      return if_right(state.container != 0, state);
    case Answer::Missing:
      if (call.kind == Kind::Launch) return if_right(state.values[call.slot] == 0, state);
      return if_right(same ? state.container != call.value : state.container == 0, state);
    case Answer::InUse:
      return if_right(state.runs, state);
    case Answer::NotRunning:
      return if_right(state.container != call.value || (call.kind == Kind::Execute ? !state.takes : !state.runs),
                      state);
    default:
      return std::nullopt;
  }
}

std::optional<ObjectState> done(const ObjectState& state, const Call& call) {
  const int slot = call.slot;
  const int now = state.values[call.slot];
  const int other = kSlots - 1 - slot;
  switch (call.kind) {
    case Kind::Create:
      return if_right(now == 0, given(state, slot, call.value));
    case Kind::GetOrCreate:
      return if_right(call.seen == (now == 0 ? call.value : now), given(state, slot, call.seen));
    case Kind::Put:
      return given(state, slot, call.value);
    case Kind::Set:
      return if_right(now != 0, given(state, slot, call.value));
    case Kind::Remove:
      return if_right(now != 0 && !state.is_used(slot), given(state, slot, 0));
    case Kind::Rename:
      return if_right(now != 0 && state.values[static_cast<std::size_t>(other)] == 0, renamed(state, slot, other));
    case Kind::Look:
      return if_right(now == call.seen, state);
    case Kind::Use:
      return if_right(now != 0, used(state, call));
    case Kind::Unuse:
      return used(state, call);
    case Kind::MayUse:
      return now == 0 ? state : used(state, call);
    default:
      return done_to_container(state, call);
  }
}

}  // namespace

bool is_about_container(const Call& call) {
  const bool missing_volume = call.kind == Kind::Launch && call.answer == Answer::Missing;
  return call.kind >= Kind::Launch && !missing_volume;
}

std::optional<ObjectState> after(const ObjectState& state, const Call& call) {
  if (call.answer != Answer::Done && call.kind >= Kind::Launch) return refused_by_container(state, call);
  const int now = state.values[call.slot];
  const bool other_is_there = state.values[kSlots - 1U - call.slot] != 0;
  switch (call.answer) {
    case Answer::Done:
      return done(state, call);
    case Answer::Exists:
      return if_right(call.kind == Kind::Rename ? now != 0 && other_is_there : now != 0, state);
    case Answer::Missing:
      return if_right(now == 0, state);
    case Answer::InUse:
      return if_right(now != 0 && state.is_used(call.slot), state);
    case Answer::NotRunning:
    case Answer::GaveUp:  // left out before an order is looked for
    case Answer::None:
      break;
  }
  return std::nullopt;
}

}  // namespace dunnage::test
