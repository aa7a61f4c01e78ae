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
    unsigned char text[];
};

static inline int put(struct side *side, const unsigned char *text, size_t size) {
    (void)text;
    side->type = side->outbound;
    return UNTIL_DONE(side->waiting, result(msgsnd(side->queue, &side->type, size, side->flags)));
}

static inline int get(struct side *side, unsigned char *text, size_t size) {
    (void)text;
    return UNTIL_DONE(side->waiting, result(msgrcv(side->queue, &side->type, size, side->inbound, side->flags)));
}

static inline int flush(struct side *side) {
    (void)side;
    return 0;
}

#include "loops.h"

// Returns the key that belongs to a name: its hash (FNV-1a), which is not IPC_PRIVATE.
static key_t key_of(const char *name) {
    uint32_t hash = 0x811c9dc5;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x01000193;
    return (key_t)(hash | 1);
}

// numbers: the queue
int peers_sysv_create(int numbers[NUMBERS], const char *name, size_t size) {
    (void)size;
    numbers[0] = msgget(key_of(name), IPC_CREAT | IPC_EXCL | 0600);
    return result(numbers[0]);
}

int peers_sysv_open(struct side **opened, enum role role, enum waiting waiting, const int numbers[NUMBERS], const char *name,
                     size_t size) {
    (void)name;
    struct side *side = malloc(sizeof *side + size);
    side->role = role, side->waiting = waiting;
    side->queue = numbers[0], side->flags = waiting == SLEEP ? 0 : IPC_NOWAIT;
    side->outbound = 1 + role, side->inbound = 2 - role;
    *opened = side;
    return 0;
}

int64_t peers_sysv_play(struct side *side, const struct order *order) {
    return play(side, side->role, order, side->text);
}

void peers_sysv_close(struct side *side) {
    free(side);
}

// Removes the queue, if it is there.
void peers_sysv_remove(const char *name) {
    int queue = msgget(key_of(name), 0);
    if (queue >= 0)
        msgctl(queue, IPC_RMID, NULL);
}
