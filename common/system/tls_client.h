/* SPDX-License-Identifier: MIT */
/*
 * The client's side of TLS by OpenSSL, over a connected socket that does not block. No session is resumed, so that
 * each handshake shows the certificate anew. OpenSSL writes by write(2): the process has to ignore SIGPIPE.
 */
#ifndef LBPAIR_COMMON_SYSTEM_TLS_CLIENT_H
#define LBPAIR_COMMON_SYSTEM_TLS_CLIENT_H

#include "common/pure/addr.h"
#include "common/pure/base.h"

#include <sys/types.h>

/* What many clients share: whom they trust. */
struct tls_trust;

/*
 * `ca_file` is a bundle in PEM; "" is this system's; NULL trusts anybody. -ENOENT and the like: the file cannot be
 * read; -EBADMSG: there is no certificate in it; -EIO: OpenSSL failed.
 */
MUST_USE int tls_trust_new(const char *ca_file, struct tls_trust **ret_trust);
/* Accepts NULL. */
void tls_trust_free(struct tls_trust *trust);

struct tls_client;

/*
 * `name` is what the server is asked for and, where anybody is not trusted, what its certificate must be for; a name,
 * or an address as text. "" takes `address`. The socket stays the caller's. -EIO.
 */
MUST_USE int tls_client_new(
	struct tls_trust *trust, int fd, const char *name, const struct ip *address, struct tls_client **ret_client);
/* Sends nothing. Accepts NULL. */
void tls_client_free(struct tls_client *client);

/*
 * These return -EAGAIN when the socket must become readable, or where tls_client_wants_write says so writable, first;
 * -EPROTO: TLS failed, tls_client_error says how; else the errno of the socket.
 */
MUST_USE int tls_client_handshake(struct tls_client *client);
/* 0: the stream has ended. */
MUST_USE ssize_t tls_client_read(struct tls_client *client, void *to, size_t size);
MUST_USE ssize_t tls_client_write(struct tls_client *client, const void *from, size_t size);

bool tls_client_wants_write(const struct tls_client *client);
/* "wrong version number"; valid as long as the client. */
const char *tls_client_error(const struct tls_client *client);
/* "TLS 1.3"; after the handshake. */
const char *tls_client_version(const struct tls_client *client);
/* Until when the server's certificate is valid, in seconds since 1970; 0: it showed none, or one without a date. */
int64_t tls_client_certificate_until_s(const struct tls_client *client);

#endif
