// SPDX-License-Identifier: Apache-2.0
// A queue between one thread that adds and many that take: bounded, lock-free, first in, first out.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace s3b {

/// Of pointers, which it does not own. After D. Vyukov's bounded queue: each cell has a number that
/// says whose turn it is. A cell is filled or emptied with one store; takers agree on who gets it
/// by a compare-exchange.
template <class Item, size_t Capacity>
class WorkRing {
    static_assert(Capacity > 1 && (Capacity & (Capacity - 1)) == 0, "a power of two");

public:
    WorkRing() {
        for (size_t i = 0; i < Capacity; ++i) cells_[i].turn.store(i, std::memory_order_relaxed);
    }
    WorkRing(const WorkRing&) = delete;
    WorkRing& operator=(const WorkRing&) = delete;

    /// False if it is full. Only one thread may call it.
    bool push(Item* item) {
        Cell& cell = cells_[tail_ % Capacity];
        // acquire: pairs with the store in pop(), so that the taker has read the item before
        if (cell.turn.load(std::memory_order_acquire) != tail_) return false;
        cell.item = item;
        ++tail_;
        // seq_cst: before the look for sleepers, who look here after they have said that they sleep
        cell.turn.store(tail_, std::memory_order_seq_cst);
        return true;
    }

    /// nullptr if it is empty.
    Item* pop() {
        uint64_t head = head_.load(std::memory_order_relaxed);  // a guess, checked below
        for (;;) {
            Cell& cell = cells_[head % Capacity];
            // seq_cst: see push(); it also makes the item visible
            const uint64_t turn = cell.turn.load(std::memory_order_seq_cst);
            if (turn == head) return nullptr;
            if (turn != head + 1) {
                head = head_.load(std::memory_order_relaxed);
                continue;
            }
            // relaxed: the cell's turn orders all else
            if (!head_.compare_exchange_weak(head, head + 1, std::memory_order_relaxed)) continue;
            Item* const item = cell.item;
            cell.turn.store(head + Capacity, std::memory_order_release);  // pairs with push()
            return item;
        }
    }

private:
    struct Cell {
        std::atomic<uint64_t> turn;  // position: to be filled for it; position + 1: has its item
        Item* item = nullptr;
    };

    std::array<Cell, Capacity> cells_;
    uint64_t tail_ = 0;                          // of the one that adds
    alignas(64) std::atomic<uint64_t> head_{0};  // a cache line of its own: takers contend for it
};

}  // namespace s3b
