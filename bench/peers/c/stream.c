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

static inline ssize_t write_part(struct side *side, const unsigned char *bytes, size_t size) {
    return send(side->socket, bytes, size, side->flags);
}

static inline ssize_t read_part(struct side *side, unsigned char *bytes, size_t size) {
    return recv(side->socket, bytes, size, side->flags);
}

#include "parts.h"

// numbers: ping's socket, pong's socket
static int create(struct setup *setup) {
    return result(socketpair(AF_UNIX, SOCK_STREAM, 0, setup->numbers));
}

static int open_ends(struct side *side, const struct setup *setup) {
    side->socket = setup->numbers[setup->role];
    side->flags = MSG_NOSIGNAL | (setup->waiting == SLEEP ? 0 : MSG_DONTWAIT);
    return result(close(setup->numbers[1 - setup->role]));
}

static void close_ends(struct side *side) {
    close(side->socket);
}

#include "functions.h"

const struct functions peers_stream = FUNCTIONS(create, NULL);
