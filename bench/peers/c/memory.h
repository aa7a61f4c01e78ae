// Memory that a child inherits: a memfd, mapped by both.
#include <sys/mman.h>
#include <unistd.h>

static inline int memory_create(int *number, size_t size) {
    *number = memfd_create("peers", 0);
    if (*number < 0 || ftruncate(*number, (off_t)size))
        return -errno;
    return 0;
}

static inline int memory_open(void **memory, int number, size_t size) {
    *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, number, 0);
    return *memory == MAP_FAILED ? -errno : 0;
}
