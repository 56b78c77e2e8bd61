/*
 * Preloaded into a server (LD_PRELOAD, Linux): writes down, in the order in which they happened, what the process writes
 * to the files of its data directory, what it syncs, and what it sends over TCP. So a test can tell whether anything left
 * before the sync that covers it. Left out: what is read, and files elsewhere.
 *
 *   SYNOD_RECORD_DIR    the data directory
 *   SYNOD_RECORD_FILE   where to write to
 *   SYNOD_RECORD_FAULT  optional: a file that, once it is there, names one fault: "sync|write errno suffix times";
 *                       the next `times` such calls on files with that end of their name (on all where the suffix
 *                       is "*") fail with that error
 *
 * One event: a head of 32 bytes (struct head) and two byte strings, the name and the data. What counts as done (a write, a
 * finished sync) is recorded after the call, what counts as leaving (a send) and a sync's beginning before it: whatever
 * order the record shows between two events of different threads can only be less favourable than the truth.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { WROTE = 1, SYNC_BEGINS = 2, SYNCED = 3, TRUNCATED = 4, SENDS = 5, SENT = 6, FAILED = 7 };

struct head {
  uint64_t ns;
  uint32_t kind;
  int32_t result;
  int64_t offset;
  uint32_t name_length;
  uint32_t data_length;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int record = -1;
static const char *directory;
static size_t directory_length;
static const char *fault_file;

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("SYNOD_RECORD_FILE");
  directory = getenv("SYNOD_RECORD_DIR");
  fault_file = getenv("SYNOD_RECORD_FAULT");
  if (!file || !directory) return;
  directory_length = strlen(directory);
  record = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void put(enum kind kind, int64_t result, int64_t offset, const char *name, const struct iovec *data, int count) {
  struct timespec now;
  struct head head = {0};
  struct iovec parts[2 + 64];
  int64_t length = 0;
  int i;
  int saved = errno;
  for (i = 0; i < count; i++) length += (int64_t)data[i].iov_len;
  head.kind = kind;
  head.result = (int32_t)result;
  head.offset = offset;
  head.name_length = (uint32_t)strlen(name);
  head.data_length = (uint32_t)length;
  pthread_mutex_lock(&lock);
  clock_gettime(CLOCK_MONOTONIC, &now);
  head.ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
  parts[0] = (struct iovec){&head, sizeof head};
  parts[1] = (struct iovec){(void *)name, head.name_length};
  if (syscall(SYS_writev, record, parts, 2) < 0) abort();
  for (i = 0; i < count; i += 64) {
    int some = count - i < 64 ? count - i : 64;
    if (syscall(SYS_writev, record, data + i, some) < 0) abort();
  }
  pthread_mutex_unlock(&lock);
  errno = saved;
}

/* The name within the data directory, or null. */
static const char *file_name(int fd, char *path, size_t size) {
  char link[64];
  ssize_t length;
  if (record < 0 || fd == record) return NULL;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  length = readlink(link, path, size - 1);
  if (length <= 0) return NULL;
  path[length] = 0;
  if (strncmp(path, directory, directory_length) != 0 || path[directory_length] != '/') return NULL;
  return path + directory_length + 1;
}

/* "local port>remote port" of a TCP connection, or null. */
static const char *connection_name(int fd, char *name, size_t size) {
  struct sockaddr_storage local, remote;
  socklen_t local_length = sizeof local, remote_length = sizeof remote;
  struct stat what;
  int saved = errno;
  const char *found = NULL;
  if (record < 0) return NULL;
  if (fstat(fd, &what) == 0 && S_ISSOCK(what.st_mode) &&
      getsockname(fd, (struct sockaddr *)&local, &local_length) == 0 &&
      getpeername(fd, (struct sockaddr *)&remote, &remote_length) == 0 &&
      (local.ss_family == AF_INET || local.ss_family == AF_INET6)) {
    /* The port stands at the same place in both kinds of addresses. */
    snprintf(name, size, "%d>%d", ntohs(((struct sockaddr_in *)&local)->sin_port),
             ntohs(((struct sockaddr_in *)&remote)->sin_port));
    found = name;
  }
  errno = saved;
  return found;
}

