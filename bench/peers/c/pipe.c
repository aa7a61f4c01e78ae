// Two pipes: `write` and `read`. A poller has ends with O_NONBLOCK.
#include "side.h"

#include <fcntl.h>
#include <unistd.h>

struct side {
    enum role role;
    enum waiting waiting;
    int in, out;
    unsigned char message[];
};

static inline ssize_t write_part(struct side *side, const unsigned char *bytes, size_t size) {
    return write(side->out, bytes, size);
}

static inline ssize_t read_part(struct side *side, unsigned char *bytes, size_t size) {
    return read(side->in, bytes, size);
}

#include "parts.h"

// numbers: ping reads, ping writes, pong reads, pong writes
static int create(struct setup *setup) {
    int there[2], back[2];
    if (pipe(there) || pipe(back))
        return -errno;
    setup->numbers[0] = back[0], setup->numbers[1] = there[1];
    setup->numbers[2] = there[0], setup->numbers[3] = back[1];
    return 0;
}

static int open_ends(struct side *side, const struct setup *setup) {
    const int *ours = setup->numbers + 2 * setup->role, *theirs = setup->numbers + 2 - 2 * setup->role;
    // Each end belongs to one process from here on, so its flags do, too.
    if (close(theirs[0]) || close(theirs[1]))
        return -errno;
    if (setup->waiting != SLEEP && (fcntl(ours[0], F_SETFL, O_NONBLOCK) || fcntl(ours[1], F_SETFL, O_NONBLOCK)))
        return -errno;
    side->in = ours[0], side->out = ours[1];
    return 0;
}

static void close_ends(struct side *side) {
    close(side->in), close(side->out);
}

#include "functions.h"

const struct functions peers_pipe = FUNCTIONS(create, NULL);
