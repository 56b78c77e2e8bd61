/*
 * The death of servers, seen by the library in C: three sessions that write all the time live through the end of the
 * leader and then of the server of one of them. No session ends, no ephemeral goes, no acknowledged write is lost, no
 * watch sleeps.
 */
#include "client.h"
#include "checks.h"

#include <stdio.h>
#include <string.h>

enum { WRITERS = 3, MOST = 4000, ROUND = 25 };

struct writer {
    struct client client;
    pthread_t thread;
    const char *top;
    int number;
    volatile int acknowledged;
    volatile int stop;
    int64_t session;
    char error[2 * PATH_BYTES];
};

/* Creates /top/NUMBER-I until told to stop; an interrupted create is repeated, and may then have happened already. */
static void *write_all_the_time(void *context) {
    struct writer *writer = context;
    for (int i = 0; i < MOST && !writer->stop;) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s/%d-%d", writer->top, writer->number, i);
        int code = make(&writer->client, path, "x", ZOO_PERSISTENT);
        if (code == ZOK || code == ZNODEEXISTS) {
            writer->acknowledged = ++i;
        } else if (code == ZCONNECTIONLOSS || code == ZOPERATIONTIMEOUT) {
            sleep_ms(5);
        } else {
            snprintf(writer->error, sizeof writer->error, "%s: %s", path, zerror(code));
            break;
        }
    }
    return NULL;
}

static void await_round(struct writer *writers) {
    for (int w = 0; w < WRITERS; w++) {
        int wanted = writers[w].acknowledged + ROUND;
        for (int ms = 0; writers[w].acknowledged < wanted && ms < PATIENCE_S * 1000; ms += 5) sleep_ms(5);
        check(writers[w].acknowledged >= wanted, "writer %d goes on %s", w, writers[w].error);
    }
}

/* Deletes all that the writer made; how much of what it was promised is missing. */
static int lost_writes(struct writer *writer) {
    int lost = 0;
    for (int i = 0; i < writer->acknowledged; i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s/%d-%d", writer->top, writer->number, i);
        int code = drop(&writer->client, path);
        if (code == ZNONODE) lost++;
        else if (code != ZOK) check(0, "delete %s: %s", path, zerror(code));
    }
    return lost;
}

/* An ephemeral of each, and a watch of each on the ephemeral of the next. */
static void begin(struct writer *writers, const char *servers, const char *top) {
    char path[PATH_BYTES];
    struct Stat stat;
    for (int w = 0; w < WRITERS; w++) {
        struct writer *writer = &writers[w];
        memset(writer, 0, sizeof *writer);
        writer->top = top;
        writer->number = w;
        open_client(&writer->client, servers, NULL);
        check(await_state(&writer->client, ZOO_CONNECTED_STATE), "writer %d connects", w);
        if (w == 0) CHECK_CODE(make(&writer->client, top, "", ZOO_PERSISTENT), ZOK);
        writer->session = zoo_client_id(writer->client.zh)->client_id;
        snprintf(path, sizeof path, "%s/e%d", top, w);
        CHECK_CODE(sync_client(&writer->client, top), ZOK);
        CHECK_CODE(make(&writer->client, path, "", ZOO_EPHEMERAL), ZOK);
    }
    for (int w = 0; w < WRITERS; w++) {
        snprintf(path, sizeof path, "%s/e%d", top, (w + 1) % WRITERS);
        CHECK_CODE(sync_client(&writers[w].client, top), ZOK);
        CHECK_CODE(zoo_exists(writers[w].client.zh, path, 1, &stat), ZOK);
    }
    for (int w = 0; w < WRITERS; w++) pthread_create(&writers[w].thread, NULL, write_all_the_time, &writers[w]);
}

static void end(struct writer *writers, const char *top) {
    char path[PATH_BYTES];
    struct Stat stat;
    for (int w = 0; w < WRITERS; w++) writers[w].stop = 1;
    for (int w = 0; w < WRITERS; w++) pthread_join(writers[w].thread, NULL);
    for (int w = 0; w < WRITERS; w++) {
        struct client *client = &writers[w].client;
        int lost = lost_writes(&writers[w]);
        check(lost == 0, "of %d acknowledged writes none is lost (%d are)", writers[w].acknowledged, lost);
        check(!client->expired, "the session of writer %d never expired", w);
        check(zoo_client_id(client->zh)->client_id == writers[w].session, "and is the one it was");
        snprintf(path, sizeof path, "%s/e%d", top, w);
        CHECK_CODE(zoo_exists(client->zh, path, 0, &stat), ZOK);
        check(stat.ephemeralOwner == writers[w].session, "its ephemeral is there, and its own");
    }
    for (int w = 0; w < WRITERS; w++) {
        snprintf(path, sizeof path, "%s/e%d", top, (w + 1) % WRITERS);
        check(!has_event(&writers[w].client, path), "its watch has told nothing that did not happen");
        CHECK_CODE(zoo_set(writers[(w + 1) % WRITERS].client.zh, path, "after", 5, -1), ZOK);
        check(await_event(&writers[w].client, ZOO_CHANGED_EVENT, path), "and still fires");
    }
}

/* What changes while a client is away fires its watch when it is back. */
static void check_missed_event(struct writer *writers, const char *top) {
    char path[PATH_BYTES];
    char wish[32];
    struct Stat stat;
    struct client *away = &writers[0].client;
    snprintf(path, sizeof path, "%s/missed", top);
    CHECK_CODE(zoo_exists(away->zh, path, 1, &stat), ZNONODE);
    int connects = away->connects;
    snprintf(wish, sizeof wish, "kill %d", connected_port(away));
    please(wish);
    for (int tries = 0; tries < 100; tries++) {
        int code = make(&writers[1].client, path, "", ZOO_PERSISTENT);
        if (code == ZOK || code == ZNODEEXISTS) break;
        sleep_ms(20);
    }
    check(await_event(away, ZOO_CREATED_EVENT, path), "a watch fires for what happened meanwhile");
    check(away->connects > connects, "after the client had to connect again");
    check(zoo_client_id(away->zh)->client_id == writers[0].session, "in the same session");
    please("start");
}

void check_failover(const char *servers, const char *top) {
    static struct writer writers[WRITERS];
    char wish[32];
    begin(writers, servers, top);
    await_round(writers);
    please("kill leader");
    await_round(writers);
    please("start");
    await_round(writers);
    snprintf(wish, sizeof wish, "kill %d", connected_port(&writers[0].client));
    please(wish);
    await_round(writers);
    please("start");
    end(writers, top);
    check_missed_event(writers, top);
    for (int w = 0; w < WRITERS; w++) zookeeper_close(writers[w].client.zh);
}
