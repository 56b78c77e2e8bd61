/*
 * How long a client of the library in C waits, in microseconds, one line for each sample:
 *
 *     times connect SERVERS COUNT   connect N: until the session is there; write N: its first write; both N
 *     times drop SERVERS COUNT      reconnect N: from the end of a connection to the next one; rewrite N: to a write
 *     times kill SERVERS COUNT      elsewhere N, there N: the longest time without an acknowledged write around the
 *                                   death of the leader, of a client of another server or of that one
 */
#include "checks.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { WRITERS = 3, SETTLE_MS = 1000, FDS = 1024 };

static const char *const node = "/interop-times";

static long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000L + time.tv_nsec / 1000;
}

static void demand(int held, const char *what) {
    if (held) return;
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* Writes until it is acknowledged. */
static void write_once(struct client *client) {
    for (int tries = 0; zoo_set(client->zh, node, "x", 1, -1) != ZOK; tries++) {
        demand(tries < 20000, "no write succeeds");
        sleep_ms(1);
    }
}

static void time_connects(const char *servers, int count) {
    for (int i = 0; i < count; i++) {
        struct client client;
        long start = now();
        open_client(&client, servers, NULL);
        demand(await_state(&client, ZOO_CONNECTED_STATE), "no connection");
        long connected = now();
        write_once(&client);
        long written = now();
        printf("connect %ld\nwrite %ld\nboth %ld\n", connected - start, written - connected, written - start);
        zookeeper_close(client.zh);
    }
}

/* Ends the connection of the only client of this process, as a broken network would. */
static void drop_connection(struct client *client) {
    int port = connected_port(client);
    for (int fd = 3; fd < FDS; fd++) {
        struct sockaddr_in peer;
        socklen_t length = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &length) != 0 || peer.sin_family != AF_INET) continue;
        if (ntohs(peer.sin_port) == port) shutdown(fd, SHUT_RDWR);
    }
}

static int reconnected(struct client *client, int connects) {
    pthread_mutex_lock(&client->lock);
    int there = client->connects > connects;
    pthread_mutex_unlock(&client->lock);
    return there;
}

static void time_drops(const char *servers, int count) {
    struct client client;
    open_client(&client, servers, NULL);
    demand(await_state(&client, ZOO_CONNECTED_STATE), "no connection");
    for (int i = 0; i < count; i++) {
        write_once(&client);
        int connects = client.connects;
        long start = now();
        drop_connection(&client);
        while (!reconnected(&client, connects)) {
            demand(now() - start < PATIENCE_S * 1000000L, "no new connection");
            struct timespec pause = {0, 20000};
            nanosleep(&pause, NULL);
        }
        long connected = now();
        write_once(&client);
        printf("reconnect %ld\nrewrite %ld\n", connected - start, now() - start);
    }
    zookeeper_close(client.zh);
}

struct writer {
    struct client client;
    pthread_t thread;
    volatile int stop;
    volatile long longest;
    volatile long last;
};

static void *write_on(void *context) {
    struct writer *writer = context;
    writer->last = now();
    while (!writer->stop) {
        write_once(&writer->client);
        long time = now();
        if (time - writer->last > writer->longest) writer->longest = time - writer->last;
        writer->last = time;
    }
    return NULL;
}

/* The leader's port, as the one who kills it says it. */
static int kill_leader(void) {
    char answer[64];
    int port = 0;
    printf("please kill leader\n");
    fflush(stdout);
    demand(fgets(answer, sizeof answer, stdin) && sscanf(answer, "done %d", &port) == 1, "the leader does not die");
    return port;
}

static void time_kills(const char *servers, int count) {
    static struct writer writers[WRITERS];
    int ports[WRITERS];
    for (int w = 0; w < WRITERS; w++) {
        open_client(&writers[w].client, servers, NULL);
        demand(await_state(&writers[w].client, ZOO_CONNECTED_STATE), "no connection");
        pthread_create(&writers[w].thread, NULL, write_on, &writers[w]);
    }
    for (int i = 0; i < count; i++) {
        sleep_ms(SETTLE_MS);
        for (int w = 0; w < WRITERS; w++) {
            ports[w] = connected_port(&writers[w].client);
            writers[w].longest = 0;
        }
        int leader = kill_leader();
        long killed = now();
        for (int w = 0; w < WRITERS; w++) {
            while (writers[w].last < killed) sleep_ms(1);
        }
        sleep_ms(SETTLE_MS);
        for (int w = 0; w < WRITERS; w++) {
            printf("%s %ld\n", ports[w] == leader ? "there" : "elsewhere", writers[w].longest);
        }
        please("start");
    }
    for (int w = 0; w < WRITERS; w++) writers[w].stop = 1;
    for (int w = 0; w < WRITERS; w++) {
        pthread_join(writers[w].thread, NULL);
        zookeeper_close(writers[w].client.zh);
    }
}

int main(int count, char **arguments) {
    struct client client;
    demand(count == 4, "times connect|drop|kill SERVERS COUNT");
    zoo_set_debug_level(0);
    open_client(&client, arguments[2], NULL);
    demand(await_state(&client, ZOO_CONNECTED_STATE), "no connection");
    int code = make(&client, node, "", ZOO_PERSISTENT);
    demand(code == ZOK || code == ZNODEEXISTS, "no znode to write to");
    zookeeper_close(client.zh);
    int samples = atoi(arguments[3]);
    if (strcmp(arguments[1], "connect") == 0) time_connects(arguments[2], samples);
    else if (strcmp(arguments[1], "drop") == 0) time_drops(arguments[2], samples);
    else time_kills(arguments[2], samples);
    return 0;
}
