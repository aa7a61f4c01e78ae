/* msgq_v1.h: what the programs of ../interop send each other, in C, in C++ and in Rust.
 *
 * The same in Rust: ../interop/msgq_v1.rs. A test compiles this header and compares the two, field by field.
 */
#ifndef MSGQ_V1_H
#define MSGQ_V1_H

#include <stdint.h> /* what this header itself needs, and nothing for those who include it */

/* The second argument of ftok. Of the int, 8 bits are used, and they must not all be 0. */
#define MSGQ_V1_PROJECT 'M'

/* A message type for each way: with one for both, a process would receive what it sent itself. */
#define MSGQ_V1_TO_RECEIVER 1L
#define MSGQ_V1_TO_SENDER 2L

#define MSGQ_V1_NAME 48

/* The announcement of a file. Every field has one size on every machine (a long has not), and begins at a multiple of
 * its size, so that there is no padding between two. Neither is there a pointer: it would mean nothing in another
 * process. */
// ANCHOR: file
struct msgq_v1_file {
    uint32_t version;  /* 1 */
    uint32_t sequence; /* counts the messages, from 1 */
    int64_t size;      /* of the file, in bytes */
    char name[MSGQ_V1_NAME]; /* ends with a zero byte, and so do all that follow */
};
// ANCHOR_END: file

/* A message as msgsnd and msgrcv want it: first a long, and it is that of this machine. The size that is given to them
 * is sizeof(struct msgq_v1_file): the type in front does not count. */
// ANCHOR: message
struct msgq_v1 {
    long type;
    struct msgq_v1_file file;
};
// ANCHOR_END: message

#endif
