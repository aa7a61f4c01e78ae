// Two POSIX message queues: `mq_send` and `mq_receive`. A poller opens them with O_NONBLOCK.
#include "side.h"

#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>

struct side {
    enum role role;
    enum waiting waiting;
    mqd_t in, out;
    unsigned char message[];
};

static inline int put(struct side *side, const unsigned char *message, size_t size) {
    return UNTIL_DONE(side->waiting, result(mq_send(side->out, (const char *)message, size, 0)));
}

static inline int get(struct side *side, unsigned char *message, size_t size) {
    return UNTIL_DONE(side->waiting, result(mq_receive(side->in, (char *)message, size, NULL)));
}

#define flush(side) 0 // nothing is gathered

// Each name is that of the exchange, and the receiver's.
static void queue_name(char queue[64], const char *name, enum role receiver) {
    snprintf(queue, 64, "/%s-%d", name, receiver);
}

static void remove_queues(const char *name) {
    for (enum role role = PING; role <= PONG; role++) {
        char queue[64];
        queue_name(queue, name, role);
        mq_unlink(queue);
    }
}

static int create_queue(int *number, const struct setup *setup, enum role receiver) {
    struct mq_attr attributes = {.mq_maxmsg = 10, .mq_msgsize = (long)setup->size};
    char queue[64];
    queue_name(queue, setup->name, receiver);
    *number = mq_open(queue, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
    TRY(result(*number));
    return result(fcntl(*number, F_SETFD, 0)); // mq_open sets FD_CLOEXEC
}

// numbers: the queue to ping, the queue to pong. The child inherits both, and the names are not needed any more.
static int create(struct setup *setup) {
    int error = 0;
    for (enum role role = PING; role <= PONG && !error; role++)
        error = create_queue(&setup->numbers[role], setup, role);
    remove_queues(setup->name);
    return error;
}

static int open_ends(struct side *side, const struct setup *setup) {
    side->in = setup->numbers[setup->role], side->out = setup->numbers[1 - setup->role];
    // The two processes share these flags, and want the same.
    struct mq_attr attributes = {.mq_flags = setup->waiting == SLEEP ? 0 : O_NONBLOCK};
    if (mq_setattr(side->in, &attributes, NULL) || mq_setattr(side->out, &attributes, NULL))
        return -errno;
    return 0;
}

static void close_ends(struct side *side) {
    mq_close(side->in), mq_close(side->out);
}

#include "functions.h"

const struct functions peers_posix = FUNCTIONS(create, remove_queues);
