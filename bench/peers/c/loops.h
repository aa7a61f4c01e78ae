// The loops around the calls, for a file that has defined `struct side`, `put`, `get` and `flush`. Defines `play`.

#define BATCH 1000 // messages of a stream between two flushes, where they are gathered

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static inline unsigned char pattern(uint64_t number, size_t at) {
    return at < sizeof number ? (unsigned char)(number >> 8 * at) : (unsigned char)(number * 31 + at);
}

static inline void write_payload(const struct order *order, uint64_t number, unsigned char *message) {
    if (!order->verify) {
        memset(message, (int)number, order->size);
        return;
    }
    for (size_t at = 0; at < order->size; at++)
        message[at] = pattern(number, at);
}

static inline int read_payload(const struct order *order, uint64_t number, const unsigned char *message) {
    if (!order->verify) {
        uint64_t sum = 0, word;
        size_t at = 0;
        for (; at + sizeof word <= order->size; at += sizeof word) {
            memcpy(&word, message + at, sizeof word);
            sum += word;
        }
        for (; at < order->size; at++)
            sum += message[at];
        __asm__ volatile("" : : "r"(sum)); // it is used: the reads stay
        return 0;
    }
    for (size_t at = 0; at < order->size; at++)
        if (message[at] != pattern(number, at))
            return -EBADMSG;
    return 0;
}

// Plays one side of an order. Returns nanoseconds, or a negative errno.
static int64_t play(struct side *side, enum role role, const struct order *order, unsigned char *message) {
    uint64_t started = now();
    for (uint64_t number = 0; number < order->count; number++) {
        if (role == PING) {
            write_payload(order, number, message);
            TRY(put(side, message, order->size));
            if (order->round_trip) {
                TRY(flush(side));
                TRY(get(side, message, order->size));
                TRY(read_payload(order, number, message));
            } else if (number % BATCH == BATCH - 1) {
                TRY(flush(side));
            }
        } else {
            TRY(get(side, message, order->size));
            if (!order->round_trip && number == 0)
                started = now(); // the receiver's clock, from the first message on
            TRY(read_payload(order, number, message));
            if (order->round_trip) {
                write_payload(order, number, message);
                TRY(put(side, message, order->size));
                TRY(flush(side));
            }
        }
    }
    if (role == PING)
        TRY(flush(side));
    return (int64_t)(now() - started);
}
