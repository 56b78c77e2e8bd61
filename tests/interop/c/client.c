/*
 * A program on ZooKeeper's library in C, libzookeeper_mt: znodes of every kind, data, access lists, transactions and
 * sessions here; watches and the death of servers in files of their own. Its argument is where the servers are.
 */
#include "client.h"
#include "checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zookeeper/zookeeper_version.h>

#define TOP "/interop-c"

static void check_creating(struct client *c) {
    char path[PATH_BYTES];
    struct Stat stat;
    const struct ACL_vector *open = &ZOO_OPEN_ACL_UNSAFE;

    CHECK_CODE(make(c, TOP, NULL, ZOO_PERSISTENT), ZOK);
    CHECK_CODE(make(c, TOP, NULL, ZOO_PERSISTENT), ZNODEEXISTS);
    CHECK_CODE(make(c, TOP "/missing/child", NULL, ZOO_PERSISTENT), ZNONODE);
    CHECK_CODE(make(c, TOP "/e", "mine", ZOO_EPHEMERAL), ZOK);
    CHECK_CODE(make(c, TOP "/e/child", NULL, ZOO_PERSISTENT), ZNOCHILDRENFOREPHEMERALS);
    CHECK_CODE(zoo_create(c->zh, TOP "/s-", "x", 1, open, ZOO_PERSISTENT_SEQUENTIAL, path, sizeof path), ZOK);
    check(strcmp(path, TOP "/s-0000000001") == 0, "a sequential znode counts its siblings (%s)", path);
    CHECK_CODE(zoo_create2(c->zh, TOP "/es-", "xy", 2, open, ZOO_EPHEMERAL_SEQUENTIAL, path, sizeof path, &stat), ZOK);
    check(strcmp(path, TOP "/es-0000000002") == 0, "and so does an ephemeral one (%s)", path);
    check(stat.ephemeralOwner == zoo_client_id(c->zh)->client_id, "which belongs to this session");
    check(stat.dataLength == 2 && stat.czxid == stat.mzxid && stat.pzxid == stat.czxid, "with the Stat of a new znode");
    CHECK_CODE(make(c, TOP "/container", NULL, ZOO_CONTAINER), ZOK);
    CHECK_CODE(zoo_create_ttl(c->zh, TOP "/t", "t", 1, open, ZOO_PERSISTENT_WITH_TTL, 60000, path, sizeof path), ZOK);
    CHECK_CODE(zoo_create2_ttl(c->zh, TOP "/ts-", "", 0, open, ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL, 60000, path,
                               sizeof path, &stat),
               ZOK);
    check(strcmp(path, TOP "/ts-0000000005") == 0 && stat.ephemeralOwner == 0, "a TTL znode shows no owner (%s)", path);
    CHECK_CODE(zoo_exists(c->zh, TOP "/container", 0, &stat), ZOK);
    check(stat.ephemeralOwner == 0, "a container shows no owner");
    CHECK_CODE(make(c, TOP "/bad//path", NULL, ZOO_PERSISTENT), ZBADARGUMENTS);
}

static void check_data(struct client *c) {
    char data[256];
    int length = sizeof data;
    struct Stat stat;
    struct Stat after;

    CHECK_CODE(zoo_get(c->zh, TOP, 0, data, &length, &stat), ZOK);
    check(length == -1, "null data comes back as null (%d)", length);
    CHECK_CODE(zoo_set2(c->zh, TOP, "", 0, 0, &after), ZOK);
    check(after.version == 1 && after.mzxid > stat.mzxid && after.czxid == stat.czxid, "a set counts the version");
    length = sizeof data;
    CHECK_CODE(zoo_get(c->zh, TOP, 0, data, &length, &stat), ZOK);
    check(length == 0, "empty data comes back empty (%d)", length);
    CHECK_CODE(zoo_set(c->zh, TOP, "a\0b", 3, 0), ZBADVERSION);
    CHECK_CODE(zoo_set(c->zh, TOP, "a\0b", 3, 1), ZOK);
    length = sizeof data;
    CHECK_CODE(zoo_get(c->zh, TOP, 0, data, &length, &stat), ZOK);
    check(length == 3 && memcmp(data, "a\0b", 3) == 0, "bytes come back as they were");
    CHECK_CODE(zoo_set(c->zh, TOP "/missing", "x", 1, -1), ZNONODE);
    CHECK_CODE(zoo_delete(c->zh, TOP, -1), ZNOTEMPTY);
    CHECK_CODE(zoo_delete(c->zh, TOP "/container", 4), ZBADVERSION);
    CHECK_CODE(zoo_delete(c->zh, TOP "/container", 0), ZOK);
    CHECK_CODE(sync_client(c, TOP), ZOK);
    length = sizeof data;
    CHECK_CODE(zoo_getconfig(c->zh, 0, data, &length, &stat), ZOK);
    check(length > 0 && strncmp(data, "server.1=", 9) == 0 && stat.version == -1, "the ensemble says who it is");

    struct String_vector children;
    CHECK_CODE(zoo_get_children2(c->zh, TOP, 0, &children, &stat), ZOK);
    check(children.count == 5 && stat.numChildren == 5, "all children are listed (%d)", children.count);
    deallocate_String_vector(&children);
}

