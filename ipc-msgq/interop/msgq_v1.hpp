// What both C++ programs need: a queue by its file, and errors as exceptions.
#pragma once

#include <cerrno>
#include <string>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <system_error>
#include <type_traits>

#include "msgq_v1.h"

// ANCHOR: plain
// The kernel copies bytes, and no more than bytes: no constructor runs on the other side. So no std::string in there.
static_assert(std::is_trivially_copyable_v<msgq_v1> && std::is_standard_layout_v<msgq_v1>);
// ANCHOR_END: plain

[[noreturn]] inline void fail(const char *call)
{
    throw std::system_error(errno, std::generic_category(), call);
}

class Queue {
public:
    explicit Queue(const std::string &path)
    {
        const key_t key = ftok(path.c_str(), MSGQ_V1_PROJECT);
        if (key == static_cast<key_t>(-1))
            fail("ftok");
        id_ = msgget(key, IPC_CREAT | 0600);
        if (id_ == -1)
            fail("msgget");
    }

    void send(const msgq_v1 &message)
    {
        while (msgsnd(id_, &message, sizeof message.file, 0) == -1)
            if (errno != EINTR)
                fail("msgsnd");
    }

    msgq_v1 receive(long type)
    {
        msgq_v1 message{};
        ssize_t size;
        do
            size = msgrcv(id_, &message, sizeof message.file, type, 0);
        while (size == -1 && errno == EINTR);
        if (size == -1)
            fail("msgrcv");
        if (static_cast<size_t>(size) != sizeof message.file || message.file.version != 1)
            throw std::runtime_error("a message that is not one of ours");
        message.file.name[sizeof message.file.name - 1] = '\0';
        return message;
    }

    void remove()
    {
        if (msgctl(id_, IPC_RMID, nullptr) == -1)
            fail("msgctl");
    }

private:
    int id_;
};
