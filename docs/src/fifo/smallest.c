/* The smallest FIFO: one process makes a name and writes, another process finds the name and reads. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc == 2) { /* the other process: open waits until there is a writer */
        char buffer[64];
        ssize_t len = read(open(argv[1], O_RDONLY), buffer, sizeof buffer);
        printf("the reader read: %.*s\n", (int)len, buffer);
        return 0;
    }
    char *path = "smallest.fifo";
    if (mkfifo(path, 0600) == -1) {
        perror("mkfifo");
        return 1;
    }
    if (fork() == 0)
        return execl("/proc/self/exe", argv[0], path, (char *)NULL);
    int fifo = open(path, O_WRONLY); /* waits until there is a reader */
    write(fifo, "hello from the writer", 21);
    wait(NULL);
    return unlink(path);
}
