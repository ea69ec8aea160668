/* PDUs and command sets as far as the bench looks at them (PS3.8 9.3, PS3.7 6.3). */

#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>

enum { ASSOCIATE_RQ = 1, ASSOCIATE_AC = 2, DATA_TF = 4, RELEASE_RQ = 5, RELEASE_RP = 6 };
enum { PDU_HEADER = 6, PDV_HEADER = 6 };

/* A PDU within the reader's buffer; it stands there until the next one is read. */
struct pdu {
    unsigned char *bytes;
    size_t length; /* with its header */
};

/* The incoming bytes of one connection. */
struct reader {
    int fd;
    unsigned char *buffer;
    size_t size, start, end;
};

/* Walks over the presentation data values of a P-DATA-TF PDU. */
struct pdv {
    const unsigned char *data;
    size_t length;
    int is_command, is_last;
    size_t next; /* offset of the one after it */
};

size_t number_at(const unsigned char *bytes); /* big endian, four bytes */
void tune(int fd);                            /* TCP_NODELAY */
int send_all(int fd, const unsigned char *bytes, size_t length);
/* Receives with TCP_QUICKACK armed: whoever leaves Nagle's algorithm on waits for no timer. */
long receive(int fd, unsigned char *buffer, size_t size);
int next_pdu(struct reader *reader, struct pdu *pdu);
int next_pdv(const struct pdu *pdu, struct pdv *pdv);
/* Returns the US value of an element of group 0000, -1 where there is none. */
int command_value(const struct pdv *command, unsigned element);

#endif
