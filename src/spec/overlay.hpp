// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "spec/draft.hpp"

namespace dunnage::spec {

/// Puts what was said about an overlay together: both directories or none. Throws: SpecError(OverlayDirs).
void take_overlay(const Input& input, Draft& draft);

}  // namespace dunnage::spec
