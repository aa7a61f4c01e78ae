// The snippets of the course notes, corrected, in the order of the notes. Numbers: see README.md.
// course_notes FILE: plays all of them on the queue whose key ftok makes of FILE.

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/ipc.h>
#include <sys/msg.h> // 1. not <sys.msg.h>
#include <sys/types.h>

// 2. Names that begin with an underscore and a capital letter belong to the compiler.
struct MsgType {
    long mtype;
    char mtext[16];
};

static void err_handle(const char *what)
{
    std::perror(what); // with the reason, which is in errno
    std::exit(EXIT_FAILURE);
}

// (1). msgget
// ANCHOR: get
static int get(const char *path)
{
    // 3. A key that both sides can work out, and not one that any other program may have chosen as well.
    //    ftok takes an int of which it uses 8 bits, and returns a key_t; it fails if there is no such file.
    key_t key_id = ftok(path, 'M');
    if (key_id == static_cast<key_t>(-1)) err_handle("ftok");
    // 4. 0600: with 0666 any user can read, forge and empty the queue.
    // 5. The key is ours and the id is the kernel's. `msg_id = 1234` would use whichever queue has that id.
    int msg_id = msgget(key_id, IPC_CREAT | 0600);
    if (msg_id == -1) err_handle("msgget");
    return msg_id;
}
// ANCHOR_END: get

// (2). msgsnd
// ANCHOR: send
static void send(int msg_id, long type, const char *text)
{
    MsgType msg{};
    msg.mtype = type; // above 0, or msgsnd fails with EINVAL
    // 6. strcpy writes beyond the end of mtext if the text is longer. This tells.
    if (std::snprintf(msg.mtext, sizeof(msg.mtext), "%s", text) >= static_cast<int>(sizeof(msg.mtext))) {
        errno = EMSGSIZE;
        err_handle("the text is too long");
    }
    // 7. &msg: the address, where the notes have the struct itself.
    int ret;
    do ret = msgsnd(msg_id, &msg, sizeof(msg.mtext), 0);
    while (ret == -1 && errno == EINTR); // 18. a signal ended it, and nothing was sent
    if (ret == -1) err_handle("msgsnd");
}
// ANCHOR_END: send

// (3). msgrcv: whether there was a message
// ANCHOR: receive
static bool receive(int msg_id, MsgType &msg, long type, int flag)
{
    // 8. ssize_t: -1 in a size_t is a very large number, and the error passes for a very long message.
    // 9. &msg, where the notes once have *msg. 10. sizeof(msg.mtext): there is no field `data`.
    // 11. The type that is wanted is said by the caller. `msg.type` would be what happens to be in a fresh struct.
    ssize_t size;
    do size = msgrcv(msg_id, &msg, sizeof(msg.mtext), type, flag);
    while (size == -1 && errno == EINTR); // 18. a signal ended it, and nothing was received
    if (size == -1 && errno == ENOMSG) return false; // 12. with IPC_NOWAIT: nothing there, which is no failure
    if (size == -1) err_handle("msgrcv");
    msg.mtext[sizeof(msg.mtext) - 1] = '\0'; // 13. who sent it may have left out the zero byte
    return true;
}
// ANCHOR_END: receive

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: course_notes FILE\n");
        return 2;
    }
    int msg_id = get(argv[1]);
    MsgType msg{};

    // Non-blocking: it goes on.
    std::printf("empty: %s\n", receive(msg_id, msg, 1, IPC_NOWAIT) ? msg.mtext : "nothing");

    // 14. A type for each way: server to client 1, client to server 2.
    send(msg_id, 2, "hello.txt");
    send(msg_id, 1, "thanks");
    receive(msg_id, msg, 2, 0);
    std::printf("server: %s\n", msg.mtext);
    receive(msg_id, msg, 1, 0);
    std::printf("client: %s\n", msg.mtext);

    // (4). msgctl, after everything was received.
    if (msgctl(msg_id, IPC_RMID, nullptr) == -1) err_handle("msgctl");
    return 0;
}
