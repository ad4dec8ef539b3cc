// SPDX-License-Identifier: Apache-2.0
#include "engine/read_windows.h"

#include <algorithm>

#include "engine/base/check.h"

namespace s3b {

ReadWindows::ReadWindows(std::optional<uint32_t> fixed, uint32_t bound, uint32_t streams)
    : fixed_(fixed), bound_(bound), windows_(streams) {}

void ReadWindows::resize(Window& window, uint32_t size) {
    total_ = total_ - window.size + size;
    window.size = size;
}

void ReadWindows::open(uint32_t stream) {
    Window& window = windows_[stream];
    CHECK(!window.open);
    window.open = true;
    ++opened_;
    if (fixed_) {
        window.size = *fixed_;
    } else {
        add(stream, kFirst);
    }
}

void ReadWindows::close(uint32_t stream) {
    Window& window = windows_[stream];
    if (!window.open) return;
    if (!fixed_) resize(window, 0);
    window = Window();
    --opened_;
}

uint32_t ReadWindows::growth(uint32_t stream) const {
    const uint32_t size = std::max(windows_[stream].size, 1U);
    return size <= bound_ / kSmall ? 3 * size : size;
}

void ReadWindows::grow(uint32_t stream) {
    if (!fixed_) add(stream, growth(stream));
}

void ReadWindows::shrink(uint32_t stream) {
    Window& window = windows_[stream];
    if (!fixed_ && window.size > 1) resize(window, window.size / 2);
}

void ReadWindows::add(uint32_t stream, uint32_t more) {
    Window& window = windows_[stream];
    const uint32_t share = std::max(bound_ / opened_, 1U);
    const uint32_t due = window.size < share ? std::min(more, share - window.size) : 0;
    while (free() < due) {
        Window& largest = *std::ranges::max_element(windows_, {}, &Window::size);
        if (largest.size <= share) break;
        resize(largest, std::max(largest.size / 2, share));
    }
    resize(window, window.size + std::min(more, free()));
}

}  // namespace s3b
