/* A client of a gateway: the same request again and again, each connection kept alive.
 *
 * usage: http_load host port path [body]
 * The body is a file to POST; without one it is a GET of a search. Matches are counted by their key
 * after the time was taken. */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runner.h"
#include "wire.h"

static const char *match = "\"StudyInstanceUID\"";
static struct sockaddr_in gateway;
static unsigned char *request;
static size_t request_length;

static void write_get(const char *path)
{
    char head[512];
    int length = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: gateway\r\n\r\n", path);
    request = (unsigned char *)strdup(head);
    request_length = (size_t)length;
    match = "\"0020000D\"";
}

static void write_post(const char *path, const char *file)
{
    size_t length;
    unsigned char *body = contents_of(file, &length);
    char head[512];
    int head_length = snprintf(head, sizeof head,
                               "POST %s HTTP/1.1\r\nHost: gateway\r\n"
                               "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                               path, length);
    request_length = (size_t)head_length + length;
    request = malloc(request_length);
    if (request == NULL)
        exit(1);
    memcpy(request, head, (size_t)head_length);
    memcpy(request + head_length, body, length);
    free(body);
}

/* Returns the length of the whole response, 0 while its head is incomplete. */
static size_t whole_length(char *bytes)
{
    char *end = strstr(bytes, "\r\n\r\n");
    if (end == NULL)
        return 0;
    char *length = strcasestr(bytes, "\r\ncontent-length:");
    if (length == NULL || length > end)
        exit(1);
    return (size_t)(end + 4 - bytes) + strtoul(length + 17, NULL, 10);
}

static int grow(struct visitor *visitor, size_t size)
{
    unsigned char *larger = realloc(visitor->buffer, size);
    if (larger == NULL)
        return -1;
    visitor->buffer = larger;
    visitor->size = size;
    return 0;
}

static int read_response(struct visitor *visitor)
{
    size_t held = 0, whole = 0;
    while (whole == 0 || held < whole) {
        ssize_t got = recv(visitor->fd, visitor->buffer + held, visitor->size - held - 1, 0);
        if (got <= 0)
            return -1;
        held += (size_t)got;
        visitor->buffer[held] = 0;
        if (whole == 0)
            whole = whole_length((char *)visitor->buffer);
        if (whole >= visitor->size && grow(visitor, whole + 1) != 0)
            return -1;
    }
    visitor->bytes += (long)held;
    return strncmp((char *)visitor->buffer, "HTTP/1.1 200 ", 13) == 0 ? 0 : -1;
}

static int ask(struct visitor *visitor)
{
    if (visitor->fd < 0)
        visitor->fd = connected_to(&gateway);
    if (visitor->fd < 0)
        return -1;
    if (send_all(visitor->fd, request, request_length) != 0 || read_response(visitor) != 0) {
        close(visitor->fd);
        visitor->fd = -1;
        return -1;
    }
    return 0;
}

static void count_matches(struct visitor *visitor)
{
    for (char *at = (char *)visitor->buffer; (at = strstr(at, match)) != NULL; at++)
        visitor->matches++;
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 5) {
        fputs("usage: http_load host port path [body]\n", stderr);
        return 2;
    }
    gateway = address_of(argv[1], argv[2]);
    if (argc == 5)
        write_post(argv[3], argv[4]);
    else
        write_get(argv[3]);
    return run_windows(ask, count_matches);
}
