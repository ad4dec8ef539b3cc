// SPDX-License-Identifier: Apache-2.0
// The contract of ObjectStore, kept by the S3 store (on the test server), by the directory store
// and by the fake.
#include "tests/net/object_store_contract.h"

#include "engine/reactor/reactor.h"
#include "net/dir_store.h"
#include "net/s3_store.h"
#include "tests/fakes/fake_bucket.h"
#include "tests/net/store_kit.h"
#include "tests/net/test_server.h"

namespace s3b::net {
namespace {

class S3World {
public:
    static constexpr bool kKeepsMetadata = true;

    S3World() : server_({"--access-id=ID", "--secret=KEY", "--bucket=mybucket"}) {
        S3Settings settings;
        settings.base_url = server_.base_url();
        settings.bucket = "mybucket";
        settings.access_id = "ID";
        settings.access_key = "KEY";
        settings.initial_retry_pause = Duration{};
        settings.max_retry_pause = Duration{};
        store_ = S3Store::create(kit_.context(), settings).value();
    }
    ObjectStore& store() { return *store_; }
    void run(Task<void> task) { reactor_.run(std::move(task)); }

private:
    TestServer server_;
    Reactor reactor_;
    StoreKit kit_{reactor_};
    std::unique_ptr<S3Store> store_;
};

class DirectoryWorld {
public:
    static constexpr bool kKeepsMetadata = false;

    ObjectStore& store() { return store_; }
    void run(Task<void> task) { reactor_.run(std::move(task)); }

private:
    TemporaryDirectory directory_;
    Reactor reactor_;
    DirStore store_{reactor_.ring(), directory_.path()};
};

class FakeWorld {
public:
    static constexpr bool kKeepsMetadata = true;

    FakeWorld() { store_.set_delay(std::chrono::milliseconds(20)); }
    ObjectStore& store() { return store_; }
    void run(Task<void> task) {
        TaskGroup group;
        group.spawn(std::move(task));
        while (group.running() > 0) {
            if (!scheduler_.has_ready()) clock_.advance_to(scheduler_.next_due());
            scheduler_.update_now();
            scheduler_.run_turn();
        }
    }

private:
    ManualClock clock_;
    Scheduler scheduler_{clock_};
    FakeBucket store_;
};

using Worlds = ::testing::Types<S3World, DirectoryWorld, FakeWorld>;
INSTANTIATE_TYPED_TEST_SUITE_P(Stores, ObjectStoreContract, Worlds);

}  // namespace
}  // namespace s3b::net
