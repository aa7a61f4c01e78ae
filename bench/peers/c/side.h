// One side of an exchange in C: what all files here have in common. Everything is inlined into the loops of `loops.h`.
#ifndef SIDE_H
#define SIDE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum role { PING, PONG };
enum waiting { SLEEP, POLL, POLL_AND_YIELD };

// The numbers that a child inherits: descriptors, or the identifier of a queue.
#define NUMBERS 4

struct order {
    bool round_trip; // else a stream, from ping to pong
    bool verify;     // check the number and the bytes of each message
    size_t size;
    uint64_t count;
};

// Makes "not now" an answer, and an error a negative errno.
static inline int result(long returned) {
    return returned < 0 ? -errno : 0;
}

static inline bool again(int error) {
    return error == -EAGAIN || error == -EINTR || error == -ENOMSG;
}

static inline void pause_before_next_poll(enum waiting waiting) {
    if (waiting == POLL_AND_YIELD)
        sched_yield();
    else if (waiting == POLL)
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#else
        __asm__ volatile("" ::: "memory");
#endif
}

// Repeats a call while it answers "not now", or was interrupted by a signal.
#define UNTIL_DONE(waiting, call)                                                                                              \
    ({                                                                                                                         \
        int error_;                                                                                                            \
        while (again(error_ = (call)))                                                                                         \
            pause_before_next_poll(waiting);                                                                                   \
        error_;                                                                                                                \
    })

#endif
