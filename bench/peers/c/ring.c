// A ring in shared memory for each direction, whose sender publishes every 32 messages, and at a flush. Each side keeps
// what it last saw of the other's counter, and so reads the other's cache line only when it has to.
#include "side.h"
#include "memory.h"

#include <stdatomic.h>

#define SLOTS 1024 // a power of two
#define PUBLISHED_AT_ONCE 32

struct ring {
    _Alignas(128) _Atomic uint64_t published;
    _Alignas(128) _Atomic uint64_t released;
    _Alignas(128) unsigned char slots[];
};

struct end {
    struct ring *ring;
    uint64_t next;  // the message to write or to read next
    uint64_t told;  // how many the other side knows of
    uint64_t limit; // the first that may not be written or read yet
};

struct side {
    enum role role;
    enum waiting waiting;
    struct end in, out;
    size_t stride;
    struct memory memory;
    unsigned char message[];
};

static inline unsigned char *slot(struct side *side, struct end *end) {
    return end->ring->slots + (end->next & (SLOTS - 1)) * side->stride;
}

static inline int flush(struct side *side) {
    struct end *out = &side->out;
    atomic_store_explicit(&out->ring->published, out->told = out->next, memory_order_release);
    return 0;
}

static inline int put(struct side *side, const unsigned char *message, size_t size) {
    struct end *out = &side->out;
    while (out->next == out->limit) {
        flush(side);
        out->limit = atomic_load_explicit(&out->ring->released, memory_order_acquire) + SLOTS;
        if (out->next == out->limit)
            pause_before_next_poll(side->waiting);
    }
    memcpy(slot(side, out), message, size);
    out->next++;
    return out->next - out->told >= PUBLISHED_AT_ONCE ? flush(side) : 0;
}

static inline void release(struct end *in) {
    atomic_store_explicit(&in->ring->released, in->told = in->next, memory_order_release);
}

static inline int get(struct side *side, unsigned char *message, size_t size) {
    struct end *in = &side->in;
    while (in->next == in->limit) {
        in->limit = atomic_load_explicit(&in->ring->published, memory_order_acquire);
        if (in->next == in->limit) {
            if (in->told != in->next)
                release(in);
            pause_before_next_poll(side->waiting);
        }
    }
    memcpy(message, slot(side, in), size);
    in->next++;
    if (in->next - in->told >= SLOTS / 4)
        release(in);
    return 0;
}

static size_t stride(size_t size) {
    return (size + 63) / 64 * 64;
}

static size_t ring_size(size_t size) {
    return (sizeof(struct ring) + SLOTS * stride(size) + 4095) / 4096 * 4096;
}

// numbers: the memory
static int create(struct setup *setup) {
    return create_memory(setup, ring_size(setup->size));
}

static int open_ends(struct side *side, const struct setup *setup) {
    TRY(map_memory(&side->memory, setup, ring_size(setup->size)));
    side->in.ring = half(&side->memory, setup->role), side->out.ring = half(&side->memory, 1 - setup->role);
    side->out.limit = SLOTS;
    side->stride = stride(setup->size);
    return 0;
}

static void close_ends(struct side *side) {
    unmap_memory(&side->memory);
}

#include "functions.h"

const struct functions peers_ring = FUNCTIONS(create, NULL);
