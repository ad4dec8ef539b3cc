// SPDX-License-Identifier: Apache-2.0
#include "engine/option_suggest.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "engine/option_fuse.h"
#include "engine/option_table.h"

namespace s3b {

namespace {

constexpr size_t kLettersAMistake = 3;  // so many of a name may be one that is wrong

bool same_letter(char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
}

/// Letters to be changed, added, left out or swapped with their neighbour; case does not matter.
size_t distance(std::string_view a, std::string_view b) {
    std::vector<size_t> before_last(b.size() + 1);
    std::vector<size_t> last(b.size() + 1);
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const bool same = same_letter(a[i - 1], b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
            const bool swapped = i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                                 same_letter(a[i - 2], b[j - 1]);
            if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        before_last.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

}  // namespace

std::string nearest_option(std::string_view name) {
    std::string_view nearest;
    size_t least = name.size() / kLettersAMistake + 1;
    const auto look_at = [&](std::string_view candidate) {
        const size_t mistakes = distance(name, candidate);
        if (mistakes >= least) return;
        least = mistakes;
        nearest = candidate;
    };
    for (const OptionRow& row : option_table()) look_at(row.name);
    for (const FuseRow& row : fuse_table()) look_at(row.name);
    return std::string(nearest);
}

}  // namespace s3b
