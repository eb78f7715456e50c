// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// `import --change`: how an image wants to be run, in the words of a Dockerfile.
///
///     CMD ["sh"]    ENTRYPOINT /start    ENV A=1 B=2    EXPOSE 80/tcp    LABEL a=b
///     STOPSIGNAL SIGINT    USER app    VOLUME /data    WORKDIR /srv

#include <dunnage/image.hpp>

#include <string>

namespace cli {

/// Throws: std::invalid_argument.
void apply_change(dunnage::ImageConfig& config, const std::string& text);

}  // namespace cli
