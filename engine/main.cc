// SPDX-License-Identifier: Apache-2.0
// Parse, detach, run.
#include <sys/prctl.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "codec/locked_memory.h"
#include "engine/base/log.h"
#include "engine/daemon.h"
#include "engine/maintenance.h"
#include "engine/options.h"
#include "engine/start_up.h"

namespace {

/// How well keys are protected. The other results are ignored: each is a wish.
s3b::codec::Protection prepare_process() {
    const s3b::codec::Protection protection = s3b::codec::protect_keys();
    // Keys are in our memory: no core file, no look from other processes of this user.
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#ifdef PR_SET_IO_FLUSHER
    // Under a loop device our allocations must not wait for writes that we have to serve.
    prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
#endif
    return protection;
}

void warn_of_keys(const s3b::Config& config, s3b::codec::Protection protection) {
    if (!config.codec.cipher || protection == s3b::codec::Protection::Locked) return;
    s3b::say(
        "warning: the keys of the encryption may be swapped out, for memory cannot be locked; "
        "raise RLIMIT_MEMLOCK (ulimit -l)");
}

bool io_uring_works() {
    const int error = s3b::Ring::probe(s3b::Reactor::kRingEntries);
    if (error == 0) return true;
    s3b::say(std::string("io_uring is not available (") + std::strerror(error) + "): check " +
             (error == ENOMEM ? "RLIMIT_MEMLOCK (ulimit -l)"
                              : "the sysctl kernel.io_uring_disabled and the sandbox"));
    return false;
}

int run(s3b::Config config, const s3b::net::Variables& variables) {
    s3b::Detacher detacher(config.foreground);
    s3b::Reactor reactor;
    s3b::Daemon daemon(reactor, std::move(config), detacher, variables);
    reactor.run(daemon.run());
    return daemon.exit_code();
}

}  // namespace

int main(int argc, char** argv) {
    const s3b::codec::Protection protection = prepare_process();
    const std::span<char* const> arguments(argv, static_cast<size_t>(argc));
    const s3b::Environment environment = s3b::Environment::of_process();
    auto parsed = s3b::parse_command_line(arguments, environment);
    s3b::wipe_secrets(arguments);
    for (const std::string& message : parsed.messages) s3b::say(message);
    if (const s3b::OptionError* error = parsed.error()) {
        s3b::say(error->text);
        return 1;
    }
    s3b::CommandLine line = std::move(*parsed.value());
    switch (line.action) {
        case s3b::CommandLine::Action::Help: std::fputs(s3b::help_text().c_str(), stderr); return 0;
        case s3b::CommandLine::Action::Version:
            std::fputs(s3b::version_text().c_str(), stderr);
            return 0;
        case s3b::CommandLine::Action::WaitUnmounted:
            return s3b::wait_unmounted(line.config.mount.mount_point, environment.variables);
        default: break;
    }
    s3b::log::set_debug(line.config.debug);
    if (!io_uring_works()) return 1;
    if (line.action != s3b::CommandLine::Action::Mount) {
        return s3b::run_maintenance(line.action, std::move(line.config));
    }
    warn_of_keys(line.config, protection);
    return run(std::move(line.config), environment.variables);
}