static void check_multi(struct client *c) {
    char made[PATH_BYTES];
    char sequential[PATH_BYTES];
    struct Stat stat;
    zoo_op_t ops[5];
    zoo_op_result_t results[5];
    const struct ACL_vector *open = &ZOO_OPEN_ACL_UNSAFE;

    zoo_create_op_init(&ops[0], TOP "/m", "1", 1, open, ZOO_PERSISTENT, made, sizeof made);
    zoo_check_op_init(&ops[1], TOP "/m", 0);
    zoo_set_op_init(&ops[2], TOP "/m", "two", 3, 0, &stat);
    zoo_create_op_init(&ops[3], TOP "/m/s-", "", 0, open, ZOO_EPHEMERAL_SEQUENTIAL, sequential, sizeof sequential);
    zoo_create_op_init(&ops[4], TOP "/m/c", "", 0, open, ZOO_PERSISTENT, NULL, 0);
    CHECK_CODE(zoo_multi(c->zh, 5, ops, results), ZOK);
    check(strcmp(made, TOP "/m") == 0 && strcmp(sequential, TOP "/m/s-0000000000") == 0, "a transaction makes znodes");
    check(stat.version == 1 && stat.dataLength == 3 && stat.mzxid > 0, "and sees its own changes");

    zoo_set_op_init(&ops[0], TOP "/m", "never", 5, -1, &stat);
    zoo_delete_op_init(&ops[1], TOP "/m/s-0000000000", 7);
    zoo_delete_op_init(&ops[2], TOP "/m/c", -1);
    CHECK_CODE(zoo_multi(c->zh, 3, ops, results), ZBADVERSION);
    check(results[0].err == ZOK && results[1].err == ZBADVERSION && results[2].err == ZRUNTIMEINCONSISTENCY,
          "a transaction that fails says which operation did (%d %d %d)", results[0].err, results[1].err,
          results[2].err);
    int length = sizeof made;
    CHECK_CODE(zoo_get(c->zh, TOP "/m", 0, made, &length, &stat), ZOK);
    check(length == 3 && stat.version == 1, "and changes nothing");

    zoo_delete_op_init(&ops[0], TOP "/m/s-0000000000", 0);
    zoo_delete_op_init(&ops[1], TOP "/m/c", 0);
    zoo_delete_op_init(&ops[2], TOP "/m", 1);
    CHECK_CODE(zoo_multi(c->zh, 3, ops, results), ZOK);
}

static void authenticated(int rc, const void *data) {
    *(int *)data = rc == ZOK ? 1 : rc;
}

static void check_access(struct client *c, const char *servers) {
    struct ACL_vector list;
    struct Stat stat;
    struct client other;
    int done = 0;

    CHECK_CODE(make(c, TOP "/private", "secret", ZOO_PERSISTENT), ZOK);
    CHECK_CODE(zoo_set_acl(c->zh, TOP "/private", 0, &ZOO_CREATOR_ALL_ACL), ZINVALIDACL);
    CHECK_CODE(zoo_add_auth(c->zh, "digest", "u:p", 3, authenticated, &done), ZOK);
    CHECK_CODE(zoo_set_acl(c->zh, TOP "/private", 5, &ZOO_CREATOR_ALL_ACL), ZBADVERSION);
    check(done == 1, "credentials are accepted (%d)", done);
    CHECK_CODE(zoo_set_acl(c->zh, TOP "/private", 0, &ZOO_CREATOR_ALL_ACL), ZOK);
    CHECK_CODE(zoo_get_acl(c->zh, TOP "/private", &list, &stat), ZOK);
    check(list.count == 1 && strcmp(list.data[0].id.scheme, "digest") == 0 &&
              strcmp(list.data[0].id.id, "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=") == 0 && stat.aversion == 1,
          "an access list names the user's digest");
    deallocate_ACL_vector(&list);

    open_client(&other, servers, NULL);
    check(await_state(&other, ZOO_CONNECTED_STATE), "another client connects");
    char data[16];
    int length = sizeof data;
    CHECK_CODE(zoo_get(other.zh, TOP "/private", 0, data, &length, NULL), ZNOAUTH);
    CHECK_CODE(zoo_set(other.zh, TOP "/private", "mine", 4, -1), ZNOAUTH);
    CHECK_CODE(zoo_add_auth(other.zh, "digest", "u:p", 3, authenticated, &done), ZOK);
    length = sizeof data;
    CHECK_CODE(zoo_get(other.zh, TOP "/private", 0, data, &length, NULL), ZOK);
    CHECK_CODE(drop(&other, TOP "/private"), ZOK);
    zookeeper_close(other.zh);
}

