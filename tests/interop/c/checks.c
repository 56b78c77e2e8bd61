/* What the programs in C share: see checks.h. */
#include "checks.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;
static int failed;

void check(int held, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&output);
    if (!held) failed++;
    printf(held ? "ok " : "failed ");
    vprintf(format, arguments);
    printf("\n");
    fflush(stdout);
    pthread_mutex_unlock(&output);
    va_end(arguments);
}

int failed_checks(void) { return failed; }

void please(const char *wish) {
    char answer[64];
    printf("please %s\n", wish);
    fflush(stdout);
    if (!fgets(answer, sizeof answer, stdin) || strncmp(answer, "done", 4) != 0) {
        check(0, "please %s: nobody did it", wish);
        exit(1);
    }
}

void sleep_ms(int ms) {
    struct timespec pause = {ms / 1000, (ms % 1000) * 1000000L};
    nanosleep(&pause, NULL);
}

static void watch(zhandle_t *zh, int type, int state, const char *path, void *context) {
    struct client *client = context;
    (void)zh;
    pthread_mutex_lock(&client->lock);
    if (type == ZOO_SESSION_EVENT) {
        client->state = state;
        if (state == ZOO_EXPIRED_SESSION_STATE) client->expired = 1;
        if (state == ZOO_CONNECTED_STATE) client->connects++;
    } else if (client->events < EVENTS) {
        struct event *event = &client->event[client->events++];
        event->type = type;
        snprintf(event->path, sizeof event->path, "%s", path ? path : "");
    }
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->lock);
}

void open_client(struct client *client, const char *servers, const clientid_t *id) {
    memset(client, 0, sizeof *client);
    pthread_mutex_init(&client->lock, NULL);
    pthread_cond_init(&client->changed, NULL);
    client->zh = zookeeper_init(servers, watch, SESSION_MS, id, client, 0);
    if (!client->zh) {
        check(0, "a handle can be made");
        exit(1);
    }
}

/* Waits for the next change of a client, at most until `end`; the lock is held. */
static int next_change(struct client *client, const struct timespec *end) {
    return pthread_cond_timedwait(&client->changed, &client->lock, end) == 0;
}

static struct timespec patience(void) {
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += PATIENCE_S;
    return end;
}

int await_state(struct client *client, int state) {
    struct timespec end = patience();
    pthread_mutex_lock(&client->lock);
    int found = client->state == state;
    while (!found && next_change(client, &end)) found = client->state == state;
    pthread_mutex_unlock(&client->lock);
    return found;
}

static int take_event(struct client *client, int type, const char *path) {
    for (int i = 0; i < client->events; i++) {
        if (client->event[i].type != type || strcmp(client->event[i].path, path) != 0) continue;
        client->event[i] = client->event[--client->events];
        return 1;
    }
    return 0;
}

int await_event(struct client *client, int type, const char *path) {
    struct timespec end = patience();
    pthread_mutex_lock(&client->lock);
    int found = take_event(client, type, path);
    while (!found && next_change(client, &end)) found = take_event(client, type, path);
    pthread_mutex_unlock(&client->lock);
    return found;
}

int has_event(struct client *client, const char *path) {
    int found = 0;
    pthread_mutex_lock(&client->lock);
    for (int i = 0; i < client->events; i++) found |= strcmp(client->event[i].path, path) == 0;
    pthread_mutex_unlock(&client->lock);
    return found;
}

int connected_port(struct client *client) {
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    if (!zookeeper_get_connected_host(client->zh, (struct sockaddr *)&address, &length)) return 0;
    return ntohs(address.sin_port);
}

int make(struct client *client, const char *path, const char *data, int mode) {
    return zoo_create(client->zh, path, data, data ? (int)strlen(data) : -1, &ZOO_OPEN_ACL_UNSAFE, mode, NULL, 0);
}

int drop(struct client *client, const char *path) { return zoo_delete(client->zh, path, -1); }

struct answer {
    pthread_mutex_t lock;
    pthread_cond_t come;
    int there;
    int code;
};

static void synced(int rc, const char *path, const void *data) {
    struct answer *answer = (struct answer *)data;
    (void)path;
    pthread_mutex_lock(&answer->lock);
    answer->there = 1;
    answer->code = rc;
    pthread_cond_signal(&answer->come);
    pthread_mutex_unlock(&answer->lock);
}

int sync_client(struct client *client, const char *path) {
    struct answer answer = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};
    int code = zoo_async(client->zh, path, synced, &answer);
    if (code != ZOK) return code;
    pthread_mutex_lock(&answer.lock);
    while (!answer.there) pthread_cond_wait(&answer.come, &answer.lock);
    pthread_mutex_unlock(&answer.lock);
    return answer.code;
}
