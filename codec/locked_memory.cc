// SPDX-License-Identifier: Apache-2.0
#include "codec/locked_memory.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "engine/base/check.h"

namespace s3b::codec {

namespace {

/// Contexts of 64 workers take 3 KiB each; a power of two, as the allocator wants.
constexpr size_t kHeapBytes = 256 * 1024;
constexpr size_t kLeastChunk = 32;

thread_local bool keys_in_use = false;

// OpenSSL's allocator. What does not fit into the secure heap any more is ordinary memory.
void* allocate(size_t size, const char* file, int line) {
    if (keys_in_use) {
        keys_in_use = false;  // else a heap that is not set up would ask us again
        void* const secure = CRYPTO_secure_malloc(size, file, line);
        keys_in_use = true;
        if (secure != nullptr) return secure;
    }
    return std::malloc(size);
}

void release(void* memory, const char* file, int line) {
    if (CRYPTO_secure_allocated(memory) == 1) {
        CRYPTO_secure_clear_free(memory, CRYPTO_secure_actual_size(memory), file, line);
    } else {
        std::free(memory);
    }
}

void* reallocate(void* memory, size_t size, const char* file, int line) {
    if (memory == nullptr) return allocate(size, file, line);
    if (size == 0) {
        release(memory, file, line);
        return nullptr;
    }
    if (CRYPTO_secure_allocated(memory) != 1) return std::realloc(memory, size);
    void* const larger = allocate(size, file, line);
    if (larger == nullptr) return nullptr;
    const auto* const from = static_cast<const std::byte*>(memory);
    std::copy_n(from, std::min(CRYPTO_secure_actual_size(memory), size),
                static_cast<std::byte*>(larger));
    release(memory, file, line);
    return larger;
}

void* heap = nullptr;

/// A child has the memory, but not the lock on it (fork(2)).
void lock_in_child() { mlock2(heap, kHeapBytes, 0); }

/// Whether the heap will be locked in children, too.
bool keep_locked() {
    heap = OPENSSL_secure_malloc(kHeapBytes);  // while it is empty, this is all of it
    if (heap == nullptr) return false;
    OPENSSL_secure_free(heap);
    return pthread_atfork(nullptr, nullptr, lock_in_child) == 0;
}

/// Has OpenSSL make, outside of any scope, what it keeps for the life of the process once it is
/// used: that would fill the heap.
void warm_up() {
    std::array<unsigned char, 16> nothing{};
    PKCS5_PBKDF2_HMAC("", 0, nothing.data(), static_cast<int>(nothing.size()), 1, EVP_sha1(),
                      static_cast<int>(nothing.size()), nothing.data());
    EVP_MAC_free(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    EVP_CIPHER_free(EVP_CIPHER_fetch(nullptr, "AES-128-CBC", nullptr));
}

Protection set_up() {
    if (CRYPTO_set_mem_functions(allocate, reallocate, release) != 1) return Protection::Ordinary;
    switch (CRYPTO_secure_malloc_init(kHeapBytes, kLeastChunk)) {
        case 1: return keep_locked() ? Protection::Locked : Protection::DumpFree;
        case 2: return Protection::DumpFree;
        default: return Protection::Ordinary;
    }
}

}  // namespace

Protection protect_keys() {
    const Protection protection = set_up();
    warm_up();
    return protection;
}

LockedBytes::LockedBytes(size_t size)
    : bytes_(static_cast<std::byte*>(OPENSSL_secure_zalloc(std::max<size_t>(size, 1)))),
      size_(size) {
    // The heap may be full: then it is better to work than to fail.
    if (bytes_ == nullptr)
        bytes_ = static_cast<std::byte*>(OPENSSL_zalloc(std::max<size_t>(size, 1)));
    CHECK(bytes_ != nullptr);
}

LockedBytes::LockedBytes(std::string_view text) : LockedBytes(text.size()) {
    std::ranges::copy(std::as_bytes(std::span(text)), bytes_);
}

LockedBytes& LockedBytes::operator=(LockedBytes&& other) noexcept {
    LockedBytes taken(std::move(other));
    std::swap(bytes_, taken.bytes_);
    std::swap(size_, taken.size_);
    return *this;
}

LockedBytes::~LockedBytes() {
    if (bytes_ != nullptr) OPENSSL_secure_clear_free(bytes_, size_);
}

KeyScope::KeyScope() : before_(std::exchange(keys_in_use, true)) {}

KeyScope::~KeyScope() { keys_in_use = before_; }

}  // namespace s3b::codec
