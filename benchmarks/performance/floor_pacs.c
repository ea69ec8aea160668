/* A PACS that costs nothing: canned answers to C-FIND, one send a response, and Success to C-STORE.
 *
 * usage: floor_pacs answers
 * Prints its port. The called AE title ends in the number of matches: CANNED1000. The answers are
 * PDUs: a C-STORE response, a final C-FIND response, then command and data set of each match. */

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runner.h"
#include "wire.h"

enum { THREADS = 64, LONGEST = 4096 }; /* LONGEST: bytes of a response */
enum { C_STORE = 0x0001, NO_DATA_SET = 0x0101 };
enum { COMMAND_FIELD = 0x0100, MESSAGE_ID = 0x0110, DATA_SET_TYPE = 0x0800 };
enum { CONTEXT_AT = PDU_HEADER + 4, MESSAGE_ID_AT = 42, ITEMS_AT = 74, CALLED_AT = 10 };

/* A response as it is sent; its data set has a PDU of its own. */
struct response {
    unsigned char *bytes;
    size_t command_length, length;
};

static struct response *responses; /* C-STORE's, C-FIND's final one, the matches */
static size_t known;
static int listener;

static void read_answers(const char *path)
{
    size_t length, at = 0, room = 0;
    unsigned char *bytes = contents_of(path, &length);
    while (at < length) {
        if (known == room) {
            room = room ? 2 * room : 1024;
            responses = realloc(responses, room * sizeof *responses);
            if (responses == NULL)
                exit(1);
        }
        size_t command = PDU_HEADER + number_at(bytes + at + 2), whole = command;
        if (known >= 2)
            whole += PDU_HEADER + number_at(bytes + at + command + 2);
        if (whole > LONGEST)
            exit(1);
        responses[known++] = (struct response){bytes + at, command, whole};
        at += whole;
    }
}

static void put_header(unsigned char *at, int kind, size_t length)
{
    unsigned char header[] = {(unsigned char)kind, 0, (unsigned char)(length >> 8),
                              (unsigned char)length};
    memcpy(at, header, sizeof header);
}

static size_t put_item(unsigned char *at, int kind, const void *value, size_t length)
{
    put_header(at, kind, length);
    memcpy(at + 4, value, length);
    return 4 + length;
}

/* Answers one proposed context: accepted in Explicit VR Little Endian where that is proposed, else
 * in Implicit VR Little Endian (only what is sent to us then is of use). */
static size_t put_context(unsigned char *at, const unsigned char *item, size_t length)
{
    static const char EXPLICIT[] = "1.2.840.10008.1.2.1", IMPLICIT[] = "1.2.840.10008.1.2";
    const char *chosen = IMPLICIT;
    for (size_t sub = 8; sub + 4 <= length;) {
        size_t size = (size_t)item[sub + 2] << 8 | item[sub + 3];
        if (item[sub] == 0x40 && size >= 19 && memcmp(item + sub + 4, EXPLICIT, 19) == 0 &&
            (size == 19 || item[sub + 4 + 19] == 0))
            chosen = EXPLICIT;
        sub += 4 + size;
    }
    unsigned char value[64] = {item[4], 0, 0, 0};
    size_t used = 4 + put_item(value + 4, 0x40, chosen, strlen(chosen));
    return put_item(at, 0x21, value, used);
}

/* Writes the A-ASSOCIATE-AC (PS3.8 9.3.3) and returns its length. */
static size_t accept_all(unsigned char *answer, const struct pdu *proposal)
{
    static const unsigned char USER[] = {0x51, 0, 0, 4, 0, 1, 0, 0, 0x52, 0, 0, 5, '1', '.', '2', '.', '3'};
    memcpy(answer, proposal->bytes, ITEMS_AT);
    answer[0] = ASSOCIATE_AC;
    size_t used = ITEMS_AT;
    for (size_t at = ITEMS_AT; at + 4 <= proposal->length;) {
        const unsigned char *item = proposal->bytes + at;
        size_t length = 4 + ((size_t)item[2] << 8 | item[3]);
        if (item[0] == 0x10)
            used += put_item(answer + used, 0x10, item + 4, length - 4);
        if (item[0] == 0x20)
            used += put_context(answer + used, item, length);
        at += length;
    }
    used += put_item(answer + used, 0x50, USER, sizeof USER);
    size_t body = used - PDU_HEADER;
    unsigned char length[] = {0, (unsigned char)(body >> 16), (unsigned char)(body >> 8),
                              (unsigned char)body};
    memcpy(answer + 2, length, sizeof length);
    return used;
}

