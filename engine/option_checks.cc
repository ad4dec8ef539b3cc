// SPDX-License-Identifier: Apache-2.0
#include "engine/option_checks.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <tuple>

namespace s3b {

namespace {

constexpr uint32_t kMaxThreads = 1000;  // each may need a connection and a block of memory

/// Resolves `name` in place; it must be a directory that exists.
Complaint resolve_directory(std::string_view what, std::string& name,
                            const Environment& environment) {
    const std::string about = std::string(what) + " `" + name + "'";
    if (name.empty()) return about + " is empty";  // not the current directory
    const std::string path = absolute_path(name, environment.directory);
    const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(path.c_str(), nullptr),
                                                               &std::free);
    struct stat status{};
    if (!resolved || ::stat(resolved.get(), &status) != 0) {
        return about + ": " + std::strerror(errno);
    }
    if (!S_ISDIR(status.st_mode)) return about + " is not a directory";
    name = resolved.get();
    return {};
}

Complaint settle_file_mode(Draft& draft, const Environment&) {
    fusell::MountSettings& mount = draft.config.mount;
    mount.file_mode = draft.file_mode.value_or(mount.read_only ? 0400 : mount.file_mode);
    return {};
}

Complaint settle_auth_version(Draft& draft, const Environment&) {
    draft.config.s3.aws2 = draft.auth_version == "aws2";
    if (draft.config.s3.aws2 || draft.auth_version == "aws4") return {};
    return "invalid value `" + draft.auth_version +
           "' of option `authVersion': aws4 or aws2 is wanted";
}

Complaint settle_test_directory(Draft& draft, const Environment& environment) {
    if (draft.positional.empty()) return std::string("no test directory is given");
    draft.config.directory = draft.positional[0];
    draft.config.auto_detect = false;
    return resolve_directory("test directory", draft.config.directory, environment);
}

/// BUCKET, or BUCKET/SUBDIR, where SUBDIR/ becomes the prefix.
Complaint settle_bucket(Draft& draft) {
    if (draft.positional.empty()) return std::string("no bucket is given");
    const std::string& argument = draft.positional[0];
    const std::string invalid = "invalid bucket `" + argument + "': ";
    if (argument.empty()) return invalid + "its name is empty";
    if (argument.front() == '/') return invalid + "it begins with a slash";
    const size_t slash = argument.find('/');
    draft.config.s3.bucket = argument.substr(0, slash);
    if (slash == std::string::npos) return {};
    const std::string subdirectory = argument.substr(slash + 1);
    if (subdirectory.empty() || subdirectory.front() == '/' || subdirectory.back() == '/' ||
        subdirectory.find("//") != std::string::npos) {
        return invalid + "what follows its name must not begin or end with a slash, or have two";
    }
    if (!draft.config.prefix.empty()) {
        return invalid + "with `prefix=" + draft.config.prefix + "' it must not have a slash";
    }
    draft.config.prefix = subdirectory + "/";
    return {};
}

Complaint settle_store(Draft& draft, const Environment& environment) {
    return draft.config.test ? settle_test_directory(draft, environment) : settle_bucket(draft);
}

Complaint settle_ca_file(Draft& draft, const Environment& environment) {
    std::string& file = draft.config.s3.ca_file;
    if (!file.empty()) file = absolute_path(file, environment.directory);
    return {};
}

Complaint check_access_type(Draft& draft, const Environment&) {
    static constexpr auto kTypes = std::to_array<std::string_view>(
        {"private", "public-read", "public-read-write", "authenticated-read"});
    const std::string& type = draft.config.s3.access_type;
    if (std::ranges::find(kTypes, type) != kTypes.end()) return {};
    return "invalid value `" + type +
           "' of option `accessType': private, public-read, public-read-write or "
           "authenticated-read is wanted";
}

Complaint check_name(std::string_view option, const std::string& name) {
    const std::string invalid =
        "invalid value `" + name + "' of option `" + std::string(option) + "': ";
    if (name.find('/') != std::string::npos) return invalid + "a name without a slash is wanted";
    if (name == "." || name == "..") return invalid + "it names the directory itself";
    if (name.size() > NAME_MAX) return invalid + "it is longer than 255 bytes";
    return {};
}

Complaint check_names(Draft& draft, const Environment&) {
    const fusell::MountSettings& mount = draft.config.mount;
    if (mount.filename.empty()) {
        return std::string("invalid value `' of option `filename': it must not be empty");
    }
    if (Complaint wrong = check_name("filename", mount.filename)) return wrong;
    if (Complaint wrong = check_name("statsFilename", mount.stats_filename)) return wrong;
    if (mount.filename == mount.stats_filename) {
        return "`filename' and `statsFilename' are both `" + mount.filename +
               "'; they must be different";
    }
    return {};
}

Complaint check_retry_pauses(Draft& draft, const Environment&) {
    const net::S3Settings& s3 = draft.config.s3;
    if (s3.initial_retry_pause <= s3.max_retry_pause) return {};
    const auto ms = [](Duration time) {
        return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
    };
    return "`maxRetryPause=" + ms(s3.max_retry_pause) +
           "' is less than `initialRetryPause=" + ms(s3.initial_retry_pause) +
           "'; it must be at least as long";
}

/// Reads an option's text, if it was given, by `parse` into `into`.
template <class Value, class Parsed>
Complaint settle_text(std::string_view option, const std::optional<std::string>& text,
                      Complaint (*parse)(std::string_view, Parsed&), Value& into) {
    if (!text) return {};
    Parsed value{};
    if (Complaint wrong = parse(*text, value)) {
        return "invalid value `" + *text + "' of option `" + std::string(option) + "': " + *wrong;
    }
    into = value;
    return {};
}

Complaint settle_ip_tos(Draft& draft, const Environment&) {
    return settle_text("ipTOS", draft.ip_tos, parse_type_of_service, draft.config.s3.ip_tos);
}

Complaint settle_speeds(Draft& draft, const Environment&) {
    Config& config = draft.config;
    const std::tuple<std::string_view, std::optional<std::string>&, ByteCount&> speeds[] = {
        {"maxUploadSpeed", draft.max_upload_speed, config.s3.upload_speed},
        {"maxDownloadSpeed", draft.max_download_speed, config.s3.download_speed},
        {"totalUploadSpeed", draft.total_upload_speed, config.total_upload_speed},
        {"totalDownloadSpeed", draft.total_download_speed, config.total_download_speed},
    };
    for (const auto& [option, text, into] : speeds) {
        if (Complaint wrong = settle_text(option, text, parse_speed, into)) return wrong;
    }
    return settle_text("hedgeReads", draft.hedge_reads, parse_percentile,
                       config.s3.hedge_percentile);
}

Complaint settle_sizes(Draft& draft, const Environment&) {
    static constexpr ByteCount kMaxBlockSize(uint64_t(1) << 31);
    Config& config = draft.config;
    if (Complaint wrong =
            settle_text("blockSize", draft.block_size, parse_size, config.block_size)) {
        return wrong;
    }
    if (config.block_size > kMaxBlockSize) {
        return "invalid value `" + *draft.block_size +
               "' of option `blockSize': it is too large, at most 2g";
    }
    return settle_text("size", draft.size, parse_size, config.size);
}

Complaint check_cache(Draft& draft, const Environment&) {
    const CacheConfig& cache = draft.config.cache;
    if (cache.size > 0 && cache.threads == 0) {
        return std::string("`blockCacheThreads=0' cannot work with a block cache; give at least 1");
    }
    // Slots are counted in 32 bits, and there are a few more than blocks in the cache.
    static constexpr uint32_t kMostCached = 4'000'000'000;
    if (cache.size > kMostCached) {
        return "`blockCacheSize=" + std::to_string(cache.size) + "' is too many, at most " +
               std::to_string(kMostCached);
    }
    if (cache.threads > kMaxThreads) {
        return "`blockCacheThreads=" + std::to_string(cache.threads) + "' is too many, at most " +
               std::to_string(kMaxThreads);
    }
    if (cache.sync && cache.write_delay > Duration::zero()) {
        return std::string("`blockCacheSync' needs `blockCacheWriteDelay=0'");
    }
    if (cache.protected_blocks > cache.size) {
        draft.messages.push_back(
            "warning: `blockCacheNumProtected=" + std::to_string(cache.protected_blocks) +
            "' is more than the " + std::to_string(cache.size) + " blocks of the cache");
    }
    return {};
}

/// Erase wins if both are given.
Complaint settle_action(Draft& draft, const Environment&) {
    if (!draft.erase && !draft.reset_mounted_flag) return {};
    draft.action = draft.erase ? CommandLine::Action::Erase : CommandLine::Action::Reset;
    if (draft.positional.size() < 2) return {};
    return "no mount point may be given with `" +
           std::string(draft.erase ? "erase" : "reset-mounted-flag") + "', but `" +
           draft.positional[1] + "' is";
}

Complaint settle_mount_point(Draft& draft, const Environment& environment) {
    if (draft.action != CommandLine::Action::Mount) return {};
    if (draft.positional.size() < 2) return std::string("no mount point is given");
    draft.config.mount.mount_point = draft.positional[1];
    Complaint wrong = resolve_directory("mount point", draft.config.mount.mount_point, environment);
    if (!wrong && draft.positional.size() > 2) {
        wrong = "unexpected argument `" + draft.positional[2] + "' after the mount point `" +
                draft.positional[1] + "'";
    }
    return wrong;
}

Complaint check_list_threads(Draft& draft, const Environment&) {
    Config& config = draft.config;
    const int64_t threads = draft.list_threads.value_or(static_cast<int32_t>(config.list_threads));
    config.list_threads = static_cast<uint32_t>(std::clamp<int64_t>(threads, 1, kMaxThreads));
    if (!config.list_blocks || threads == config.list_threads) return {};
    return "invalid value `" + std::to_string(threads) + "' of option `listBlocksThreads': 1 to " +
           std::to_string(kMaxThreads) + " is wanted with `listBlocks'";
}

Complaint settle_source_name(Draft& draft, const Environment&) {
    std::string& name = draft.config.mount.fsname;
    if (name.empty()) name = store_name(draft.config);  // else chosen with -o fsname=
    return {};
}

Complaint settle_stats_mirror(Draft& draft, const Environment& environment) {
    Config& config = draft.config;
    if (!draft.stats_mirror) return {};
    if (draft.stats_mirror->empty()) return std::string("`statsFileMirror' is empty");
    config.stats_mirror = absolute_path(*draft.stats_mirror, environment.directory);
    if (config.stats_mirror_interval == Duration::zero()) {
        return std::string("invalid value `0' of option `statsFileMirrorInterval': at least 1");
    }
    return {};
}

Complaint settle_metrics(Draft& draft, const Environment&) {
    if (!draft.metrics) return {};
    draft.config.metrics = parse_listen_place(*draft.metrics);
    if (draft.config.metrics) return {};
    return "invalid value `" + *draft.metrics +
           "' of option `metricsListen': a port, ADDRESS:PORT or the absolute path of a socket is "
           "wanted";
}

Complaint settle_trial(Draft& draft, const Environment&) {
    const net::TrialSettings trial{draft.test_delays, draft.test_errors, draft.test_discard};
    if (trial.any() && !draft.config.test) {
        return std::string("`test-delays', `test-errors' and `test-discard' need `test'");
    }
    draft.config.trial = trial;
    return {};
}

Complaint settle_cpu_threads(Draft& draft, const Environment&) {
    uint32_t& threads = draft.config.cpu_threads;
    if (threads == 0) threads = std::clamp(std::thread::hardware_concurrency(), 1U, 8U);
    return {};
}

using Step = Complaint (*)(Draft&, const Environment&);

/// In the order of command-line.md 2.9, which decides the message that a user sees.
constexpr Step kSteps[] = {
    settle_shared_disk,  settle_file_mode,     settle_credentials,  settle_auth_version,
    settle_store,        settle_storage_class, settle_sse,          settle_address,
    settle_customer_key, settle_ca_file,       check_access_type,   check_names,
    settle_encryption,   settle_compression,   settle_ip_tos,       settle_consistency,
    check_retry_pauses,  settle_sizes,         settle_speeds,       check_cache,
    settle_cache_file,   settle_action,        settle_mount_point,  check_list_threads,
    settle_source_name,  settle_cpu_threads,   settle_stats_mirror, settle_metrics,
    settle_trial,        settle_password,
};

}  // namespace

std::string store_name(const Config& config) {
    if (config.test) return "file://" + config.directory + "/" + config.prefix;
    const std::string bucket = config.s3.vhost ? "" : config.s3.bucket + "/";
    return config.s3.base_url + bucket + config.prefix;
}

Complaint settle_waiting(Draft& draft, const Environment& environment) {
    draft.action = CommandLine::Action::WaitUnmounted;
    if (draft.positional.size() != 1) {
        return std::string("`wait-unmounted' needs one mount point, and nothing else");
    }
    // It may be gone by now.
    const std::string path = absolute_path(draft.positional[0], environment.directory);
    const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(path.c_str(), nullptr),
                                                               &std::free);
    draft.config.mount.mount_point = resolved ? resolved.get() : path;
    return {};
}

Complaint complete(Draft& draft, const Environment& environment) {
    for (const Step step : kSteps) {
        if (Complaint wrong = step(draft, environment)) return wrong;
    }
    return {};
}

}  // namespace s3b
