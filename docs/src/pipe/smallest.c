/* The smallest pipe: a parent writes, its child reads. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int ends[2]; /* ends[0] is read from, ends[1] is written to */
    if (pipe(ends) == -1) {
        perror("pipe");
        return 1;
    }
    if (fork() == 0) { /* the child inherits both ends */
        close(ends[1]);
        char buffer[64];
        ssize_t len = read(ends[0], buffer, sizeof buffer);
        printf("the child read: %.*s\n", (int)len, buffer);
        return 0;
    }
    close(ends[0]);
    write(ends[1], "hello from the parent", 21);
    wait(NULL);
    return 0;
}
