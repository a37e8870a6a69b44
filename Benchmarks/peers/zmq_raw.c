// The bus's benchmarks in C on libzmq alone: what a careful program without the bus would do. A client with a DEALER and a
// server with a ROUTER, each with a context and a thread of its own, over tcp on loopback, with and without CURVE.
//
//   zmq_raw roundtrip    one small message to the server and back, one at a time: the median in microseconds
//   zmq_raw throughput   1 MiB messages from the server, sent without a copy under a credit of 8 MiB: GB/s
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

enum { ROUND_TRIPS = 20000, WARM_UP = 2000, MESSAGE = 1 << 20, WINDOW = 8, GRANT = 2 };

static int use_curve;
static char server_public[41], server_secret[41], client_public[41], client_secret[41];
static char endpoint[64];
static char payload[MESSAGE];

static void check(int ok, const char *what) {
    if (ok) return;
    fprintf(stderr, "zmq_raw: %s: %s\n", what, zmq_strerror(zmq_errno()));
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void *open_server(void *context) {
    void *socket = zmq_socket(context, ZMQ_ROUTER);
    check(socket != NULL, "socket");
    if (use_curve) {
        int one = 1;
        check(zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &one, sizeof one) == 0, "server");
        check(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, server_secret, 41) == 0, "secret key");
    }
    check(zmq_bind(socket, "tcp://127.0.0.1:*") == 0, "bind");
    size_t size = sizeof endpoint;
    check(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0, "endpoint");
    return socket;
}

static void *open_client(void *context) {
    void *socket = zmq_socket(context, ZMQ_DEALER);
    check(socket != NULL, "socket");
    if (use_curve) {
        check(zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_public, 41) == 0, "server key");
        check(zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, client_public, 41) == 0, "public key");
        check(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, client_secret, 41) == 0, "secret key");
    }
    check(zmq_connect(socket, endpoint) == 0, "connect");
    return socket;
}

static void close_all(void *socket, void *context) {
    int zero = 0;
    zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof zero);
    zmq_close(socket);
    zmq_ctx_term(context);
}

// Receives the rest of a message whose first part `message` holds.
static void finish(void *socket, zmq_msg_t *message) {
    while (zmq_msg_more(message)) check(zmq_msg_recv(message, socket, 0) >= 0, "recv");
}

struct server {
    void *socket, *context;
    long count;
};

