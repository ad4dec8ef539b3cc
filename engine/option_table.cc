// SPDX-License-Identifier: Apache-2.0
#include "engine/option_table.h"

#include <algorithm>

#include "engine/option_setters.h"

namespace s3b {

using namespace setters;

namespace {

using fusell::MountSettings;
using net::S3Settings;
using std::chrono::milliseconds;
using std::chrono::seconds;
using enum OptionGroup;

constexpr OptionRow kOptions[] = {
    {"accessFile", "FILE", Credentials, "File with lines ID:KEY; the first that fits is used",
     "$HOME/.s3backer_passwd", text<&Draft::access_file>},
    {"accessId", "ID", Credentials, "Access id; empty: requests are not signed",
     "first of accessFile", text<&Draft::access_id>},
    {"accessKey", "KEY", Credentials, "Secret access key", "that of the id in accessFile",
     text<&Draft::access_key>, true},
    {"accessKeyEnv", "VAR", Credentials, "Environment variable with the secret access key", "",
     text<&Draft::access_key_variable>},
    {"accessEC2IAM", "ROLE", Credentials, "Role whose keys the EC2 metadata service gives", "",
     text<&Draft::ec2_role>},
    {"accessEC2IAM-IMDSv2", "", Credentials, "Use version 2 of that service, with tokens", "",
     flag<&Draft::imds_v2>},
    {"accessProvider", "NAME", Credentials,
     "Where the keys come from: env, profile, ecs or web-identity, as in the AWS tools", "",
     text<&Draft::access_provider>},
    {"accessType", "TYPE", Credentials,
     "Access rights of new objects: private, public-read, public-read-write or authenticated-read",
     "private", text<&S3Settings::access_type>},
    {"authVersion", "TYPE", Credentials, "How requests are signed: aws4 or aws2", "aws4",
     text<&Draft::auth_version>},

    {"baseURL", "URL", Service, "Address of the service; ends in a slash",
     "http://s3.amazonaws.com/", text<&Draft::base_url>},
    {"region", "NAME", Service, "Region of the bucket; also switches vhost on", "us-east-1",
     text<&Draft::region>},
    {"vhost", "", Service, "Put the bucket's name in front of the host of the base URL", "",
     flag<&Draft::vhost>},
    {"no-vhost", "", Service, "Keep the bucket's name in the path, also with region", "",
     flag<&Draft::vhost, false>},
    {"ssl", "", Service, "Use https for the default base URL", "", flag<&Draft::ssl>},
    {"cacert", "FILE", Service, "Certificates (PEM) to trust for https", "those of the system",
     text<&S3Settings::ca_file>},
    {"insecure", "", Service, "Do not verify the server's certificate", "",
     flag<&S3Settings::insecure>},
    {"timeout", "SECONDS", Service, "Limit of one HTTP attempt; 0 = none", "30",
     time<&S3Settings::timeout, seconds>},
    {"initialRetryPause", "MS", Service, "First pause before a retry; it doubles each time", "200",
     time<&S3Settings::initial_retry_pause, milliseconds>},
    {"maxRetryPause", "MS", Service, "Limit of the sum of the pauses of one operation", "30000",
     time<&S3Settings::max_retry_pause, milliseconds>},
    {"storageClass", "CLASS", Service, "Storage class of new objects", "the store's",
     text<&Draft::storage_class>},
    {"rrs", "", Service, "Same as storageClass=REDUCED_REDUNDANCY", "", flag<&Draft::rrs>},
    {"sse", "TYPE", Service, "The store encrypts new objects: AES256 or aws:kms", "",
     text<&Draft::sse>},
    {"sse-key-id", "ID", Service, "Which key sse=aws:kms uses", "", text<&S3Settings::sse_key_id>},
    {"sseCustomerKeyFile", "FILE", Service,
     "The store encrypts objects with the key in FILE: 32 bytes, or their base64; needs https", "",
     text<&Draft::customer_key_file>},
    {"defaultContentEncoding", "LIST", Service,
     "Encoding of objects that come without one, such as deflate", "none",
     text<&S3Settings::default_content_encoding>},

    {"http11", "", Service, "Accepted, without effect: HTTP/1.1 is always used", "",
     [](Draft&, std::string_view) { return Complaint(); }},
    {"noBodyCheck", "", Service, "Do not compare what is read with the store's checksum", "",
     flag<&S3Settings::check_bodies, false>},
    {"noCurlCache", "", Service, "Open a new connection for each request", "",
     flag<&S3Settings::fresh_connections>},
    {"ipTOS", "VALUE", Service,
     "Type of service of our packets: lowdelay, throughput, reliability, lowcost, mincost, 0 to "
     "255",
     "that of the system", text<&Draft::ip_tos>},
    {"maxUploadSpeed", "BPS", Service, "Bits a second of each upload, such as 10m", "no limit",
     text<&Draft::max_upload_speed>},
    {"maxDownloadSpeed", "BPS", Service, "Bits a second of each download", "no limit",
     text<&Draft::max_download_speed>},
    {"totalUploadSpeed", "BPS", Service, "Bits a second of all uploads together", "no limit",
     text<&Draft::total_upload_speed>},
    {"totalDownloadSpeed", "BPS", Service, "Bits a second of all downloads together", "no limit",
     text<&Draft::total_download_speed>},
    {"hedgeReads", "PERCENTILE", Service,
     "Send a read again if it takes longer than so many percent of the last ones; 0 = never", "0",
     text<&Draft::hedge_reads>},

    {"size", "SIZE", Volume, "Size of the file, such as 10g", "detected", text<&Draft::size>},
    {"blockSize", "SIZE", Volume, "Size of a block, a power of two", "detected, or 4k",
     text<&Draft::block_size>},
    {"prefix", "STRING", Volume, "Put in front of each object's name; no slash is added", "",
     text<&Config::prefix>},
    {"blockHashPrefix", "", Volume,
     "Put a hash of its number in front of each block's name, behind the prefix", "",
     flag<&Config::block_hash_prefix>},
    {"noAutoDetect", "", Volume, "Do not ask block 0 for the sizes; size is needed then", "",
     flag<&Config::auto_detect, false>},
    {"force", "", Volume,
     "Go on although the sizes differ from those detected or the bucket seems to be mounted", "",
     flag<&Config::force>},

    {"compress", "WHAT", Encryption,
     "Compress blocks by deflate (also if no WHAT is given) or zstd, or by deflate with a level, "
     "-1 "
     "(the usual one) to 9; 0 = off, or with encrypt, stored as deflate does it",
     "off", compress, false,
     [](Draft& draft) { draft.compress = CompressChoice{codec::Algorithm::Deflate, {}}; }},
    {"compress-level", "N", Encryption,
     "Level of the algorithm that compress names or encrypt uses; larger is slower",
     "the usual one", compress_level},
    {"encrypt", "CIPHER", Encryption,
     "Encrypt blocks by a cipher of OpenSSL in CBC mode, AES-128-CBC if none is named; they are "
     "compressed, too",
     "off", text<&Draft::cipher>, false, [](Draft& draft) { draft.encrypt = true; }},
    {"password", "STRING", Encryption, "What the keys are made of; passwordFile is safer",
     "asked for on the terminal", password, true},
    {"passwordFile", "FILE", Encryption, "File whose first line is the password", "",
     text<&Draft::password_file>},
    {"keyLength", "BYTES", Encryption, "Length of the keys, at most 64; 0 = as the cipher needs",
     "0", key_length},

    {"blockCacheSize", "NUM", Cache, "Blocks in the cache; 0 = no cache", "1000",
     number<&CacheConfig::size>},
    {"blockCacheThreads", "NUM", Cache, "Blocks written at once, at the most", "20",
     number<&CacheConfig::threads>},
    {"blockCacheTimeout", "MS", Cache, "Drop blocks unused for so long; 0 = never", "0",
     time<&CacheConfig::timeout, milliseconds>},
    {"blockCacheWriteDelay", "MS", Cache, "How long a changed block waits to be written", "250",
     time<&CacheConfig::write_delay, milliseconds>},
    {"blockCacheMaxDirty", "NUM", Cache,
     "Writers wait while so many blocks are dirty; 0 = no limit", "0",
     number<&CacheConfig::max_dirty>},
    {"blockCacheSync", "", Cache,
     "A write ends when the block is stored; needs blockCacheWriteDelay=0", "",
     flag<&CacheConfig::sync>},
    {"blockCacheNumProtected", "NUM", Cache,
     "Evict blocks with a number below only when nothing else can be", "0",
     number<&CacheConfig::protected_blocks>},
    {"blockCachePolicy", "NAME", Cache,
     "What is evicted: lru, what was not used for longest; s3fifo resists scans", "lru",
     eviction_policy},
    {"blockCacheFile", "FILE", Cache,
     "Keep the cache in this file, so that the next mount finds it; blocks in use are in memory, "
     "too",
     "in memory only", text<&Draft::cache_file>},
    {"blockCacheMemory", "SIZE", Cache, "Memory for blocks with blockCacheFile", "256m",
     size<&CacheConfig::memory>},
    {"blockCacheNoVerify", "", Cache,
     "Do not compare blocks of the cache file with the store before they are used", "",
     flag<&CacheConfig::verify_file, false>},
    {"blockCacheRecoverDirtyBlocks", "", Cache,
     "Write back what a mount that was killed has left in the cache file", "",
     flag<&CacheConfig::recover_dirty_blocks>},
    {"blockCacheFileAdvise", "", Cache, "Keep the cache file out of the kernel's page cache", "",
     flag<&CacheConfig::advise_file>},
    {"readAhead", "NUM", Cache,
     "Blocks to read ahead of each sequence of reads; 0 = none. If it is not given, the number "
     "adapts, beginning with the default",
     "4", read_ahead},
    {"readAheadTrigger", "NUM", Cache, "Blocks read in sequence before reading ahead starts", "2",
     number<&CacheConfig::read_ahead_trigger>},
    {"readAheadMax", "SIZE", Cache,
     "Bytes to read ahead of all sequences together, at most half the cache; without readAhead",
     "64m", size<&CacheConfig::read_ahead_max>},
    {"listBlocks", "", Cache,
     "Find out in the background which blocks have no object; they need no request then", "",
     flag<&Config::list_blocks>},
    {"listBlocksThreads", "NUM", Cache, "Requests at once for listBlocks and erase", "16",
     list_threads},
    {"sharedDiskMode", "", Cache,
     "Other mounts write to the volume, too: nothing is cached, each request goes to the store", "",
     flag<&Config::shared_disk>},
    {"cpuThreads", "N", Cache, "Threads that compress, encrypt and make checksums, at most 64",
     "one a CPU, at most 8", cpu_threads},

    {"consistency", "KIND", Consistency,
     "What the store shows after a write: strong = that write; eventual = perhaps an old version "
     "for a while, against which the next three protect",
     "strong", consistency},
    {"md5CacheTime", "MS", Consistency,
     "For so long after a write accept only that version; with eventual 10000, or 0 = for ever",
     "0", maybe_milliseconds<&Draft::md5_cache_time>},
    {"minWriteDelay", "MS", Consistency,
     "Pause between two writes of a block to the store, at most md5CacheTime; with eventual 500",
     "0", maybe_milliseconds<&Draft::min_write_delay>},
    {"md5CacheSize", "NUM", Consistency,
     "Remember so many written blocks at the most, others wait; with eventual as many as needed",
     "0", md5_cache_size},
    {"fsyncPolicy", "POLICY", Consistency,
     "What fsync does: store = end when all is stored; cache = when it is safe in the cache file; "
     "none = nothing",
     "store", fsync_policy},

    {"filename", "NAME", FileSystem, "Name of the file", "file", text<&MountSettings::filename>},
    {"statsFilename", "NAME", FileSystem, "Name of the statistics file; empty: there is none",
     "stats", text<&MountSettings::stats_filename>},
    {"statsFileMirror", "FILE", FileSystem,
     "Keep a copy of the statistics in this file outside of the mount; removing it resets them", "",
     text<&Draft::stats_mirror>},
    {"statsFileMirrorInterval", "MS", FileSystem, "How often the copy is written", "1000",
     time<&Config::stats_mirror_interval, milliseconds>},
    {"metricsListen", "PLACE", FileSystem,
     "Serve the statistics to Prometheus, at /metrics: a port (of this host only), ADDRESS:PORT, "
     "or "
     "the path of a socket",
     "", text<&Draft::metrics>},
    {"fileMode", "MODE", FileSystem, "Permissions of the file, octal", "0600; readOnly: 0400",
     file_mode},
    {"readOnly", "", FileSystem, "Refuse writes", "", flag<&MountSettings::read_only>},
    {"directIO", "", FileSystem, "Bypass the kernel's page cache", "",
     flag<&MountSettings::direct_io>},
    {"fuseTransport", "NAME", FileSystem,
     "How the kernel hands requests over: uring = over io_uring; dev = through /dev/fuse; auto = "
     "over io_uring from Linux 6.18.3 on, if it is enabled",
     "auto", fuse_transport},
    {"fuseThreads", "N", FileSystem,
     "So many threads answer reads of cached blocks beside the main one, each for some of the "
     "CPUs, if requests come over io_uring",
     "0", number<&MountSettings::threads>},
    {"fuseReadAhead", "SIZE", FileSystem,
     "How far the kernel reads ahead in the file, as far as it goes through the page cache; needs "
     "root",
     "the kernel's", size<&MountSettings::read_ahead>},

    {"test", "", Operation, "Keep the blocks as files of a directory, use no network", "",
     flag<&Config::test>},
    {"test-delays", "", Operation, "With test: each operation on a block waits up to 199 ms", "",
     flag<&Draft::test_delays>},
    {"test-errors", "", Operation, "With test: one operation on a block of 20 fails", "",
     flag<&Draft::test_errors>},
    {"test-discard", "", Operation, "With test: what is written is forgotten, all reads as zeros",
     "", flag<&Draft::test_discard>},
    {"erase", "", Operation,
     "Delete all blocks and the mount token, then exit; asks before, unless force is given", "",
     flag<&Draft::erase>},
    {"reset-mounted-flag", "", Operation, "Delete the mount token, then exit", "",
     flag<&Draft::reset_mounted_flag>},
    {"remountTimeout", "SECONDS", Operation,
     "How long to wait for a former process on this host that still writes the volume back", "60",
     time<&Config::remount_timeout, seconds>},
    {"shutdownTimeout", "SECONDS", Operation,
     "Stop writing back so long after the unmount: the mount token stays, and what is not stored "
     "is "
     "lost unless it is in a cache file; 0 = never",
     "0", time<&Config::shutdown_timeout, seconds>},
    {"wait-unmounted", "", Operation,
     "Wait until the process that had mounted MOUNTPOINT has written all back, then exit", "",
     flag<&Draft::wait_unmounted>},
    {"configFile", "FILE", Operation,
     "Take more arguments from FILE, one a line; lines that begin with # are comments", "",
     [](Draft&, std::string_view) { return Complaint(); }},
    {"quiet", "", Operation, "Print fewer messages at the start", "", flag<&Config::quiet>},
    {"debug", "", Operation, "Log debug messages", "", flag<&Config::debug>},
    {"debug-http", "", Operation, "Log the headers of requests and answers, without secrets", "",
     flag<&S3Settings::debug_http>},
};

constexpr FlagRow kFlags[] = {
    {"-f", "-f", "Stay in the foreground, log to stderr",
     [](Draft& draft) { draft.config.foreground = true; }},
    {"-d", "-d", "Debug FUSE; implies -f and debug",
     [](Draft& draft) {
         draft.config.mount.fuse_debug = true;
         draft.config.foreground = true;
         draft.config.debug = true;
     }},
    {"-s", "-s", "Accepted, without effect", [](Draft&) {}},
    {"-F", "-F FILE", "Same as --configFile=FILE",
     [](Draft& draft) { draft.messages.emplace_back("warning: `-F' without a file"); }},
    {"-r", "-r", "Same as -o ro",
     [](Draft& draft) { draft.config.mount.options.emplace_back("ro"); }},
    {"-n", "", "", [](Draft&) {}},  // for mount(8): no entry in a mount table that is long gone
    {"--help", "-h, -?, --help", "Print this text",
     [](Draft& draft) { draft.action = CommandLine::Action::Help; }},
    {"-h", "", "", [](Draft& draft) { draft.action = CommandLine::Action::Help; }},
    {"-?", "", "", [](Draft& draft) { draft.action = CommandLine::Action::Help; }},
    {"--version", "-v, --version", "Print the version",
     [](Draft& draft) { draft.action = CommandLine::Action::Version; }},
    {"-v", "", "", [](Draft& draft) { draft.action = CommandLine::Action::Version; }},
};

constexpr std::string_view kNbd[] = {"nbd", "nbd-flag", "nbd-param"};

}  // namespace

std::span<const OptionRow> option_table() { return kOptions; }

const OptionRow* find_option(std::string_view name) {
    const auto* const found = std::ranges::find(kOptions, name, &OptionRow::name);
    return found == std::end(kOptions) ? nullptr : found;
}

std::span<const FlagRow> flag_table() { return kFlags; }

std::string_view what_instead_of(std::string_view name) {
    if (std::ranges::find(kNbd, name) == std::end(kNbd)) return {};
    return "mount, and attach a loop device to the file, which needs no other program: "
           "losetup --find --show --direct-io=on MOUNTPOINT/file";
}

}  // namespace s3b
