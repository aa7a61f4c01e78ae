// sender FILE COUNT: sends COUNT messages to the queue whose key ftok makes of FILE.
#include <cstdio>
#include <exception>

#include "msgq_v1.hpp"

int main(int argc, char **argv)
try {
    if (argc != 3) {
        std::fprintf(stderr, "usage: sender FILE COUNT\n");
        return 2;
    }
    Queue queue(argv[1]);
    const unsigned long count = std::stoul(argv[2]);
    for (uint32_t i = 1; i <= count; i++) {
        msgq_v1 message{}; // all zero, so that nothing of our memory is sent by accident
        message.type = MSGQ_V1_TO_RECEIVER;
        message.file.version = 1;
        message.file.sequence = i;
        message.file.size = int64_t{i} * 1000;
        const std::string name = "hello-" + std::to_string(i) + ".txt";
        name.copy(message.file.name, sizeof message.file.name - 1); // never beyond the end; the zero byte is there
        queue.send(message);
    }
} catch (const std::exception &error) {
    std::fprintf(stderr, "sender: %s\n", error.what());
    return 1;
}
