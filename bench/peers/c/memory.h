// Memory that a child inherits: a memfd, mapped by both. One half is for what ping receives, the other for pong.
#include <sys/mman.h>
#include <unistd.h>

struct memory {
    unsigned char *start;
    size_t half;
};

static inline int create_memory(struct setup *setup, size_t half) {
    setup->numbers[0] = memfd_create("peers", 0);
    TRY(result(setup->numbers[0]));
    return result(ftruncate(setup->numbers[0], (off_t)(2 * half)));
}

static inline int map_memory(struct memory *memory, const struct setup *setup, size_t half) {
    void *start = mmap(NULL, 2 * half, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, setup->numbers[0], 0);
    if (start == MAP_FAILED)
        return -errno;
    memory->start = start, memory->half = half;
    return 0;
}

static inline void *half(const struct memory *memory, enum role receiver) {
    return memory->start + receiver * memory->half;
}

static inline void unmap_memory(struct memory *memory) {
    munmap(memory->start, 2 * memory->half);
}
