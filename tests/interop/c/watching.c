/* Watches of the library in C: of data, of existence, of children; set, fired and taken away. */
#include "client.h"
#include "checks.h"

#include <stdio.h>
#include <string.h>

static void check_firing(struct client *c, struct client *other, const char *top) {
    char path[PATH_BYTES];
    char data[64];
    int length = sizeof data;
    struct Stat stat;
    struct String_vector children;

    snprintf(path, sizeof path, "%s/child", top);
    CHECK_CODE(make(c, top, "x", ZOO_PERSISTENT), ZOK);
    CHECK_CODE(zoo_get(c->zh, top, 1, data, &length, &stat), ZOK);
    CHECK_CODE(zoo_get_children(c->zh, top, 1, &children), ZOK);
    deallocate_String_vector(&children);
    CHECK_CODE(zoo_exists(c->zh, path, 1, &stat), ZNONODE);
    CHECK_CODE(sync_client(other, top), ZOK);
    CHECK_CODE(make(other, path, "", ZOO_EPHEMERAL), ZOK);
    check(await_event(c, ZOO_CREATED_EVENT, path), "a watch of existence fires");
    check(await_event(c, ZOO_CHILD_EVENT, top), "a watch of children fires");
    CHECK_CODE(zoo_set(other->zh, top, "y", 1, -1), ZOK);
    check(await_event(c, ZOO_CHANGED_EVENT, top), "a watch of data fires");
    CHECK_CODE(zoo_set(other->zh, top, "z", 1, -1), ZOK);
    CHECK_CODE(sync_client(c, top), ZOK);
    check(!has_event(c, top), "and only once");
    CHECK_CODE(zoo_exists(c->zh, path, 1, &stat), ZOK);
    CHECK_CODE(zoo_get_children(c->zh, path, 1, &children), ZOK);
    deallocate_String_vector(&children);
    CHECK_CODE(drop(other, path), ZOK);
    check(await_event(c, ZOO_DELETED_EVENT, path), "a deletion is told");
    CHECK_CODE(sync_client(c, top), ZOK);
    check(!has_event(c, path), "to both watches of a znode with one event");
}

static void noted(zhandle_t *zh, int type, int state, const char *path, void *context) {
    (void)zh, (void)state, (void)path;
    if (type != ZOO_SESSION_EVENT) ++*(int *)context;
}

static void check_removing(struct client *c, const char *top) {
    int told = 0;
    struct Stat stat;

    CHECK_CODE(zoo_wexists(c->zh, top, noted, &told, &stat), ZOK);
    CHECK_CODE(zoo_remove_watches(c->zh, top, ZWATCHTYPE_DATA, noted, &told, 0), ZOK);
    CHECK_CODE(zoo_remove_watches(c->zh, top, ZWATCHTYPE_DATA, noted, &told, 0), ZNOWATCHER);
    CHECK_CODE(zoo_wexists(c->zh, top, noted, &told, &stat), ZOK);
    CHECK_CODE(zoo_remove_all_watches(c->zh, top, ZWATCHTYPE_ANY, 0), ZOK);
    int before = told;
    CHECK_CODE(zoo_set(c->zh, top, "more", 4, -1), ZOK);
    CHECK_CODE(sync_client(c, top), ZOK);
    check(told == before, "a watch that was taken away does not fire");
}

void check_watches(const char *servers, const char *top) {
    struct client client;
    struct client other;

    open_client(&client, servers, NULL);
    open_client(&other, servers, NULL);
    check(await_state(&client, ZOO_CONNECTED_STATE) && await_state(&other, ZOO_CONNECTED_STATE), "two clients connect");
    check_firing(&client, &other, top);
    check_removing(&client, top);
    zookeeper_close(other.zh);
    zookeeper_close(client.zh);
}
