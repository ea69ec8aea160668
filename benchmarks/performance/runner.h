/* A load generator: does one kind of work, on so many connections, as standard input says.
 *
 * A line "connections count milliseconds" is a window: it ends when so many are done or so much
 * time has passed, 0 for no limit. Its result is a line of JSON. A window of one connection runs
 * in the main thread, so that a single piece of work is timed without the start of a thread. */

#ifndef RUNNER_H
#define RUNNER_H

#include <netinet/in.h>
#include <stddef.h>

enum { MOST_VISITORS = 64, BUFFER = 1 << 20 };

struct visitor {
    int fd; /* -1 while there is no connection */
    unsigned char *buffer;
    size_t size;
    long matches, bytes; /* of all its answers in this window */
    /* The runner's own. */
    long done, failed;
    double *seconds;
    size_t room;
};

struct sockaddr_in address_of(const char *host, const char *port);
int connected_to(const struct sockaddr_in *address);
unsigned char *contents_of(const char *path, size_t *length);

/* Does the work once; 0 if the answer was good. Called by many threads. */
typedef int work_once(struct visitor *visitor);
/* Called after the time was taken, for what is no part of the work. */
typedef void look_back(struct visitor *visitor);

int run_windows(work_once *work, look_back *look);

#endif
