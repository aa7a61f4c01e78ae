/* The smallest shared memory: one process stores a number in a segment, another one attaches it and loads the number. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc == 2) { /* the other process: it starts after the number was stored */
        _Atomic long *number = shmat(atoi(argv[1]), NULL, 0);
        printf("the second process loaded: %ld\n", atomic_load(number));
        return 0;
    }
    int segment = shmget(IPC_PRIVATE, sizeof(long), 0600);
    _Atomic long *number = shmat(segment, NULL, 0);
    atomic_store(number, 42); /* no system call */
    char id[12];
    snprintf(id, sizeof id, "%d", segment);
    if (fork() == 0)
        return execl("/proc/self/exe", argv[0], id, (char *)NULL);
    wait(NULL);
    return shmctl(segment, IPC_RMID, NULL);
}
