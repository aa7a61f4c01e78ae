// Boost.Interprocess: a `message_queue` for each direction. It lies in shared memory, with a mutex and two condition
// variables.
#include "side.h"

#include <boost/interprocess/ipc/message_queue.hpp>
#include <boost/version.hpp>
#include <memory>
#include <string>
#include <vector>

using namespace boost::interprocess;

struct side {
    enum role role;
    enum waiting waiting;
    std::unique_ptr<message_queue> in, out;
    std::vector<unsigned char> message;
};

static inline int put(struct side *side, const unsigned char *message, size_t size) {
    if (side->waiting == SLEEP) {
        side->out->send(message, size, 0);
        return 0;
    }
    return UNTIL_DONE(side->waiting, side->out->try_send(message, size, 0) ? 0 : -EAGAIN);
}

static inline int get(struct side *side, unsigned char *message, size_t size) {
    message_queue::size_type received;
    unsigned int priority;
    if (side->waiting == SLEEP) {
        side->in->receive(message, size, received, priority);
        return 0;
    }
    return UNTIL_DONE(side->waiting, side->in->try_receive(message, size, received, priority) ? 0 : -EAGAIN);
}

static inline int flush(struct side *) {
    return 0;
}

#include "loops.h"

static std::string queue_name(const char *name, int receiver) {
    return std::string(name) + "-" + std::to_string(receiver);
}

// No exception crosses into another language.
template <typename Step> static int64_t guarded(Step step) {
    try {
        return step();
    } catch (const interprocess_exception &error) {
        return error.get_native_error() ? -error.get_native_error() : -EPROTO;
    } catch (...) {
        return -EPROTO;
    }
}

static void remove_queues(const char *name) {
    for (int receiver : {PING, PONG})
        message_queue::remove(queue_name(name, receiver).c_str());
}

static int create(struct setup *setup) {
    return guarded([&] {
        for (int receiver : {PING, PONG})
            message_queue(create_only, queue_name(setup->name, receiver).c_str(), 256, setup->size);
        return 0;
    });
}

static int open_side(struct side **opened, const struct setup *setup) {
    return guarded([&] {
        auto side = std::make_unique<struct side>();
        auto queue = [&](int receiver) {
            return std::make_unique<message_queue>(open_only, queue_name(setup->name, receiver).c_str());
        };
        side->role = setup->role, side->waiting = setup->waiting;
        side->in = queue(setup->role), side->out = queue(1 - setup->role);
        side->message.assign(setup->size, 1);
        *opened = side.release();
        return 0;
    });
}

static int64_t play_side(struct side *side, const struct order *order) {
    return guarded([&] { return play(side, side->role, order, side->message.data()); });
}

static void close_side(struct side *side) {
    delete side;
}

extern "C" {
extern const struct functions peers_boost;
const struct functions peers_boost = {create, open_side, play_side, close_side, remove_queues};

const char *peers_boost_version(void) {
    return BOOST_LIB_VERSION;
}
}
