/* receiver FILE COUNT: receives COUNT messages from the queue whose key ftok makes of FILE, and removes it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#include "msgq_v1.h"

static void fail(const char *call)
{
    perror(call);
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: receiver FILE COUNT\n");
        return 2;
    }
    key_t key = ftok(argv[1], MSGQ_V1_PROJECT);
    if (key == (key_t)-1)
        fail("ftok");
    int id = msgget(key, IPC_CREAT | 0600);
    if (id == -1)
        fail("msgget");
    unsigned count = (unsigned)strtoul(argv[2], NULL, 10);
    for (unsigned i = 1; i <= count; i++) {
        struct msgq_v1 message;
        ssize_t size; /* signed: -1 is an error */
        do
            size = msgrcv(id, &message, sizeof message.file, MSGQ_V1_TO_RECEIVER, 0);
        while (size == -1 && errno == EINTR);
        if (size == -1)
            fail("msgrcv");
        // ANCHOR: check
        if ((size_t)size != sizeof message.file || message.file.version != 1) {
            fprintf(stderr, "receiver: a message of %zd bytes, not one of ours\n", size);
            return EXIT_FAILURE;
        }
        // ANCHOR_END: check
        message.file.name[sizeof message.file.name - 1] = '\0'; /* whoever sent it, printf stops here */
        printf("%" PRIu32 " %s %" PRId64 "\n", message.file.sequence, message.file.name, message.file.size);
    }
    if (msgctl(id, IPC_RMID, NULL) == -1) /* only now: what is in the queue goes with it */
        fail("msgctl");
    return 0;
}
