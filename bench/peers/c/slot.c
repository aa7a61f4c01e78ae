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
    struct memory memory;
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

#define flush(side) 0 // nothing is gathered

static size_t slot_size(size_t size) {
    return (sizeof(struct slot) + size + 127) / 128 * 128; // the processor fetches lines in pairs
}

// numbers: the memory
static int create(struct setup *setup) {
    return create_memory(setup, slot_size(setup->size));
}

static int open_ends(struct side *side, const struct setup *setup) {
    TRY(map_memory(&side->memory, setup, slot_size(setup->size)));
    side->in = half(&side->memory, setup->role), side->out = half(&side->memory, 1 - setup->role);
    return 0;
}

static void close_ends(struct side *side) {
    unmap_memory(&side->memory);
}

#include "functions.h"

const struct functions peers_slot = FUNCTIONS(create, NULL);
