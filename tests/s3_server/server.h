// SPDX-License-Identifier: Apache-2.0
// The test server as a whole: takes requests from the HTTP library, settles signature, delay and
// faults of each, and has it answered. All of its state belongs to the library's polling thread.
#pragma once

#include <microhttpd.h>

#include <deque>
#include <memory>
#include <vector>

#include "tests/s3_server/admin.h"
#include "tests/s3_server/credential_service.h"
#include "tests/s3_server/faults.h"
#include "tests/s3_server/options.h"
#include "tests/s3_server/parking.h"
#include "tests/s3_server/request_auth.h"
#include "tests/s3_server/s3_handlers.h"
#include "tests/s3_server/statistics.h"
#include "tests/s3_server/store.h"

namespace s3b::test {

struct Exchange;

class Server {
public:
    // Serves from the return of the constructor on. Throws std::runtime_error.
    explicit Server(const Options& options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    uint16_t port() const;

private:
    friend struct ServerCallbacks;

    void start_daemon(const Options& options);

    std::unique_ptr<Exchange> begin(MHD_Connection* connection, const char* method);
    void end(const Exchange& exchange, bool answered);
    MHD_Result proceed(Exchange& exchange);
    MHD_Result receive_admin(Exchange& exchange);
    MHD_Result receive_s3(Exchange& exchange);
    Answer carry_out(Exchange& exchange);
    MHD_Result finish_s3(Exchange& exchange);
    MHD_Result finish_wait(Exchange& exchange);
    MHD_Result send(Exchange& exchange, const Answer& answer);

    Parking::Clock::duration answer_delay(const Exchange& exchange);
    Parking::Clock::duration transfer_delay(const Exchange& exchange);
    MHD_Result park(Exchange& exchange, Parking::Clock::duration time);
    MHD_Result hold(Exchange& exchange);
    uint64_t release_held(uint64_t count);
    void wake_waiters();

    ServerClock clock_;
    Store store_;
    S3Handlers handlers_;
    FaultRules faults_;
    Statistics statistics_;
    RequestAuth auth_;
    CredentialService credentials_;
    Admin admin_;
    BodyDigests body_digests_;
    std::chrono::milliseconds latency_;
    std::chrono::milliseconds list_latency_;
    uint64_t bandwidth_;
    Parking::Clock::time_point line_free_{};  // when the simulated line has sent all so far
    std::deque<Exchange*> held_;
    std::vector<Exchange*> waiters_;  // admin requests that wait for a condition
    uint64_t last_request_id_ = 0;
    std::string tls_cert_;
    std::string tls_key_;
    Parking parking_;
    MHD_Daemon* daemon_ = nullptr;
};

}  // namespace s3b::test
