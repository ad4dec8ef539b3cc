// SPDX-License-Identifier: Apache-2.0
#include "engine/signing_keys.h"

namespace s3b {

SigningKeys::SigningKeys(Ring& ring, const net::KeySourceSettings& settings) {
    auto source = net::make_source(ring, settings);
    if (source == nullptr) return;
    credentials_.emplace(std::move(source), net::refresh_interval(settings.source));
    tasks_.spawn(credentials_->keep_fresh());
}

Task<void> SigningKeys::stop() {
    if (credentials_) credentials_->stop();
    co_await tasks_.join();
}

}  // namespace s3b
