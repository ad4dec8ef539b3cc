// SPDX-License-Identifier: Apache-2.0
// Which credentials, and which URL.
#include <cstring>

#include "engine/credentials.h"
#include "engine/option_checks.h"
#include "net/s3_request.h"

namespace s3b {

namespace {

std::string access_file_path(const Draft& draft, const Environment& environment) {
    if (draft.access_file) {
        return draft.access_file->empty()
                   ? std::string()
                   : absolute_path(*draft.access_file, environment.directory);
    }
    if (!environment.home || environment.home->empty()) return {};
    return *environment.home + "/.s3backer_passwd";
}

/// A file that cannot be read counts as empty.
std::string access_file_text(Draft& draft, const std::string& path) {
    if (path.empty()) return {};
    Result<std::string> text = read_access_file(path);
    if (text) return *text;
    if (draft.access_file) {
        draft.messages.push_back("warning: access file `" + path +
                                 "' cannot be read: " + std::strerror(text.error().sys_errno));
    }
    return {};
}

Complaint settle_key(Draft& draft, const std::string& path, const std::string& text) {
    const std::string& id = draft.config.s3.access_id;
    std::string& key = draft.config.s3.access_key;
    key = draft.access_key.value_or("");
    if (id.empty() && !key.empty()) {
        return std::string("an access key is given, but no access id; give `accessId', too");
    }
    if (id.empty() || !key.empty()) return {};
    if (const auto found = find_credentials(text, id)) key = found->key;
    if (!key.empty()) return {};
    std::string wrong = "no access key for the access id `" + id + "'; give `accessKey'";
    if (!path.empty()) wrong += ", or a line `" + id + ":KEY' in `" + path + "'";
    return wrong;
}

std::string default_base_url(const Draft& draft) {
    const std::string& region = draft.config.s3.region;
    const std::string host = region == net::S3Settings().region ? std::string("s3.amazonaws.com")
                                                                : "s3." + region + ".amazonaws.com";
    return (draft.ssl ? "https://" : "http://") + host + "/";
}

Complaint check_base_url(const std::string& url) {
    const std::string invalid = "invalid base URL `" + url + "': ";
    const bool http = url.starts_with("http://");
    if (!http && !url.starts_with("https://")) {
        return invalid + "it must begin with http:// or https://, in lower case";
    }
    const size_t host = http ? 7 : 8;
    if (host == url.size() || url[host] == '/') return invalid + "it names no host";
    if (!url.ends_with('/')) return invalid + "it must end in a slash";
    if (const auto endpoint = net::parse_endpoint(url, "bucket", false); !endpoint) {
        return invalid + endpoint.error().what;
    }
    return {};
}

}  // namespace

Complaint settle_credentials(Draft& draft, const Environment& environment) {
    const std::string path = access_file_path(draft, environment);
    const std::string text = access_file_text(draft, path);
    std::string& id = draft.config.s3.access_id;
    if (draft.access_id) {
        id = *draft.access_id;
    } else if (const auto first = find_credentials(text, std::nullopt)) {
        id = first->id;
    }
    const bool expects_none =
        draft.config.mount.read_only || draft.config.test || draft.base_url.has_value();
    if (id.empty() && !expects_none) {
        draft.messages.emplace_back("warning: no access id is given; only reads will succeed");
        draft.messages.emplace_back("warning: give `readOnly' to silence this warning");
    }
    return settle_key(draft, path, text);
}

Complaint settle_address(Draft& draft, const Environment&) {
    net::S3Settings& s3 = draft.config.s3;
    if (draft.region && draft.region->empty()) {
        return std::string("invalid region `': it must not be empty");
    }
    if (draft.region) s3.region = *draft.region;
    s3.base_url = draft.base_url ? *draft.base_url : default_base_url(draft);
    if (Complaint wrong = check_base_url(s3.base_url)) return wrong;
    if (draft.ssl && !s3.base_url.starts_with("https://")) {
        return "`ssl' is given, but the base URL `" + s3.base_url + "' is not https";
    }
    s3.vhost = !draft.config.test && draft.vhost.value_or(draft.region.has_value());
    if (s3.vhost) {
        s3.base_url.insert(s3.base_url.find("://") + 3, s3.bucket + ".");
        return check_base_url(s3.base_url);
    }
    return {};
}

}  // namespace s3b
