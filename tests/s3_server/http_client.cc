// SPDX-License-Identifier: Apache-2.0
// A connection for each request, read until the server closes it.
#include "tests/s3_server/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "tests/s3_server/text.h"

namespace s3b::test {

std::string http_request(uint16_t port, std::string_view method, std::string_view target,
                         std::string_view headers, std::string_view body) {
    std::string text(method);
    text += ' ';
    text += target;
    text += " HTTP/1.1\r\nConnection: close\r\n";
    text += headers.find("Host:") == std::string_view::npos ? "Host: localhost\r\n" : "";
    text += headers;
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    text += body;
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string answer;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size())) {
        std::array<char, 16384> buffer{};
        for (ssize_t size = 1; size > 0;) {
            size = ::recv(fd, buffer.data(), buffer.size(), 0);
            answer.append(buffer.data(), size > 0 ? static_cast<size_t>(size) : 0);
        }
    }
    ::close(fd);
    return answer;
}

unsigned http_status(std::string_view answer) {
    const std::vector<std::string_view> words = split(answer.substr(0, answer.find('\r')), ' ');
    return words.size() < 2 ? 0 : static_cast<unsigned>(parse_number(words[1]).value_or(0));
}

}  // namespace s3b::test
