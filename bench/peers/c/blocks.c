// A pipe, or a pair of Unix stream sockets, whose messages are gathered in blocks: one `write` and one `read` for many. It
// plays streams, since a round trip has nothing to gather.
#include "side.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

// The best of each, as measured; the reader takes what is there.
#define PIPE_BLOCK 4096
#define STREAM_BLOCK 65536

struct side {
    enum role role;
    enum waiting waiting;
    int fd;
    size_t block;
    size_t gathered;     // bytes to be written
    size_t next, filled; // bytes that were read: the next one to hand out, and the end
    unsigned char outgoing[STREAM_BLOCK], incoming[2 * STREAM_BLOCK];
    unsigned char message[];
};

static inline int flush(struct side *side) {
    for (size_t at = 0; at < side->gathered;) {
        ssize_t done;
        int error = UNTIL_DONE(side->waiting, result(done = write(side->fd, side->outgoing + at, side->gathered - at)));
        if (error)
            return error;
        at += (size_t)done;
    }
    side->gathered = 0;
    return 0;
}

static inline int put(struct side *side, const unsigned char *message, size_t size) {
    if (side->gathered + size > side->block) {
        int error = flush(side);
        if (error)
            return error;
    }
    memcpy(side->outgoing + side->gathered, message, size);
    side->gathered += size;
    return 0;
}

static inline int get(struct side *side, unsigned char *message, size_t size) {
    while (side->filled - side->next < size) {
        ssize_t done;
        memmove(side->incoming, side->incoming + side->next, side->filled -= side->next);
        side->next = 0;
        unsigned char *free = side->incoming + side->filled;
        int error = UNTIL_DONE(side->waiting, result(done = read(side->fd, free, sizeof side->incoming - side->filled)));
        if (error || done == 0)
            return error ? error : -EPIPE;
        side->filled += (size_t)done;
    }
    memcpy(message, side->incoming + side->next, size);
    side->next += size;
    return 0;
}

#include "loops.h"

static int open_side(struct side **opened, enum role role, enum waiting waiting, const int numbers[NUMBERS], size_t block,
                     size_t size) {
    int theirs = numbers[role == PING ? 0 : 1], ours = numbers[role == PING ? 1 : 0];
    if (close(theirs))
        return -errno;
    if (waiting != SLEEP && fcntl(ours, F_SETFL, O_NONBLOCK))
        return -errno;
    struct side *side = calloc(1, sizeof *side + size);
    side->role = role, side->waiting = waiting;
    side->fd = ours, side->block = block;
    *opened = side;
    return 0;
}

// numbers: pong reads, ping writes
int peers_pipe_blocks_create(int numbers[NUMBERS], const char *name, size_t size) {
    (void)name;
    return size > PIPE_BLOCK ? -EMSGSIZE : result(pipe(numbers));
}

int peers_pipe_blocks_open(struct side **opened, enum role role, enum waiting waiting, const int numbers[NUMBERS],
                           const char *name, size_t size) {
    (void)name;
    return open_side(opened, role, waiting, numbers, PIPE_BLOCK, size);
}

int peers_stream_blocks_create(int numbers[NUMBERS], const char *name, size_t size) {
    (void)name;
    return size > STREAM_BLOCK ? -EMSGSIZE : result(socketpair(AF_UNIX, SOCK_STREAM, 0, numbers));
}

int peers_stream_blocks_open(struct side **opened, enum role role, enum waiting waiting, const int numbers[NUMBERS],
                             const char *name, size_t size) {
    (void)name;
    return open_side(opened, role, waiting, numbers, STREAM_BLOCK, size);
}

int64_t peers_blocks_play(struct side *side, const struct order *order) {
    return play(side, side->role, order, side->message);
}

void peers_blocks_close(struct side *side) {
    close(side->fd), free(side);
}