static int respond(int fd, const struct response *response, int context, int message_id)
{
    unsigned char copy[LONGEST];
    memcpy(copy, response->bytes, response->length);
    copy[CONTEXT_AT] = (unsigned char)context;
    copy[MESSAGE_ID_AT] = (unsigned char)message_id;
    copy[MESSAGE_ID_AT + 1] = (unsigned char)(message_id >> 8);
    if (response->length > response->command_length)
        copy[response->command_length + CONTEXT_AT] = (unsigned char)context;
    return send_all(fd, copy, response->length);
}

static int answer(int fd, int field, int context, int message_id, size_t matches)
{
    if (field == C_STORE)
        return respond(fd, &responses[0], context, message_id);
    for (size_t each = 0; each < matches && each + 2 < known; each++)
        if (respond(fd, &responses[each + 2], context, message_id) != 0)
            return -1;
    return respond(fd, &responses[1], context, message_id);
}

/* Reads requests and answers each, until the peer releases the association or leaves. */
static void serve_requests(struct reader *reader, size_t matches)
{
    static const unsigned char RELEASED[] = {RELEASE_RP, 0, 0, 0, 0, 4, 0, 0, 0, 0};
    struct pdu pdu;
    int field = 0, message_id = 0, has_data_set = 0;
    while (next_pdu(reader, &pdu) == 0 && pdu.bytes[0] == DATA_TF) {
        struct pdv pdv = {0};
        while (next_pdv(&pdu, &pdv)) {
            if (pdv.is_command) {
                field = command_value(&pdv, COMMAND_FIELD);
                message_id = command_value(&pdv, MESSAGE_ID);
                has_data_set = command_value(&pdv, DATA_SET_TYPE) != NO_DATA_SET;
            }
            if (pdv.is_last && pdv.is_command != has_data_set &&
                answer(reader->fd, field, pdv.data[-2], message_id, matches) != 0)
                return;
        }
    }
    if (pdu.bytes[0] == RELEASE_RQ)
        send_all(reader->fd, RELEASED, sizeof RELEASED);
}

static size_t matches_of(const unsigned char *called_ae_title)
{
    char title[17] = {0};
    memcpy(title, called_ae_title, 16);
    return strtoul(title + strcspn(title, "0123456789"), NULL, 10);
}

static void *serve(void *unused)
{
    struct reader reader = {.buffer = malloc(BUFFER), .size = BUFFER};
    unsigned char *accepted = malloc(BUFFER);
    while (reader.buffer && accepted && (reader.fd = accept(listener, NULL, NULL)) >= 0) {
        struct pdu proposal;
        tune(reader.fd);
        reader.start = reader.end = 0;
        if (next_pdu(&reader, &proposal) == 0 && proposal.bytes[0] == ASSOCIATE_RQ) {
            size_t matches = matches_of(proposal.bytes + CALLED_AT);
            size_t length = accept_all(accepted, &proposal);
            if (send_all(reader.fd, accepted, length) == 0)
                serve_requests(&reader, matches);
        }
        close(reader.fd);
    }
    return unused;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = address_of("127.0.0.1", "0");
    socklen_t size = sizeof address;
    pthread_t threads[THREADS];
    if (argc != 2) {
        fputs("usage: floor_pacs answers\n", stderr);
        return 2;
    }
    read_answers(argv[1]);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 4096) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        perror("listen");
        return 1;
    }
    for (int each = 0; each < THREADS; each++)
        pthread_create(&threads[each], NULL, serve, NULL);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return 0;
}
