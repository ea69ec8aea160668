#include "runner.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

static struct visitor visitors[MOST_VISITORS];
static atomic_long taken;
static long most;
static double ends;
static work_once *do_once;
static look_back *then_look;

static double now(void)
{
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    return (double)moment.tv_sec + (double)moment.tv_nsec / 1e9;
}

struct sockaddr_in address_of(const char *host, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(port))};
    inet_pton(AF_INET, host, &address.sin_addr);
    return address;
}

int connected_to(const struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) != 0) {
        close(fd);
        return -1;
    }
    tune(fd);
    return fd;
}

unsigned char *contents_of(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    *length = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*length + 1);
    if (bytes == NULL || fread(bytes, 1, *length, file) != *length)
        exit(1);
    fclose(file);
    return bytes;
}

static void remember(struct visitor *visitor, double seconds)
{
    if ((size_t)visitor->done == visitor->room) {
        visitor->room = visitor->room ? 2 * visitor->room : 1024;
        visitor->seconds = realloc(visitor->seconds, visitor->room * sizeof *visitor->seconds);
        if (visitor->seconds == NULL)
            exit(1);
    }
    visitor->seconds[visitor->done++] = seconds;
}

static void *visit(void *argument)
{
    struct visitor *visitor = argument;
    while ((!most || atomic_fetch_add(&taken, 1) < most) && (ends == 0 || now() < ends)) {
        double begun = now();
        int outcome = do_once(visitor);
        double seconds = now() - begun;
        if (outcome != 0) {
            visitor->failed++;
            continue;
        }
        remember(visitor, seconds);
        if (then_look)
            then_look(visitor);
    }
    return NULL;
}

static void tell(long connections, double seconds)
{
    long done = 0, failed = 0, matches = 0, bytes = 0;
    const char *between = "";
    printf("{\"latencies\": [");
    for (long each = 0; each < connections; each++) {
        struct visitor *visitor = &visitors[each];
        for (long one = 0; one < visitor->done; one++, between = ",")
            printf("%s%.7f", between, visitor->seconds[one]);
        done += visitor->done;
        failed += visitor->failed;
        matches += visitor->matches;
        bytes += visitor->bytes;
    }
    printf("], \"done\": %ld, \"failed\": %ld, \"matches\": %ld, \"bytes\": %ld, "
           "\"seconds\": %.6f}\n",
           done, failed, matches, bytes, seconds);
    fflush(stdout);
}

static void window(long connections, long count, long milliseconds)
{
    pthread_t threads[MOST_VISITORS];
    for (long each = 0; each < connections; each++)
        visitors[each].done = visitors[each].failed = visitors[each].matches =
            visitors[each].bytes = 0;
    double begun = now();
    taken = 0;
    most = count;
    ends = milliseconds ? begun + (double)milliseconds / 1000 : 0;
    for (long each = 1; each < connections; each++)
        pthread_create(&threads[each], NULL, visit, &visitors[each]);
    visit(&visitors[0]);
    for (long each = 1; each < connections; each++)
        pthread_join(threads[each], NULL);
    tell(connections, now() - begun);
}

int run_windows(work_once *work, look_back *look)
{
    long connections, count, milliseconds;
    do_once = work;
    then_look = look;
    for (int each = 0; each < MOST_VISITORS; each++)
        visitors[each].fd = -1;
    while (scanf("%ld %ld %ld", &connections, &count, &milliseconds) == 3) {
        if (connections < 1 || connections > MOST_VISITORS)
            return 1;
        for (long each = 0; each < connections; each++)
            if (visitors[each].buffer == NULL) {
                visitors[each].size = BUFFER;
                visitors[each].buffer = malloc(BUFFER);
            }
        window(connections, count, milliseconds);
    }
    return 0;
}
