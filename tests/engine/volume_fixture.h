// SPDX-License-Identifier: Apache-2.0
// What the tests of a volume's flows have in common: a world of 4 KiB blocks, patterns, times.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "tests/net/store_steps.h"
#include "tests/sim/sim_world.h"

namespace s3b {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Verb = net::FakeBucket::Verb;

inline constexpr uint64_t kBlock = 4096;

class VolumeTest : public ::testing::Test {
protected:
    /// A volume of 64 blocks with a cache of 16; change the settings before the first use of it.
    VolumeTest() : settings_(sim_settings(kBlock, 64, 16)) { settings_.cache.read_ahead = 0; }

    SimWorld& world() {
        if (!world_) world_ = std::make_unique<SimWorld>(settings_, std::move(codec_));
        return *world_;
    }
    net::FakeBucket& bucket() { return world().bucket; }
    VolumeSettings& settings() {
        CHECK(!world_);  // they would have no effect any more
        return settings_;
    }
    /// How blocks are encoded, before the first use of the world.
    void use(std::unique_ptr<codec::BlockCodec> codec) {
        CHECK(!world_);
        codec_ = std::move(codec);
    }
    CacheConfig& cache() { return settings().cache; }

    static std::vector<std::byte> block(uint32_t seed) { return net::pattern(kBlock, seed); }
    static std::vector<std::byte> bytes(size_t length, int value) {
        return std::vector<std::byte>(length, static_cast<std::byte>(value));
    }
    static std::vector<std::byte> zeros(size_t length) { return bytes(length, 0); }
    static std::string key(uint32_t n) { return SimWorld::key(n); }
    void idle() { world().loop.run_until_idle(); }
    const std::vector<std::byte>* stored(uint32_t n) {
        const net::FakeBucket::Object* object = bucket().find(key(n));
        return object == nullptr ? nullptr : &object->body;
    }

private:
    VolumeSettings settings_;
    std::unique_ptr<codec::BlockCodec> codec_;
    std::unique_ptr<SimWorld> world_;
};

}  // namespace s3b