/* The error that the fault file wants of this call, or 0. */
static int fault(const char *what, const char *name) {
  char text[256], wanted[16], suffix[128];
  int code, times, file;
  ssize_t length;
  size_t end = strlen(name);
  if (!fault_file) return 0;
  file = open(fault_file, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return 0;
  text[length] = 0;
  if (sscanf(text, "%15s %d %127s %d", wanted, &code, suffix, &times) != 4) return 0;
  if (strcmp(wanted, what) != 0) return 0;
  if (strcmp(suffix, "*") == 0) suffix[0] = 0;
  if (end < strlen(suffix) || strcmp(name + end - strlen(suffix), suffix) != 0) return 0;
  static int done;
  if (__sync_add_and_fetch(&done, 1) > times) return 0;
  put(FAILED, code, 0, name, NULL, 0);
  return code;
}

static ssize_t out(int fd, const struct iovec *parts, int count, int64_t offset, long (*call)(void *), void *argument) {
  char buffer[4096];
  struct iovec done[1024];
  int64_t left;
  int i;
  ssize_t result;
  const char *name = file_name(fd, buffer, sizeof buffer);
  if (name) {
    int code = fault("write", name);
    if (code) {
      errno = code;
      return -1;
    }
    if (offset < 0) offset = lseek(fd, 0, SEEK_CUR);
    result = call(argument);
    for (i = 0, left = result; i < count && i < 1024 && left > 0; i++) {
      done[i].iov_base = parts[i].iov_base;
      done[i].iov_len = (int64_t)parts[i].iov_len < left ? parts[i].iov_len : (size_t)left;
      left -= (int64_t)done[i].iov_len;
    }
    put(WROTE, result, offset, name, done, i);
    return result;
  }
  name = connection_name(fd, buffer, sizeof buffer);
  if (!name) return call(argument);
  put(SENDS, 0, 0, name, parts, count);
  result = call(argument);
  put(SENT, result, 0, name, NULL, 0);
  return result;
}

struct call {
  int fd;
  const void *data;
  size_t size;
  int64_t offset;
  int flags;
};

static long do_write(void *a) { struct call *c = a; return syscall(SYS_write, c->fd, c->data, c->size); }
static long do_pwrite(void *a) { struct call *c = a; return syscall(SYS_pwrite64, c->fd, c->data, c->size, c->offset); }
static long do_writev(void *a) { struct call *c = a; return syscall(SYS_writev, c->fd, c->data, c->size); }
static long do_pwritev(void *a) { struct call *c = a; return syscall(SYS_pwritev, c->fd, c->data, c->size, c->offset, 0L); }
static long do_send(void *a) { struct call *c = a; return syscall(SYS_sendto, c->fd, c->data, c->size, c->flags, NULL, 0); }
static long do_sendmsg(void *a) { struct call *c = a; return syscall(SYS_sendmsg, c->fd, c->data, c->flags); }

static ssize_t one(int fd, const void *data, size_t size, int64_t offset, int flags, long (*how)(void *)) {
  struct iovec part = {(void *)data, size};
  struct call call = {fd, data, size, offset, flags};
  return out(fd, &part, 1, offset, how, &call);
}

static ssize_t many(int fd, const struct iovec *parts, int count, int64_t offset, long (*how)(void *)) {
  struct call call = {fd, parts, (size_t)count, offset, 0};
  return out(fd, parts, count, offset, how, &call);
}

ssize_t write(int fd, const void *data, size_t size) { return one(fd, data, size, -1, 0, do_write); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return one(fd, data, size, offset, 0, do_pwrite); }
ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset) { return one(fd, data, size, offset, 0, do_pwrite); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return many(fd, parts, count, -1, do_writev); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) { return many(fd, parts, count, offset, do_pwritev); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset) { return many(fd, parts, count, offset, do_pwritev); }
ssize_t send(int fd, const void *data, size_t size, int flags) { return one(fd, data, size, -1, flags, do_send); }

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  struct call call = {fd, message, 0, 0, flags};
  return out(fd, message->msg_iov, (int)message->msg_iovlen, -1, do_sendmsg, &call);
}

static int synced(int fd, long number) {
  char buffer[4096];
  long result;
  int code;
  const char *name = file_name(fd, buffer, sizeof buffer);
  if (!name) return (int)syscall(number, fd);
  code = fault("sync", name);
  if (code) {
    errno = code;
    return -1;
  }
  put(SYNC_BEGINS, 0, 0, name, NULL, 0);
  result = syscall(number, fd);
  put(SYNCED, result, 0, name, NULL, 0);
  return (int)result;
}

int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

static int truncated(int fd, off_t length) {
  char buffer[4096];
  const char *name = file_name(fd, buffer, sizeof buffer);
  int result = (int)syscall(SYS_ftruncate, fd, length);
  if (name) put(TRUNCATED, result, length, name, NULL, 0);
  return result;
}

int ftruncate(int fd, off_t length) { return truncated(fd, length); }
int ftruncate64(int fd, off_t length) { return truncated(fd, length); }