/*
 * What a process does that dies without closing its session: it leaves an ephemeral, and says on its output who it was.
 * Such a process is this program with a third argument.
 */
static int die_in_session(const char *servers) {
    struct client client;
    open_client(&client, servers, NULL);
    if (!await_state(&client, ZOO_CONNECTED_STATE) || make(&client, TOP "/session", "", ZOO_EPHEMERAL) != ZOK) return 1;
    const clientid_t *id = zoo_client_id(client.zh);
    printf("%llx", (unsigned long long)id->client_id);
    for (size_t i = 0; i < sizeof id->passwd; i++) printf(" %hhx", (unsigned char)id->passwd[i]);
    fflush(stdout);
    _exit(0);
}

static clientid_t session_of_dead(const char *program, const char *servers) {
    char command[512];
    unsigned long long number = 0;
    clientid_t id;
    snprintf(command, sizeof command, "%s %s die", program, servers);
    FILE *output = popen(command, "r");
    int found = output && fscanf(output, "%llx", &number) == 1;
    id.client_id = (int64_t)number;
    unsigned char *password = (unsigned char *)id.passwd;
    for (size_t i = 0; found && i < sizeof id.passwd; i++) found = fscanf(output, "%hhx", &password[i]) == 1;
    check(found && pclose(output) == 0, "a process dies in its session");
    return id;
}

/* A session is taken over by its id and password, and only with its password. */
static void check_session(const char *program, const char *servers) {
    struct client heir;
    struct client late;
    struct client thief;
    struct Stat stat;
    clientid_t id = session_of_dead(program, servers);
    clientid_t wrong = id;

    wrong.passwd[0] ^= 1;
    open_client(&thief, servers, &wrong);
    check(await_state(&thief, ZOO_EXPIRED_SESSION_STATE), "with a wrong password its session is refused");
    zookeeper_close(thief.zh);
    open_client(&heir, servers, &id);
    check(await_state(&heir, ZOO_CONNECTED_STATE), "with the right one it is taken over");
    check(zoo_client_id(heir.zh)->client_id == id.client_id, "and it is the same session");
    check(zoo_recv_timeout(heir.zh) == SESSION_MS, "with the timeout it wants (%d)", zoo_recv_timeout(heir.zh));
    CHECK_CODE(sync_client(&heir, TOP), ZOK);
    CHECK_CODE(zoo_exists(heir.zh, TOP "/session", 0, &stat), ZOK);
    check(stat.ephemeralOwner == id.client_id, "whose ephemeral is there");
    CHECK_CODE(zookeeper_close(heir.zh), ZOK);
    open_client(&late, servers, &id);
    check(await_state(&late, ZOO_EXPIRED_SESSION_STATE), "once it is closed it is gone");
    zookeeper_close(late.zh);
}

int main(int count, char **arguments) {
    const char *servers = count > 1 ? arguments[1] : "127.0.0.1:2181";
    struct client client;
    struct Stat stat;

    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    if (count > 2) return die_in_session(servers);
    printf("version %s\n", ZOO_VERSION);
    open_client(&client, servers, NULL);
    check(await_state(&client, ZOO_CONNECTED_STATE), "the client connects");
    check_creating(&client);
    check_data(&client);
    check_multi(&client);
    check_access(&client, servers);
    check_session(arguments[0], servers);
    CHECK_CODE(sync_client(&client, TOP), ZOK);
    CHECK_CODE(zoo_exists(client.zh, TOP "/session", 0, &stat), ZNONODE);
    check_watches(servers, TOP "/w");
    check_failover(servers, TOP "/f");
    CHECK_CODE(zookeeper_close(client.zh), ZOK);
    return failed_checks() == 0 ? 0 : 1;
}
