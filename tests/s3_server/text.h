// SPDX-License-Identifier: Apache-2.0
// Encodings of text the S3 protocol uses: percent, hex, base64, XML, JSON, dates. Written for the
// test server alone, so that it does not share a mistake with the product.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/s3_server/http_message.h"

namespace s3b::test {

std::string percent_decode(std::string_view text);
// As SigV4 wants it: A-Z a-z 0-9 - . _ ~ stay, and '/' where `keep_slash`.
void append_percent_encoded(std::string& out, std::string_view text, bool keep_slash);
std::vector<QueryItem> parse_query(std::string_view text);

std::string to_hex(std::span<const unsigned char> bytes);
std::string base64_encode(std::span<const unsigned char> bytes);
std::optional<std::string> base64_decode(std::string_view text);

void append_xml_escaped(std::string& out, std::string_view text);
std::string xml_escape(std::string_view text);
std::string xml_unescape(std::string_view text);
// With the quotes around it.
std::string json_string(std::string_view text);

char lower(char c);
std::string to_lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
bool starts_with_ignoring_case(std::string_view text, std::string_view start);
std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);
std::optional<uint64_t> parse_number(std::string_view text);

// "Tue, 02 Jan 2024 03:04:05 GMT" and "2024-01-02T03:04:05.000Z".
std::string http_date(std::time_t time);
std::string iso_date(std::time_t time);
// "2024-01-02T03:04:05Z"
std::string iso_seconds(std::time_t time);
// The form of http_date.
std::optional<std::time_t> parse_http_date(std::string_view text);
// "20240102T030405Z"
std::optional<std::time_t> parse_amz_date(std::string_view text);

}  // namespace s3b::test
