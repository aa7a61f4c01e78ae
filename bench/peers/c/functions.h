// The functions of a file that has defined `struct side`, with a `role`, a way of `waiting` and, at its end, a `message`;
// its `put`, `get` and `flush`; and how it opens and closes its ends, `open_ends` and `close_ends`.
#include "loops.h"

static int open_side(struct side **opened, const struct setup *setup) {
    struct side *side = calloc(1, sizeof *side + setup->size);
    if (!side)
        return -ENOMEM;
    side->role = setup->role, side->waiting = setup->waiting;
    int error = open_ends(side, setup);
    if (error)
        free(side);
    else
        *opened = side;
    return error;
}

static int64_t play_side(struct side *side, const struct order *order) {
    return play(side, side->role, order, side->message);
}

static void close_side(struct side *side) {
    close_ends(side);
    free(side);
}

#define FUNCTIONS(create, remove)                                                                                              \
    { create, open_side, play_side, close_side, remove }
