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
        TRY(UNTIL_DONE(side->waiting, result(done = write(side->fd, side->outgoing + at, side->gathered - at))));
        at += (size_t)done;
    }
    side->gathered = 0;
    return 0;
}

static inline int put(struct side *side, const unsigned char *message, size_t size) {
    if (side->gathered + size > side->block)
        TRY(flush(side));
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
        TRY(UNTIL_DONE(side->waiting, result(done = read(side->fd, free, sizeof side->incoming - side->filled))));
        if (done == 0)
            return -EPIPE;
        side->filled += (size_t)done;
    }
    memcpy(message, side->incoming + side->next, size);
    side->next += size;
    return 0;
}

// numbers: pong reads, ping writes, the bytes in a block
static int create_pipe(struct setup *setup) {
    setup->numbers[2] = PIPE_BLOCK;
    return setup->size > PIPE_BLOCK ? -EMSGSIZE : result(pipe(setup->numbers));
}

static int create_stream(struct setup *setup) {
    setup->numbers[2] = STREAM_BLOCK;
    return setup->size > STREAM_BLOCK ? -EMSGSIZE : result(socketpair(AF_UNIX, SOCK_STREAM, 0, setup->numbers));
}

static int open_ends(struct side *side, const struct setup *setup) {
    int theirs = setup->numbers[setup->role], ours = setup->numbers[1 - setup->role];
    if (close(theirs))
        return -errno;
    if (setup->waiting != SLEEP && fcntl(ours, F_SETFL, O_NONBLOCK))
        return -errno;
    side->fd = ours, side->block = (size_t)setup->numbers[2];
    return 0;
}

static void close_ends(struct side *side) {
    close(side->fd);
}

#include "functions.h"

const struct functions peers_pipe_blocks = FUNCTIONS(create_pipe, NULL);
const struct functions peers_stream_blocks = FUNCTIONS(create_stream, NULL);
