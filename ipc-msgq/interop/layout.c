/* Prints where each field of msgq_v1.h is: name, offset, size. Compared with the Rust struct by a test. */
#include <stddef.h>
#include <stdio.h>

#include "msgq_v1.h"

// ANCHOR: layout
#define FIELD(name) \
    printf(#name " %zu %zu\n", offsetof(struct msgq_v1_file, name), sizeof((struct msgq_v1_file *)0)->name)

int main(void)
{
    FIELD(version);
    FIELD(sequence);
    FIELD(size);
    FIELD(name);
    printf("file %zu %zu\n", offsetof(struct msgq_v1, file), sizeof(struct msgq_v1_file));
    printf("project %d types %ld %ld\n", MSGQ_V1_PROJECT, MSGQ_V1_TO_RECEIVER, MSGQ_V1_TO_SENDER);
    return 0;
}
// ANCHOR_END: layout
