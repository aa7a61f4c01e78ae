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

#define NUMBERS 4

struct side; // each file has its own

// These three are declared in `src/libraries/c/sys.rs`, too.
struct setup {
    const char *name;     // which no other exchange has
    size_t size;          // of each message
    int numbers[NUMBERS]; // those that a child inherits: descriptors, or the identifier of a queue
    enum role role;
    enum waiting waiting;
};

struct order {
    bool round_trip; // else a stream, from ping to pong
    bool verify;     // check the number and the bytes of each message
    size_t size;
    uint64_t count;
};

// All that a file offers. An error is a negative errno.
struct functions {
    int (*create)(struct setup *setup); // in ping, before its child is started; sets the numbers
    int (*open)(struct side **opened, const struct setup *setup);
    int64_t (*play)(struct side *side, const struct order *order); // returns nanoseconds
    void (*close)(struct side *side);
    void (*remove)(const char *name); // removes what a killed process has left; NULL where that is nothing
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

// Returns from the function if a step fails.
#define TRY(step)                                                                                                              \
    do {                                                                                                                       \
        int error = (step);                                                                                                    \
        if (error)                                                                                                             \
            return error;                                                                                                      \
    } while (0)

#endif
