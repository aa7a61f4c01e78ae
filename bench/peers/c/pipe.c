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

static inline int put(struct side *side, const unsigned char *message, size_t size) {
    while (size) {
        ssize_t done;
        int error = UNTIL_DONE(side->waiting, result(done = write(side->out, message, size)));
        if (error)
            return error;
        message += done, size -= (size_t)done;
    }
    return 0;
}

static inline int get(struct side *side, unsigned char *message, size_t size) {
    while (size) {
        ssize_t done;
        int error = UNTIL_DONE(side->waiting, result(done = read(side->in, message, size)));
        if (error || done == 0)
            return error ? error : -EPIPE;
        message += done, size -= (size_t)done;
    }
    return 0;
}

static inline int flush(struct side *side) {
    (void)side;
    return 0;
}

#include "loops.h"

// numbers: ping reads, ping writes, pong reads, pong writes
int peers_pipe_create(int numbers[NUMBERS], const char *name, size_t size) {
    (void)name, (void)size;
    int there[2], back[2];
    if (pipe(there) || pipe(back))
        return -errno;
    numbers[0] = back[0], numbers[1] = there[1], numbers[2] = there[0], numbers[3] = back[1];
    return 0;
}

int peers_pipe_open(struct side **opened, enum role role, enum waiting waiting, const int numbers[NUMBERS], const char *name,
                     size_t size) {
    (void)name;
    const int *ours = numbers + 2 * role, *theirs = numbers + 2 - 2 * role;
    // Each end belongs to one process from here on, so its flags do, too.
    if (close(theirs[0]) || close(theirs[1]))
        return -errno;
    if (waiting != SLEEP && (fcntl(ours[0], F_SETFL, O_NONBLOCK) || fcntl(ours[1], F_SETFL, O_NONBLOCK)))
        return -errno;
    struct side *side = malloc(sizeof *side + size);
    side->role = role, side->waiting = waiting;
    side->in = ours[0], side->out = ours[1];
    *opened = side;
    return 0;
}

int64_t peers_pipe_play(struct side *side, const struct order *order) {
    return play(side, side->role, order, side->message);
}

void peers_pipe_close(struct side *side) {
    close(side->in), close(side->out), free(side);
}
