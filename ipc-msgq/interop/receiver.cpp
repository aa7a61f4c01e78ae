// receiver FILE COUNT: receives COUNT messages from the queue whose key ftok makes of FILE, and removes it.
#include <exception>
#include <iostream>

#include "msgq_v1.hpp"

int main(int argc, char **argv)
try {
    if (argc != 3) {
        std::cerr << "usage: receiver FILE COUNT\n";
        return 2;
    }
    Queue queue(argv[1]);
    const unsigned long count = std::stoul(argv[2]);
    for (unsigned long i = 1; i <= count; i++) {
        const msgq_v1 message = queue.receive(MSGQ_V1_TO_RECEIVER);
        std::cout << message.file.sequence << ' ' << message.file.name << ' ' << message.file.size << '\n';
    }
    queue.remove(); // only now: what is in the queue goes with it
} catch (const std::exception &error) {
    std::cerr << "receiver: " << error.what() << '\n';
    return 1;
}
