/* SPDX-License-Identifier: MIT */
#include "common/system/tls_client.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ERROR_MAX 96
/* A name of the DNS, a port cut off. */
#define NAME_MAX_SIZE 256

struct tls_trust {
	SSL_CTX *context;
};

struct tls_client {
	SSL *ssl;
	bool wants_write;
	char error[ERROR_MAX];
};

/* OpenSSL does not say why a bundle could not be loaded in a way that could be passed on. */
static int load_bundle(SSL_CTX *context, const char *ca_file)
{
	int fd;

	if (*ca_file == '\0')
		return SSL_CTX_set_default_verify_paths(context) == 1 ? 0 : -EIO;
	fd = open(ca_file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return SSL_CTX_load_verify_file(context, ca_file) == 1 ? 0 : -EBADMSG;
}

int tls_trust_new(const char *ca_file, struct tls_trust **ret_trust)
{
	struct tls_trust *trust = calloc(1, sizeof *trust);
	int r = 0;

	if (trust == NULL)
		return -ENOMEM;
	trust->context = SSL_CTX_new(TLS_client_method());
	if (trust->context == NULL)
		r = -EIO;
	if (r == 0 && ca_file != NULL)
		r = load_bundle(trust->context, ca_file);
	ERR_clear_error();
	if (r < 0) {
		tls_trust_free(trust);
		return r;
	}
	/* Many servers end a stream without TLS's own word for it; whether it was whole is HTTP's to say. */
	SSL_CTX_set_options(trust->context, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_session_cache_mode(trust->context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(trust->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(trust->context, ca_file != NULL ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	*ret_trust = trust;
	return 0;
}

void tls_trust_free(struct tls_trust *trust)
{
	if (trust == NULL)
		return;
	SSL_CTX_free(trust->context);
	free(trust);
}

/* RFC 6066 3: the server is told a name, never an address. */
static bool set_name(SSL *ssl, const char *name, const struct ip *address)
{
	char host[NAME_MAX_SIZE], text[IP_TEXT_MAX];
	struct ip ip;

	snprintf(host, sizeof host, "%s", *name != '\0' ? name : ip_text(address, text));
	if (ip_parse(host, &ip) == 0)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	host[strcspn(host, ":")] = '\0';
	return SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1;
}

int tls_client_new(
	struct tls_trust *trust, int fd, const char *name, const struct ip *address, struct tls_client **ret_client)
{
	struct tls_client *client = calloc(1, sizeof *client);

	if (client == NULL)
		return -ENOMEM;
	client->ssl = SSL_new(trust->context);
	if (client->ssl == NULL || SSL_set_fd(client->ssl, fd) != 1 || !set_name(client->ssl, name, address)) {
		ERR_clear_error();
		tls_client_free(client);
		return -EIO;
	}
	*ret_client = client;
	return 0;
}

void tls_client_free(struct tls_client *client)
{
	if (client == NULL)
		return;
	SSL_free(client->ssl);
	free(client);
}

static void note_error(struct tls_client *client)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	long verified = SSL_get_verify_result(client->ssl);

	if (verified != X509_V_OK && SSL_get_verify_mode(client->ssl) != SSL_VERIFY_NONE)
		snprintf(client->error, ERROR_MAX, "certificate: %s", X509_verify_cert_error_string(verified));
	else
		snprintf(client->error, ERROR_MAX, "TLS: %s", reason != NULL ? reason : "failed");
}

/* What the last call, which returned `result`, means as an errno. */
static int failure(struct tls_client *client, int result)
{
	int error = errno;

	client->wants_write = false;
	switch (SSL_get_error(client->ssl, result)) {
	case SSL_ERROR_WANT_WRITE:
		client->wants_write = true;
		return -EAGAIN;
	case SSL_ERROR_WANT_READ:
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		snprintf(client->error, ERROR_MAX, "TLS: connection closed");
		return -EPROTO;
	case SSL_ERROR_SYSCALL:
		return error != 0 ? -error : -ECONNRESET;
	default: /* many, none of which says more */
		note_error(client);
		return -EPROTO;
	}
}

int tls_client_handshake(struct tls_client *client)
{
	int result;

	ERR_clear_error();
	result = SSL_connect(client->ssl);
	return result == 1 ? 0 : failure(client, result);
}

ssize_t tls_client_read(struct tls_client *client, void *to, size_t size)
{
	int result;

	ERR_clear_error();
	result = SSL_read(client->ssl, to, (int)MIN(size, (size_t)INT32_MAX));
	if (result > 0)
		return result;
	if (SSL_get_error(client->ssl, result) == SSL_ERROR_ZERO_RETURN)
		return 0;
	return failure(client, result);
}

ssize_t tls_client_write(struct tls_client *client, const void *from, size_t size)
{
	int result;

	ERR_clear_error();
	result = SSL_write(client->ssl, from, (int)MIN(size, (size_t)INT32_MAX));
	return result > 0 ? result : failure(client, result);
}

bool tls_client_wants_write(const struct tls_client *client)
{
	return client->wants_write;
}

const char *tls_client_error(const struct tls_client *client)
{
	return client->error;
}

const char *tls_client_version(const struct tls_client *client)
{
	switch (SSL_version(client->ssl)) {
	case TLS1_3_VERSION:
		return "TLS 1.3";
	case TLS1_2_VERSION:
		return "TLS 1.2";
	case TLS1_1_VERSION:
		return "TLS 1.1";
	case TLS1_VERSION:
		return "TLS 1.0";
	default:
		return "TLS";
	}
}

int64_t tls_client_certificate_until_s(const struct tls_client *client)
{
	const X509 *certificate = SSL_get0_peer_certificate(client->ssl);
	struct tm tm = {0};

	if (certificate == NULL || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1)
		return 0;
	return timegm(&tm);
}
