// A System V message queue: `msgsnd` and `msgrcv`. One queue carries both directions, told apart by the type of a message.
// The payload is written and read behind the type, where the kernel takes it from: no copy is made before.
#include "side.h"

#include <sys/msg.h>

struct side {
    enum role role;
    enum waiting waiting;
    int queue, flags;
    long outbound, inbound;
    long type; // and behind it, as the kernel wants it, the text
    unsigned char message[];
};

static inline int put(struct side *side, const unsigned char *message, size_t size) {
    (void)message;
    side->type = side->outbound;
    return UNTIL_DONE(side->waiting, result(msgsnd(side->queue, &side->type, size, side->flags)));
}

static inline int get(struct side *side, unsigned char *message, size_t size) {
    (void)message;
    return UNTIL_DONE(side->waiting, result(msgrcv(side->queue, &side->type, size, side->inbound, side->flags)));
}

#define flush(side) 0 // nothing is gathered

// Returns the key that belongs to a name: its hash (FNV-1a), which is not IPC_PRIVATE.
static key_t key_of(const char *name) {
    uint32_t hash = 0x811c9dc5;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x01000193;
    return (key_t)(hash | 1);
}

// numbers: the queue
static int create(struct setup *setup) {
    setup->numbers[0] = msgget(key_of(setup->name), IPC_CREAT | IPC_EXCL | 0600);
    return result(setup->numbers[0]);
}

static int open_ends(struct side *side, const struct setup *setup) {
    side->queue = setup->numbers[0], side->flags = setup->waiting == SLEEP ? 0 : IPC_NOWAIT;
    side->outbound = 1 + setup->role, side->inbound = 2 - setup->role;
    return 0;
}

static void close_ends(struct side *side) {
    (void)side; // the queue stays until it is removed
}

static void remove_queue(const char *name) {
    int queue = msgget(key_of(name), 0);
    if (queue >= 0)
        msgctl(queue, IPC_RMID, NULL);
}

#include "functions.h"

const struct functions peers_sysv = FUNCTIONS(create, remove_queue);
