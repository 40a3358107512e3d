/* SPDX-License-Identifier: MIT */
#include "tests/e2e/tls_server.h"

#include "tests/unit/unit.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void add_names(X509 *certificate, const char *name)
{
	char value[128];
	X509_EXTENSION *extension;

	snprintf(value, sizeof value, "DNS:%s,IP:127.0.0.1", name);
	extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static X509 *make_certificate(EVP_PKEY *key, const char *name, long seconds)
{
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);

	assert_int_equal(X509_set_version(certificate, X509_VERSION_3), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -86400);
	X509_gmtime_adj(X509_getm_notAfter(certificate), seconds);
	assert_int_equal(
		X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0), 1);
	assert_int_equal(X509_set_issuer_name(certificate, subject), 1);
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	add_names(certificate, name);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	return certificate;
}

static int on_name(SSL *ssl, int *alert, void *context)
{
	struct tls_server *server = context;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	snprintf(server->asked, sizeof server->asked, "%s", name != NULL ? name : "");
	return SSL_TLSEXT_ERR_OK;
}

void tls_server_init(struct tls_server *server, const char *name, long seconds, int version)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = make_certificate(key, name, seconds);

	*server = (struct tls_server){.context = SSL_CTX_new(TLS_server_method())};
	assert_int_equal(SSL_CTX_use_certificate(server->context, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(server->context, key), 1);
	SSL_CTX_set_max_proto_version(server->context, version);
	SSL_CTX_set_tlsext_servername_callback(server->context, on_name);
	SSL_CTX_set_tlsext_servername_arg(server->context, server);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

void tls_server_free(struct tls_server *server)
{
	SSL_CTX_free(server->context);
}

void tls_server_write_certificate(const struct tls_server *server, const char *path)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, SSL_CTX_get0_certificate(server->context)), 1);
	fclose(file);
}

SSL *tls_server_new(struct tls_server *server, int fd)
{
	SSL *ssl = SSL_new(server->context);

	assert_non_null(ssl);
	assert_int_equal(SSL_set_fd(ssl, fd), 1);
	SSL_set_accept_state(ssl);
	return ssl;
}

bool tls_server_answer(struct tls_server *server, int fd, const char *response, char request[static 1024])
{
	SSL *ssl = tls_server_new(server, fd);
	bool good = SSL_accept(ssl) == 1;
	int got = good && response != NULL ? SSL_read(ssl, request, 1023) : 0;

	request[MAX(got, 0)] = '\0';
	if (got > 0)
		SSL_write(ssl, response, (int)strlen(response));
	SSL_free(ssl);
	close(fd);
	return good;
}
