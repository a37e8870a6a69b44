// A file over one TCP connection, without encryption, hashes or fsync: the least that moving it can cost.
//
//   tcp_copy send FILE PORT     serves the file once to each of whoever connects, until killed; prints `ready`
//   tcp_copy receive HOST PORT FILE   fetches it; prints the seconds from connect to the last byte written
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 1 << 20 };

static void check(int ok, const char *what) {
    if (ok) return;
    fprintf(stderr, "tcp_copy: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static int serve(const char *path, int port) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    check(listener >= 0, "socket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_ANY)};
    check(bind(listener, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    check(listen(listener, 64) == 0, "listen");
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        check(connection >= 0, "accept");
        if (fork() == 0) {
            int file = open(path, O_RDONLY);
            check(file >= 0, path);
            struct stat status;
            check(fstat(file, &status) == 0, path);
            for (off_t sent = 0; sent < status.st_size;)
                check(sendfile(connection, file, &sent, BLOCK) > 0, "sendfile");
            exit(0);
        }
        close(connection);
    }
}

static int receive(const char *host, int port, const char *path) {
    static char block[BLOCK];
    double start = now();
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    check(connection >= 0, "socket");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    check(inet_pton(AF_INET, host, &address.sin_addr) == 1, host);
    check(connect(connection, (struct sockaddr *)&address, sizeof address) == 0, "connect");
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    check(file >= 0, path);
    for (;;) {
        ssize_t count = recv(connection, block, sizeof block, 0);
        check(count >= 0, "recv");
        if (count == 0) break;
        check(write(file, block, (size_t)count) == count, "write");
    }
    printf("%.6f\n", now() - start);
    return 0;
}

int main(int count, char **arguments) {
    if (count == 4 && !strcmp(arguments[1], "send")) return serve(arguments[2], atoi(arguments[3]));
    if (count == 5 && !strcmp(arguments[1], "receive")) return receive(arguments[2], atoi(arguments[3]), arguments[4]);
    fprintf(stderr, "usage: tcp_copy send FILE PORT | tcp_copy receive HOST PORT FILE\n");
    return 2;
}
