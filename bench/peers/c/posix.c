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

static inline int flush(struct side *side) {
    (void)side;
    return 0;
}

#include "loops.h"

// Each name is that of the exchange, and the receiver's.
static void queue_name(char queue[64], const char *name, enum role receiver) {
    snprintf(queue, 64, "/%s-%d", name, receiver);
}

void peers_posix_remove(const char *name) {
    for (enum role role = PING; role <= PONG; role++) {
        char queue[64];
        queue_name(queue, name, role);
        mq_unlink(queue);
    }
}

// numbers: the queue to ping, the queue to pong. The child inherits both, and the names are not needed any more.
int peers_posix_create(int numbers[NUMBERS], const char *name, size_t size) {
    struct mq_attr attributes = {.mq_maxmsg = 10, .mq_msgsize = (long)size};
    int error = 0;
    for (enum role role = PING; role <= PONG && !error; role++) {
        char queue[64];
        queue_name(queue, name, role);
        numbers[role] = mq_open(queue, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
        error = result(numbers[role]);
        if (!error)
            error = result(fcntl(numbers[role], F_SETFD, 0)); // mq_open sets FD_CLOEXEC
    }
    peers_posix_remove(name);
    return error;
}

int peers_posix_open(struct side **opened, enum role role, enum waiting waiting, const int numbers[NUMBERS], const char *name,
                     size_t size) {
    (void)name;
    struct side *side = malloc(sizeof *side + size);
    side->role = role, side->waiting = waiting;
    side->in = numbers[role], side->out = numbers[1 - role];
    // The two processes share these flags, and want the same.
    struct mq_attr attributes = {.mq_flags = waiting == SLEEP ? 0 : O_NONBLOCK};
    if (mq_setattr(side->in, &attributes, NULL) || mq_setattr(side->out, &attributes, NULL))
        return -errno;
    *opened = side;
    return 0;
}

int64_t peers_posix_play(struct side *side, const struct order *order) {
    return play(side, side->role, order, side->message);
}

void peers_posix_close(struct side *side) {
    mq_close(side->in), mq_close(side->out), free(side);
}
