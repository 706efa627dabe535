/*
 * Hands bytes on between clients and a server, as relay.mjs does, but without Node: what one thread of any program at least costs that forwards
 * statements. Arguments: own port, the server's port.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 65536, EVENTS_MAX = 64 };

/* The other side of each socket; -1 once it is closed. */
static int peers[DESCRIPTORS_MAX];
static char bytes[65536];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in address(int port) {
  struct sockaddr_in made = {.sin_family = AF_INET, .sin_port = htons(port)};
  made.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return made;
}

static void watch(int poll, int descriptor) {
  int on = 1;
  struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) != 0) fail("epoll_ctl");
}

static void open_pair(int poll, int listener, struct sockaddr_in server) {
  int client = accept(listener, NULL, NULL);
  int other = socket(AF_INET, SOCK_STREAM, 0);
  if (client < 0 || other < 0) fail("accept");
  if (connect(other, (struct sockaddr *)&server, sizeof server) != 0) fail("connect");
  peers[client] = other;
  peers[other] = client;
  watch(poll, client);
  watch(poll, other);
}

static void hand_on(int from) {
  int to = peers[from];
  if (to < 0) return;
  ssize_t size = read(from, bytes, sizeof bytes);
  for (ssize_t sent = 0; sent < size;) {
    ssize_t written = write(to, bytes + sent, size - sent);
    if (written < 0) size = -1;
    else sent += written;
  }
  if (size > 0) return;
  peers[from] = peers[to] = -1;
  close(from);
  close(to);
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  int on = 1;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  int poll = epoll_create1(0);
  struct sockaddr_in own = address(atoi(arguments[1]));
  struct sockaddr_in server = address(atoi(arguments[2]));
  signal(SIGPIPE, SIG_IGN);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&own, sizeof own) != 0) fail("bind");
  if (listen(listener, 128) != 0) fail("listen");
  watch(poll, listener);
  for (;;) {
    struct epoll_event events[EVENTS_MAX];
    int ready = epoll_wait(poll, events, EVENTS_MAX, -1);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.fd == listener) open_pair(poll, listener, server);
      else hand_on(events[i].data.fd);
    }
  }
}
