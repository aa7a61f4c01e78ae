// A pair of Unix stream sockets: `send` and `recv`. A poller passes MSG_DONTWAIT.
#include "side.h"

#include <sys/socket.h>
#include <unistd.h>

struct side {
    enum role role;
    enum waiting waiting;
    int socket, flags;
    unsigned char message[];
};

static inline int put(struct side *side, const unsigned char *message, size_t size) {
    while (size) {
        ssize_t done;
        int error = UNTIL_DONE(side->waiting, result(done = send(side->socket, message, size, side->flags)));
        if (error)
            return error;
        message += done, size -= (size_t)done;
    }
    return 0;
}

static inline int get(struct side *side, unsigned char *message, size_t size) {
    while (size) {
        ssize_t done;
        int error = UNTIL_DONE(side->waiting, result(done = recv(side->socket, message, size, side->flags)));
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

// numbers: ping's socket, pong's socket
int peers_stream_create(int numbers[NUMBERS], const char *name, size_t size) {
    (void)name, (void)size;
    return result(socketpair(AF_UNIX, SOCK_STREAM, 0, numbers));
}

int peers_stream_open(struct side **opened, enum role role, enum waiting waiting, const int numbers[NUMBERS], const char *name,
                     size_t size) {
    (void)name;
    if (close(numbers[1 - role]))
        return -errno;
    struct side *side = malloc(sizeof *side + size);
    side->role = role, side->waiting = waiting;
    side->socket = numbers[role];
    side->flags = MSG_NOSIGNAL | (waiting == SLEEP ? 0 : MSG_DONTWAIT);
    *opened = side;
    return 0;
}

int64_t peers_stream_play(struct side *side, const struct order *order) {
    return play(side, side->role, order, side->message);
}

void peers_stream_close(struct side *side) {
    close(side->socket), free(side);
}
