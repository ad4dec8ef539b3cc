// SPDX-License-Identifier: Apache-2.0
#include "engine/option_words.h"

#include <cstring>

namespace s3b {

namespace {

std::span<char> text_of(char* word) { return {word, std::strlen(word)}; }

void split_list(std::span<char> list, std::vector<Word>& words) {
    size_t begin = 0;
    for (size_t i = 0; i <= list.size(); ++i) {
        if (i == list.size() || list[i] == ',') {
            words.push_back({Word::Kind::ListItem, list.subspan(begin, i - begin)});
            begin = i + 1;
        } else if (list[i] == '\\' && i + 1 < list.size()) {
            ++i;  // whatever it is, it does not end the item
        }
    }
}

bool is_octal_byte(std::string_view text) {
    return text.size() >= 3 && text[0] >= '0' && text[0] <= '3' && text[1] >= '0' &&
           text[1] <= '7' && text[2] >= '0' && text[2] <= '7';
}

}  // namespace

std::vector<Word> split_words(std::span<char* const> argv) {
    std::vector<Word> words;
    for (size_t i = 0; i < argv.size(); ++i) {
        const std::span<char> text = text_of(argv[i]);
        const std::string_view view(text.data(), text.size());
        if (view == "--") {
            for (++i; i < argv.size(); ++i) {
                words.push_back({Word::Kind::Positional, text_of(argv[i])});
            }
        } else if (view == "-o" && i + 1 == argv.size()) {
            words.push_back({Word::Kind::NoList, text});
        } else if (view == "-o") {
            split_list(text_of(argv[++i]), words);
        } else if (view.starts_with("-o")) {
            split_list(text.subspan(2), words);
        } else {
            const bool flag = view.starts_with('-');
            words.push_back({flag ? Word::Kind::Flag : Word::Kind::Positional, text});
        }
    }
    return words;
}

std::string unquote(std::string_view item) {
    std::string text;
    text.reserve(item.size());  // so that no part of a secret is left behind as it grows
    for (size_t i = 0; i < item.size(); ++i) {
        if (item[i] != '\\' || i + 1 == item.size()) {
            text += item[i];
        } else if (is_octal_byte(item.substr(i + 1))) {
            text += static_cast<char>((item[i + 1] - '0') * 64 + (item[i + 2] - '0') * 8 +
                                      (item[i + 3] - '0'));
            i += 3;
        } else {
            text += item[++i];
        }
    }
    return text;
}

std::string quote(std::string_view text) {
    std::string item;
    for (const char c : text) {
        if (c == ',' || c == '\\') item += '\\';
        item += c;
    }
    return item;
}

}  // namespace s3b
