#include "wire.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

size_t number_at(const unsigned char *bytes)
{
    return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

void tune(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int send_all(int fd, const unsigned char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return -1;
        bytes += sent;
        length -= (size_t)sent;
    }
    return 0;
}

long receive(int fd, unsigned char *buffer, size_t size)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    return recv(fd, buffer, size, 0);
}

int next_pdu(struct reader *reader, struct pdu *pdu)
{
    for (;;) {
        size_t held = reader->end - reader->start;
        unsigned char *first = reader->buffer + reader->start;
        if (held >= PDU_HEADER && held >= PDU_HEADER + number_at(first + 2)) {
            pdu->bytes = first;
            pdu->length = PDU_HEADER + number_at(first + 2);
            reader->start += pdu->length;
            return 0;
        }
        memmove(reader->buffer, first, held);
        reader->start = 0;
        reader->end = held;
        if (held == reader->size)
            return -1; /* longer than we announced */
        long got = receive(reader->fd, reader->buffer + held, reader->size - held);
        if (got <= 0)
            return -1;
        reader->end += (size_t)got;
    }
}

int next_pdv(const struct pdu *pdu, struct pdv *pdv)
{
    size_t offset = pdv->next ? pdv->next : PDU_HEADER;
    if (offset + PDV_HEADER > pdu->length)
        return 0;
    const unsigned char *header = pdu->bytes + offset;
    pdv->next = offset + 4 + number_at(header);
    pdv->data = header + PDV_HEADER;
    pdv->length = number_at(header) - 2;
    pdv->is_command = header[5] & 1;
    pdv->is_last = (header[5] & 2) != 0;
    return pdv->next <= pdu->length;
}

int command_value(const struct pdv *command, unsigned element)
{
    const unsigned char *bytes = command->data;
    for (size_t at = 0; at + 10 <= command->length;) {
        size_t length = bytes[at + 4] | (size_t)bytes[at + 5] << 8;
        if ((bytes[at + 2] | (unsigned)bytes[at + 3] << 8) == element)
            return bytes[at + 8] | bytes[at + 9] << 8;
        at += 8 + length;
    }
    return -1;
}
