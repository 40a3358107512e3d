/* SPDX-License-Identifier: MIT */
/* The server's side of TLS for tests, with a certificate made on the spot, signed by itself. */
#ifndef LBPAIR_TESTS_E2E_TLS_SERVER_H
#define LBPAIR_TESTS_E2E_TLS_SERVER_H

#include "common/pure/base.h"

#include <openssl/ssl.h>

struct tls_server {
	SSL_CTX *context;
	char asked[64]; /* the name that the last client asked for; "" none */
};

/* For `name` (of a host) and 127.0.0.1, from now to so many seconds from now; with at most this version of TLS. */
void tls_server_init(struct tls_server *server, const char *name, long seconds, int version);
void tls_server_free(struct tls_server *server);
/* The certificate in PEM at `path`. */
void tls_server_write_certificate(const struct tls_server *server, const char *path);
/* Owned by the caller. */
SSL *tls_server_new(struct tls_server *server, int fd);
/* On a blocking socket, which it closes: the handshake; `response`, where not NULL, to a request, which is put there.
 */
bool tls_server_answer(struct tls_server *server, int fd, const char *response, char request[static 1024]);

#endif
