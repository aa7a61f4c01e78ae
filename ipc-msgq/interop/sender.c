/* sender FILE COUNT: sends COUNT messages to the queue whose key ftok makes of FILE. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#include "msgq_v1.h"

static void fail(const char *call)
{
    perror(call); /* says which call, and why */
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: sender FILE COUNT\n");
        return 2;
    }
    key_t key = ftok(argv[1], MSGQ_V1_PROJECT);
    if (key == (key_t)-1) /* the file must be there */
        fail("ftok");
    int id = msgget(key, IPC_CREAT | 0600); /* the key names it for all; the id is the kernel's */
    if (id == -1)
        fail("msgget");
    unsigned count = (unsigned)strtoul(argv[2], NULL, 10);
    for (unsigned i = 1; i <= count; i++) {
        struct msgq_v1 message = { .type = MSGQ_V1_TO_RECEIVER, .file = { .version = 1, .sequence = i } };
        message.file.size = (int64_t)i * 1000;
        snprintf(message.file.name, sizeof message.file.name, "hello-%u.txt", i); /* never beyond the end */
        while (msgsnd(id, &message, sizeof message.file, 0) == -1)
            if (errno != EINTR) /* a signal ends the call, even with SA_RESTART: once more */
                fail("msgsnd");
    }
    return 0; /* the messages stay until they are received: the receiver removes the queue */
}
