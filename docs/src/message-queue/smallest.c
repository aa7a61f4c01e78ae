/* The smallest use of a message queue: a parent sends a message to its child, which answers and ends. */
#include <ctype.h>
#include <stdio.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

struct message {
    long type; /* 1: to the child; 2: back */
    char text[5];
};

int main(void)
{
    struct message message = {1, "hello"};
    int queue = msgget(IPC_PRIVATE, 0600);
    if (fork() == 0) { /* the id means the same in every process */
        msgrcv(queue, &message, sizeof message.text, 1, 0);
        for (int i = 0; i < 5; i++)
            message.text[i] = toupper(message.text[i]);
        message.type = 2;
        return msgsnd(queue, &message, sizeof message.text, 0);
    }
    msgsnd(queue, &message, sizeof message.text, 0);
    wait(NULL);
    msgrcv(queue, &message, sizeof message.text, 2, 0); /* it outlives its sender */
    printf("%.5s\n", message.text);
    return msgctl(queue, IPC_RMID, NULL);
}
