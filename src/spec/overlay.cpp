// SPDX-License-Identifier: Apache-2.0
#include "spec/overlay.hpp"

#include <optional>

namespace dunnage::spec {

void take_overlay(const Input& input, Draft& draft) {
  if (draft.upper.has_value() != draft.work.has_value()) {
    const Piece& given = draft.upper ? *draft.upper : *draft.work;
    input.refuse(at_least_one(given.span),
                 {SpecCode::OverlayDirs, SpecStage::Parse, "must set both `upperdir` and `workdir`"},
                 "an overlay needs both of its directories or none", "give the other one, too, or leave this one out");
  }
  std::optional<OverlayOptions>& overlay = draft.mount.own.overlay;
  if (draft.upper || draft.overlay_size) {
    overlay = overlay.value_or(OverlayOptions{});
  }
  if (draft.upper) {
    overlay->upper = draft.upper->text;
    overlay->work = draft.work->text;
  }
  if (draft.overlay_size) {
    overlay->size = *draft.overlay_size;
  }
}

}  // namespace dunnage::spec
