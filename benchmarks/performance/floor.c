/* The floor: says what a recording says and reads the answers without decoding them.
 *
 * usage: floor host port recording
 * A recording is what the gateway sent, PDU after PDU. Each A-ASSOCIATE-RQ is a new connection;
 * the responses to each request are read to the final one, which must be Success. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runner.h"
#include "wire.h"

enum { MOST_STEPS = 4096, SUCCESS = 0x0000, STATUS = 0x0900 };

/* What is said at once: an association request, a DIMSE request, or a release request. */
struct step {
    int kind;
    const unsigned char *bytes;
    size_t length;
};

static struct sockaddr_in pacs;
static struct step steps[MOST_STEPS];
static size_t count;

static void read_recording(const char *path)
{
    size_t length;
    unsigned char *bytes = contents_of(path, &length);
    for (size_t at = 0; at < length;) {
        struct pdu pdu = {bytes + at, PDU_HEADER + number_at(bytes + at + 2)};
        struct pdv first = {0};
        int is_more = pdu.bytes[0] == DATA_TF && next_pdv(&pdu, &first) && !first.is_command;
        at += pdu.length;
        if (is_more) {
            steps[count - 1].length += pdu.length;
            continue;
        }
        if (count == MOST_STEPS)
            exit(1);
        steps[count++] = (struct step){pdu.bytes[0], pdu.bytes, pdu.length};
    }
}

static int read_kind(struct reader *reader, int kind)
{
    struct pdu pdu;
    return next_pdu(reader, &pdu) == 0 && pdu.bytes[0] == kind ? 0 : -1;
}

static int read_responses(struct visitor *visitor, struct reader *reader)
{
    struct pdu pdu;
    while (next_pdu(reader, &pdu) == 0 && pdu.bytes[0] == DATA_TF) {
        struct pdv pdv = {0};
        while (next_pdv(&pdu, &pdv)) {
            if (!pdv.is_command)
                continue;
            int status = command_value(&pdv, STATUS);
            if ((status & 0xFFFE) != 0xFF00)
                return status == SUCCESS ? 0 : -1;
            visitor->matches++;
        }
    }
    return -1;
}

static int take_step(struct visitor *visitor, struct reader *reader, const struct step *step)
{
    if (step->kind == ASSOCIATE_RQ)
        reader->fd = visitor->fd = connected_to(&pacs);
    if (reader->fd < 0 || send_all(reader->fd, step->bytes, step->length) != 0)
        return -1;
    if (step->kind == ASSOCIATE_RQ)
        return read_kind(reader, ASSOCIATE_AC);
    if (step->kind == DATA_TF)
        return read_responses(visitor, reader);
    if (read_kind(reader, RELEASE_RP) != 0)
        return -1;
    close(reader->fd);
    reader->fd = visitor->fd = -1;
    return 0;
}

static int replay(struct visitor *visitor)
{
    struct reader reader = {.fd = -1, .buffer = visitor->buffer, .size = visitor->size};
    for (size_t each = 0; each < count; each++)
        if (take_step(visitor, &reader, &steps[each]) != 0) {
            if (visitor->fd >= 0)
                close(visitor->fd);
            visitor->fd = -1;
            return -1;
        }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: floor host port recording\n", stderr);
        return 2;
    }
    pacs = address_of(argv[1], argv[2]);
    read_recording(argv[3]);
    return run_windows(replay, NULL);
}
