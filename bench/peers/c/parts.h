// Whole messages through a stream of bytes, whose calls may move a part. For a file that has defined `struct side`,
// `write_part` and `read_part`; those return as the calls do.

static inline int put(struct side *side, const unsigned char *message, size_t size) {
    while (size) {
        ssize_t done;
        TRY(UNTIL_DONE(side->waiting, result(done = write_part(side, message, size))));
        message += done, size -= (size_t)done;
    }
    return 0;
}

static inline int get(struct side *side, unsigned char *message, size_t size) {
    while (size) {
        ssize_t done;
        TRY(UNTIL_DONE(side->waiting, result(done = read_part(side, message, size))));
        if (done == 0)
            return -EPIPE;
        message += done, size -= (size_t)done;
    }
    return 0;
}

#define flush(side) 0 // nothing is gathered
