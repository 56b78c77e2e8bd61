/*
 * What the programs in C share: checks in the lines that scripts/lib/interop/program.js explains, handles of
 * libzookeeper_mt that can be waited for, and their watch events.
 */
#ifndef SYNOD_INTEROP_CHECKS_H
#define SYNOD_INTEROP_CHECKS_H

#include <pthread.h>
#include <stddef.h>
#include <zookeeper/zookeeper.h>

enum { EVENTS = 256, PATH_BYTES = 128, PATIENCE_S = 20, SESSION_MS = 15000 };

struct event {
    int type;
    char path[PATH_BYTES];
};

struct client {
    zhandle_t *zh;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int state;
    int expired;
    int connects;
    int events;
    struct event event[EVENTS];
};

/* Prints how a check went; the text is that of printf. */
void check(int held, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A check of a return code, by its name: ZOK and the like. */
#define CHECK_CODE(call, wanted)                                                                                       \
    do {                                                                                                               \
        int code_ = (call);                                                                                            \
        check(code_ == (wanted), "%s is %s (it is %d)", #call, #wanted, code_);                                        \
    } while (0)

/* How many checks did not hold. */
int failed_checks(void);

/* Asks whoever runs the program for a fault, and waits until it happened. */
void please(const char *wish);

/* Opens a handle and waits until it is connected; `id` may be NULL, or name a session to take over. */
void open_client(struct client *client, const char *servers, const clientid_t *id);

/* Waits until a handle is in the state; returns whether it came. */
int await_state(struct client *client, int state);

/* Waits until the handle was told of the event; returns whether it was. An event that was found is forgotten. */
int await_event(struct client *client, int type, const char *path);

/* Whether the handle has been told of any event of this path that was not asked for yet. */
int has_event(struct client *client, const char *path);

/* The port of the server to which it is connected; 0 for none. */
int connected_port(struct client *client);

/* zoo_create and zoo_delete with less to say. */
int make(struct client *client, const char *path, const char *data, int mode);
int drop(struct client *client, const char *path);

/* Waits until the server has told all that was written before to this handle. */
int sync_client(struct client *client, const char *path);

void sleep_ms(int ms);

#endif
