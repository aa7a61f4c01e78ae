/* The smallest socket: one process listens at an address, another one connects to it. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&address, len); /* port 0: the kernel chooses a free one */
    listen(listener, 1);
    getsockname(listener, (struct sockaddr *)&address, &len);
    if (fork() == 0) { /* the other process: it could be on another host */
        int client = socket(AF_INET, SOCK_STREAM, 0);
        connect(client, (struct sockaddr *)&address, len);
        return write(client, "hello from the client", 21) != 21;
    }
    int connection = accept(listener, NULL, NULL);
    char buffer[64];
    ssize_t n = read(connection, buffer, sizeof buffer);
    printf("the server read: %.*s\n", (int)n, buffer);
    wait(NULL);
    return 0;
}
