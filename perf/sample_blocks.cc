// SPDX-License-Identifier: Apache-2.0
#include "perf/sample_blocks.h"

#include <array>
#include <cmath>
#include <cstring>
#include <random>
#include <span>
#include <string>

namespace s3b {

namespace {

constexpr size_t kPiece = 2048;
constexpr size_t kNoise = kPiece / 4;  // less of it than of the others
constexpr size_t kWords = 3000;

/// Deterministic, unlike the distributions of the standard library.
class Source {
public:
    size_t below(size_t bound) { return random_() % bound; }
    /// Small numbers far more often, as words and sizes are.
    size_t mostly_small(size_t bound) {
        const double share = static_cast<double>(random_()) / static_cast<double>(random_.max());
        return static_cast<size_t>(static_cast<double>(bound - 1) * std::pow(share, 4));
    }

private:
    std::mt19937 random_{20240102};
};

std::vector<std::string> make_words(Source& source) {
    constexpr std::string_view kLetters = "eeeeetttaaaoooiiinnnssshhrrdlcumwfgypbvk";
    std::vector<std::string> words(kWords);
    for (std::string& word : words) {
        word.resize(2 + source.mostly_small(12));
        for (char& letter : word) letter = kLetters[source.below(kLetters.size())];
    }
    return words;
}

class Mixture {
public:
    std::string piece(size_t kind) {
        std::string text;
        while (text.size() < kPiece) {
            switch (kind % 4) {
                case 0: text += sentence(); break;
                case 1: text += statement(); break;
                case 2: text += record(); break;
                default: text += static_cast<char>(source_.below(256)); break;
            }
        }
        return text.substr(0, kind % 4 == 3 ? kNoise : kPiece);
    }

private:
    const std::string& word() { return words_[source_.mostly_small(kWords)]; }

    std::string sentence() {
        std::string text = word();
        for (size_t i = 4 + source_.below(12); i > 0; --i) text += ' ' + word();
        return text + (source_.below(5) == 0 ? ".\n\n" : ". ");
    }

    std::string statement() {
        const std::string indent(4 * source_.below(4), ' ');
        switch (source_.below(4)) {
            case 0: return indent + "if (" + word() + " != nullptr) {\n";
            case 1: return indent + word() + "." + word() + "(" + word() + ", " + word() + ");\n";
            case 2: return indent + "const size_t " + word() + " = " + word() + ".size();\n";
            default: return indent + "}\n";
        }
    }

    /// As in executables and data bases: fields of fixed width, most of their bytes alike.
    std::string record() {
        position_ += static_cast<uint32_t>(8 + source_.mostly_small(4096));
        const std::array<uint32_t, 5> fields = {
            position_, static_cast<uint32_t>(source_.mostly_small(1 << 12)), 0x400000,
            static_cast<uint32_t>(source_.mostly_small(1 << 24)),
            static_cast<uint32_t>(source_.below(6))};
        std::string bytes(sizeof fields, '\0');
        std::memcpy(bytes.data(), fields.data(), sizeof fields);
        return bytes + word().substr(0, 4);
    }

    Source source_;
    std::vector<std::string> words_ = make_words(source_);
    uint32_t position_ = 0x1000;
};

}  // namespace

std::vector<std::byte> mixed_block(size_t size) {
    Mixture mixture;
    std::string text;
    for (size_t kind = 0; text.size() < size; ++kind) text += mixture.piece(kind);
    const auto bytes = std::as_bytes(std::span(text).first(size));
    return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> noise_block(size_t size) {
    std::mt19937 random(size);
    std::vector<std::byte> block(size);
    for (std::byte& byte : block) byte = static_cast<std::byte>(random());
    return block;
}

}  // namespace s3b
