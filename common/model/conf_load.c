/* SPDX-License-Identifier: MIT */
#include "common/model/conf.h"

#include "common/model/conf_build.h"
#include "common/model/conf_check.h"
#include "common/model/conf_error.h"
#include "common/model/conf_parse.h"
#include "common/model/conf_scan.h"
#include "common/system/crypto.h"
#include "common/system/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Ten thousand servers take about one. */
#define FILE_SIZE_MAX ((size_t)64 * 1024 * 1024)

/* Once for each configuration, and not at each change of something else. */
static int make_access(const struct conf_item *root)
{
	const struct conf_item *item = conf_item_section(root, "service");

	for (; item != NULL; item = conf_item_next_section(item)) {
		struct service_conf *service = item->object;
		int r = access_new((struct access_list){service->allow, service->allow_count},
			(struct access_list){service->deny, service->deny_count}, &service->access);

		if (r < 0)
			return r;
	}
	return 0;
}

static size_t count_places(const struct pool_conf *pool)
{
	size_t count = 0;

	for (size_t i = 0; i < pool->server_count; i++)
		count += pool->servers[i].host != NULL ? SERVER_PLACES_MAX : 1;
	return count;
}

static int make_place(
	struct arena *arena, const struct server_conf *server, unsigned further, struct server_conf *place)
{
	AUTO_TEXT name = {0};

	*place = *server;
	place->further = further;
	if (further == 0)
		return 0;
	text_addf(&name, "%s#%u", server->name, further + 1);
	place->name = name.failed ? NULL : arena_strdup(arena, text_get(&name));
	return place->name != NULL ? 0 : -ENOMEM;
}

static int make_places(struct arena *arena, struct pool_conf *pool)
{
	size_t count = count_places(pool), next = 0;
	struct server_conf *places;

	pool->places = pool->servers;
	pool->place_count = count;
	if (count == pool->server_count)
		return 0;
	places = arena_alloc(arena, count, sizeof *places);
	for (size_t i = 0; places != NULL && i < pool->server_count; i++) {
		unsigned addresses = pool->servers[i].host != NULL ? SERVER_PLACES_MAX : 1;

		for (unsigned j = 0; j < addresses; j++) {
			if (make_place(arena, &pool->servers[i], j, &places[next++]) < 0)
				return -ENOMEM;
		}
	}
	pool->places = places;
	return places != NULL ? 0 : -ENOMEM;
}

static int make_all_places(struct conf *conf, const struct conf_item *root)
{
	const struct conf_item *item = conf_item_section(root, "pool");

	for (; item != NULL; item = conf_item_next_section(item)) {
		int r = make_places(&conf->arena, item->object);

		if (r < 0)
			return r;
	}
	return 0;
}

static int hash(struct conf *conf)
{
	AUTO_TEXT text = {0};
	uint8_t digest[SHA256_SIZE];
	int r;

	conf_show(conf, &text);
	if (text.failed)
		return -ENOMEM;
	r = crypto_sha256(text_get(&text), text.length, digest);
	if (r < 0)
		return r;
	bytes_to_hex(digest, (CONF_HASH_SIZE - 1) / 2, conf->hash);
	return 0;
}

/* Fills `conf`. -EINVAL where there are errors. The items' arena is the caller's. */
static int fill(struct conf *conf, const char *content, size_t size, struct arena *arena, struct conf_errors *errors)
{
	struct conf_item *root = NULL;
	unsigned unclosed = conf_scan(content, size, errors);
	bool whole;
	int r;

	if (errors->count > 0)
		return -EINVAL;
	r = conf_parse_items(content, size, arena, errors, &root);
	if (r < 0 && r != -EBADMSG)
		return r;
	whole = r == 0 && unclosed == 0;
	if (r == 0 && unclosed != 0)
		conf_error(errors, unclosed, "a '{' is opened here and never closed: a '}' is missing");
	r = conf_build(conf, root, whole, errors);
	if (r == 0 && whole)
		r = conf_check(conf, root, errors);
	if (r < 0)
		return r;
	if (errors->count > 0)
		return -EINVAL;
	r = make_access(root);
	if (r == 0)
		r = make_all_places(conf, root);
	return r < 0 ? r : hash(conf);
}

int conf_parse(const char *name, const char *content, size_t size, struct conf **ret_conf, struct text *errors)
{
	struct arena items = {0}, error_texts = {0};
	struct conf_errors *gathered = calloc(1, sizeof *gathered);
	struct conf *conf = calloc(1, sizeof *conf);
	int r = -ENOMEM;

	if (gathered != NULL && conf != NULL) {
		gathered->arena = &error_texts;
		r = fill(conf, content, size, &items, gathered);
		conf_errors_print(gathered, name, errors);
		if (r < 0 && r != -EINVAL)
			text_addf(errors, "%s: %s\n", name, strerrordesc_np(-r));
	}
	if (r < 0)
		conf_free(conf);
	else
		*ret_conf = conf;
	free(gathered);
	arena_free(&items);
	arena_free(&error_texts);
	return r;
}

static int read_all(const char *path, struct text *content)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char piece[16 * 1024];
	ssize_t count;

	if (fd < 0)
		return -errno;
	while ((count = read(fd, piece, sizeof piece)) != 0) {
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		text_add_bytes(content, piece, (size_t)count);
		if (content->failed)
			return -ENOMEM;
		if (content->length > FILE_SIZE_MAX)
			return -EFBIG;
	}
	return 0;
}

int conf_load(const char *path, struct conf **ret_conf, struct text *errors)
{
	AUTO_TEXT content = {0};
	int r = read_all(path, &content);

	if (r < 0) {
		text_addf(errors, "%s: cannot be read: %s\n", path, strerrordesc_np(-r));
		return r;
	}
	return conf_parse(path, text_get(&content), content.length, ret_conf, errors);
}
