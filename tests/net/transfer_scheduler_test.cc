// SPDX-License-Identifier: Apache-2.0
#include "net/transfer_scheduler.h"

#include <map>
#include <string>

#include "tests/reactor/virtual_time.h"

namespace s3b::net {
namespace {

/// Transfers that run until the test ends them, by name.
class TransferSchedulerTest : public VirtualTime {
protected:
    TransferSchedulerTest() : scheduler_(limits()) {}
    static TransferLimits limits() {
        TransferLimits limits;
        limits.demand = 2;
        limits.read_ahead = 2;
        limits.background = 1;
        limits.listing = 1;
        return limits;
    }
    static Task<void> transfer(TransferSchedulerTest& test, Urgency urgency, char name) {
        Ticket ticket(test.scheduler_, urgency);
        co_await ticket.take();
        test.log_ += name;
        co_await test.ends_[name].wait();
    }
    void begin(Urgency urgency, char name) {
        group_.spawn(transfer(*this, urgency, name));
        run_ready();
    }
    void end(char name) {
        ends_[name].wake_all();
        run_ready();
    }

    TransferScheduler scheduler_;
    std::map<char, WaitQueue> ends_;
    std::string log_;
    TaskGroup group_;
};

TEST_F(TransferSchedulerTest, DemandReadsHavePlacesOfTheirOwn) {
    begin(Urgency::WriteBack, 'w');
    begin(Urgency::WriteBack, 'x');
    begin(Urgency::Demand, 'd');
    begin(Urgency::Demand, 'e');
    begin(Urgency::Demand, 'f');
    EXPECT_EQ(log_, "wde");
    end('d');
    EXPECT_EQ(log_, "wdef");
    end('w');
    EXPECT_EQ(log_, "wdefx");
    for (const char name : {'e', 'f', 'x'}) end(name);
}

TEST_F(TransferSchedulerTest, TheBackgroundRunsInTheOrderOfUrgencyThenOfArrival) {
    begin(Urgency::WriteBack, 'w');
    begin(Urgency::WriteBack, 'x');
    begin(Urgency::Flush, 'f');
    begin(Urgency::Flush, 'g');
    EXPECT_EQ(log_, "w");
    for (const char name : {'w', 'f', 'g'}) end(name);
    EXPECT_EQ(log_, "wfgx");
    end('x');
}

TEST_F(TransferSchedulerTest, ReadAheadHasPlacesOfItsOwn) {
    begin(Urgency::WriteBack, 'w');
    for (const char name : {'r', 's', 't'}) begin(Urgency::ReadAhead, name);
    begin(Urgency::Demand, 'd');
    begin(Urgency::Flush, 'f');
    EXPECT_EQ(log_, "wrsd");
    end('w');
    EXPECT_EQ(log_, "wrsdf");
    end('r');
    EXPECT_EQ(log_, "wrsdft");
    for (const char name : {'s', 't', 'd', 'f'}) end(name);
}

TEST_F(TransferSchedulerTest, ALaneIsNeededForEachPlace) {
    EXPECT_EQ(limits().total(), 2U + 2 + 1 + 1);
}

TEST_F(TransferSchedulerTest, TheListingStartsWhenNobodyElseWaits) {
    begin(Urgency::WriteBack, 'w');
    begin(Urgency::WriteBack, 'x');
    begin(Urgency::Listing, 'l');
    EXPECT_EQ(log_, "w");
    end('w');
    EXPECT_EQ(log_, "wxl");
    for (const char name : {'x', 'l'}) end(name);
}

TEST_F(TransferSchedulerTest, PlacesThatAreTakenCountForAllClassesThatShareThem) {
    EXPECT_EQ(scheduler_.under_way(Urgency::WriteBack), 0U);
    begin(Urgency::Flush, 'f');
    begin(Urgency::Demand, 'd');
    EXPECT_EQ(scheduler_.under_way(Urgency::WriteBack), 1U);
    EXPECT_EQ(scheduler_.under_way(Urgency::Demand), 1U);
    EXPECT_EQ(scheduler_.under_way(Urgency::Listing), 0U);
    for (const char name : {'f', 'd'}) end(name);
    EXPECT_EQ(scheduler_.under_way(Urgency::WriteBack), 0U);
}

TEST_F(TransferSchedulerTest, HasPlaceTellsWhetherATicketWouldGetOneAtOnce) {
    EXPECT_TRUE(scheduler_.has_place(Urgency::WriteBack));
    begin(Urgency::Flush, 'f');
    EXPECT_FALSE(scheduler_.has_place(Urgency::WriteBack));
    EXPECT_TRUE(scheduler_.has_place(Urgency::ReadAhead));
    EXPECT_TRUE(scheduler_.has_place(Urgency::Demand));
    begin(Urgency::WriteBack, 'w');
    EXPECT_FALSE(scheduler_.has_place(Urgency::Listing));
    end('f');
    EXPECT_TRUE(scheduler_.has_place(Urgency::Listing));
    end('w');
    EXPECT_TRUE(scheduler_.has_place(Urgency::WriteBack));
}

TEST_F(TransferSchedulerTest, APauseLeavesThePlaceToOthersAndWaitsForItAgain) {
    Ticket ticket(scheduler_, Urgency::WriteBack);
    ASSERT_TRUE(ticket.try_take());
    begin(Urgency::WriteBack, 'w');
    EXPECT_EQ(log_, "");
    ticket.give_back();
    run_ready();
    EXPECT_EQ(log_, "w");
    EXPECT_FALSE(ticket.try_take());
    end('w');
    EXPECT_TRUE(ticket.try_take());
}

TEST_F(TransferSchedulerTest, AFreePlaceIsTold) {
    int told = 0;
    scheduler_.on_free([](void* count) { ++*static_cast<int*>(count); }, &told);
    for (const Urgency urgency : {Urgency::WriteBack, Urgency::ReadAhead}) {
        told = 0;
        {
            Ticket ticket(scheduler_, urgency);
            ASSERT_TRUE(ticket.try_take());
            EXPECT_EQ(told, 0);
        }
        EXPECT_EQ(told, 1);
    }
    scheduler_.on_free(nullptr, nullptr);
}

}  // namespace
}  // namespace s3b::net
