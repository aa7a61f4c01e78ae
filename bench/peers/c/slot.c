// One slot in shared memory for each direction, with a sequence number beside the payload: the least that hands a payload
// over. It carries one message at a time, so it plays round trips only.
#include "side.h"
#include "memory.h"

#include <stdatomic.h>

struct slot {
    _Alignas(64) _Atomic uint64_t sequence;
    unsigned char payload[];
};

struct side {
    enum role role;
    enum waiting waiting;
    struct slot *in, *out;
    uint64_t sent, received;
    void *memory;
    size_t size;
    unsigned char message[];
};

static inline int put(struct side *side, const unsigned char *message, size_t size) {
    memcpy(side->out->payload, message, size);
    atomic_store_explicit(&side->out->sequence, ++side->sent, memory_order_release);
    return 0;
}

static inline int get(struct side *side, unsigned char *message, size_t size) {
    side->received++;
    while (atomic_load_explicit(&side->in->sequence, memory_order_acquire) != side->received)
        pause_before_next_poll(side->waiting);
    memcpy(message, side->in->payload, size);
    return 0;
}

static inline int flush(struct side *side) {
    (void)side;
    return 0;
}

#include "loops.h"

static size_t slot_size(size_t size) {
    return (sizeof(struct slot) + size + 127) / 128 * 128; // the processor fetches lines in pairs
}

// numbers: the memory
int peers_slot_create(int numbers[NUMBERS], const char *name, size_t size) {
    (void)name;
    return memory_create(numbers, 2 * slot_size(size));
}

int peers_slot_open(struct side **opened, enum role role, enum waiting waiting, const int numbers[NUMBERS], const char *name,
                     size_t size) {
    (void)name;
    struct side *side = malloc(sizeof *side + size);
    side->size = 2 * slot_size(size);
    int error = memory_open(&side->memory, numbers[0], side->size);
    if (error)
        return error;
    struct slot *slots[] = {side->memory, (struct slot *)((char *)side->memory + slot_size(size))};
    side->role = role, side->waiting = waiting;
    side->in = slots[role], side->out = slots[1 - role];
    side->sent = side->received = 0;
    *opened = side;
    return 0;
}

int64_t peers_slot_play(struct side *side, const struct order *order) {
    return play(side, side->role, order, side->message);
}

void peers_slot_close(struct side *side) {
    munmap(side->memory, side->size), free(side);
}