static void *echo(void *argument) {
    struct server *server = argument;
    for (long i = 0; i < server->count; i++) {
        zmq_msg_t route, body;
        zmq_msg_init(&route);
        zmq_msg_init(&body);
        check(zmq_msg_recv(&route, server->socket, 0) >= 0, "recv");
        check(zmq_msg_recv(&body, server->socket, 0) >= 0, "recv");
        check(zmq_msg_send(&route, server->socket, ZMQ_SNDMORE) >= 0, "send");
        check(zmq_msg_send(&body, server->socket, 0) >= 0, "send");
    }
    return NULL;
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double round_trip(void) {
    struct server server = {.context = zmq_ctx_new(), .count = ROUND_TRIPS + WARM_UP};
    server.socket = open_server(server.context);
    pthread_t thread;
    check(pthread_create(&thread, NULL, echo, &server) == 0, "thread");
    void *context = zmq_ctx_new();
    void *socket = open_client(context);
    static double times[ROUND_TRIPS];
    for (long i = 0; i < server.count; i++) {
        char text[32];
        int length = snprintf(text, sizeof text, "{\"value\":%ld}", i);
        double start = now();
        check(zmq_send(socket, text, (size_t)length, 0) == length, "send");
        check(zmq_recv(socket, text, sizeof text, 0) == length, "recv");
        if (i >= WARM_UP) times[i - WARM_UP] = (now() - start) * 1e6;
    }
    pthread_join(thread, NULL);
    close_all(socket, context);
    close_all(server.socket, server.context);
    qsort(times, ROUND_TRIPS, sizeof times[0], compare);
    return times[ROUND_TRIPS / 2];
}

static void keep(void *data, void *hint) {
    (void)data;
    (void)hint;
}

static void *stream(void *argument) {
    struct server *server = argument;
    zmq_msg_t route, body;
    zmq_msg_init(&route);
    check(zmq_msg_recv(&route, server->socket, 0) >= 0, "recv");
    zmq_msg_init(&body);
    check(zmq_msg_recv(&body, server->socket, 0) >= 0, "recv");
    long credit = WINDOW;
    for (long sent = 0; sent < server->count;) {
        while (credit > 0 && sent < server->count) {
            zmq_msg_t id, head, message;
            zmq_msg_init(&id);
            zmq_msg_copy(&id, &route);
            check(zmq_msg_send(&id, server->socket, ZMQ_SNDMORE) >= 0, "send");
            zmq_msg_init_size(&head, 8);
            memcpy(zmq_msg_data(&head), &sent, 8);
            check(zmq_msg_send(&head, server->socket, ZMQ_SNDMORE) >= 0, "send");
            zmq_msg_init_data(&message, payload, MESSAGE, keep, NULL);
            check(zmq_msg_send(&message, server->socket, 0) >= 0, "send");
            sent++;
            credit--;
        }
        if (sent == server->count) break;
        zmq_msg_t grant;
        zmq_msg_init(&grant);
        check(zmq_msg_recv(&grant, server->socket, 0) >= 0, "recv");
        finish(server->socket, &grant);
        zmq_msg_close(&grant);
        credit += GRANT;
    }
    // The last grants, so that nothing is in the way of closing.
    while (credit < WINDOW) {
        zmq_msg_t grant;
        zmq_msg_init(&grant);
        check(zmq_msg_recv(&grant, server->socket, 0) >= 0, "recv");
        finish(server->socket, &grant);
        zmq_msg_close(&grant);
        credit += GRANT;
    }
    return NULL;
}

static double throughput(long count) {
    struct server server = {.context = zmq_ctx_new(), .count = count};
    server.socket = open_server(server.context);
    pthread_t thread;
    check(pthread_create(&thread, NULL, stream, &server) == 0, "thread");
    void *context = zmq_ctx_new();
    void *socket = open_client(context);
    check(zmq_send(socket, "go", 2, 0) == 2, "send");
    double start = 0;
    unsigned long sum = 0;
    long warm_up = count / 10;
    for (long i = 0; i < count; i++) {
        zmq_msg_t message;
        zmq_msg_init(&message);
        check(zmq_msg_recv(&message, socket, 0) >= 0, "recv");
        check(zmq_msg_recv(&message, socket, 0) == MESSAGE, "recv");
        // As a reader would: the bytes are looked at.
        sum += ((unsigned char *)zmq_msg_data(&message))[i % MESSAGE];
        zmq_msg_close(&message);
        if (i + 1 == warm_up) start = now();
        if ((i + 1) % GRANT == 0) check(zmq_send(socket, "credit", 6, 0) == 6, "send");
    }
    double seconds = now() - start;
    pthread_join(thread, NULL);
    close_all(socket, context);
    close_all(server.socket, server.context);
    if (sum == 1) return 0;  // keeps the sum alive
    return (double)(count - warm_up) * MESSAGE / seconds / 1e9;
}

int main(int count, char **arguments) {
    if (count != 2 || (strcmp(arguments[1], "roundtrip") && strcmp(arguments[1], "throughput"))) {
        fprintf(stderr, "usage: zmq_raw roundtrip|throughput\n");
        return 2;
    }
    // As ours: the allocator keeps the pages of freed frames.
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    check(zmq_curve_keypair(server_public, server_secret) == 0, "keys");
    check(zmq_curve_keypair(client_public, client_secret) == 0, "keys");
    memset(payload, 0x5a, sizeof payload);
    for (use_curve = 1; use_curve >= 0; use_curve--) {
        const char *variant = use_curve ? "curve" : "plain";
        int trip = !strcmp(arguments[1], "roundtrip");
        double value = trip ? round_trip() : throughput(use_curve ? 1000 : 4000);
        // There is one way to do it in C; both of the bus's are compared with it.
        for (int pool = 0; pool < 2; pool++)
            printf("{\"benchmark\":\"bus.%s\",\"variant\":\"%s%s\",\"value\":%.3f,\"unit\":\"%s\"}\n",
                   arguments[1], variant, pool ? ", on the pool" : "", value, trip ? "us" : "GB/s");
        fflush(stdout);
    }
    return 0;
}
