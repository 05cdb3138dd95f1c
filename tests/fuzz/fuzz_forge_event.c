/*
 * The first byte says which forge, a line which event; the rest is the body of a delivery that is
 * signed right. Whatever it is, it is read, ignored or refused, and what was read holds.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "net/hmac.h"
#include "report/forge_event.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct request {
	char event[64];
	char signature[80];
};

static const char *const secrets[] = {"secret"};

static const char *header(void *data, const char *name)
{
	const struct request *r = data;
	if (strcasecmp(name, "X-Hub-Signature-256") == 0)
		return r->signature;
	if (strcasecmp(name, "X-Gitlab-Token") == 0)
		return secrets[0];
	if (strcasecmp(name, "Content-Type") == 0)
		return "application/json";
	return str_ends(name, "-Event") ? r->event : NULL;
}

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct forge_event *e)
{
	require(e->event != NULL);
	switch (e->kind) {
	case FORGE_EVENT_IGNORED:
		require(e->why != NULL);
		return;
	case FORGE_EVENT_PING:
		return;
	case FORGE_EVENT_PUSH:
		require(str_starts(e->ref, "refs/heads/"));
		return;
	case FORGE_EVENT_PULL:
		require(e->details && e->details->head_sha && e->details->base_ref);
		require(strlen(e->details->head_sha) == 40 || strlen(e->details->head_sha) == 64);
		break;
	case FORGE_EVENT_COMMENT:
	case FORGE_EVENT_COMMENT_DELETED:
		require(e->comment_id && !strpbrk(e->comment_id, "/.?#%"));
		break;
	case FORGE_EVENT_REVIEW:
		break;
	}
	require(e->pull > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct request request = {{0}, {0}};
	const uint8_t *end = memchr(data + 1, '\n', size - 1);
	const size_t len = end ? (size_t)(end - data - 1) : 0;
	if (!end || len >= sizeof request.event)
		return 0;
	memcpy(request.event, data + 1, len);
	const uint8_t *body = end + 1;
	const size_t body_len = size - len - 2;
	unsigned char mac[HMAC_SIZE];
	hmac_sha256(secrets[0], strlen(secrets[0]), body, body_len, mac);
	(void)snprintf(request.signature, sizeof request.signature, "sha256=");
	for (size_t i = 0; i < sizeof mac; i++)
		(void)snprintf(request.signature + 7 + 2 * i, 3, "%02x", mac[i]);
	AUTO_ARENA arena = {0};
	AUTO_ERR err = NULL;
	const struct forge_delivery delivery = {.kind = (enum forge_kind)(data[0] % 3),
		.header = header,
		.header_data = &request,
		.body = body,
		.len = body_len,
		.secrets = secrets,
		.secret_count = 1};
	struct forge_event event;
	if (forge_event_read(&delivery, &arena, &event, &err) == 0)
		check(&event);
	else
		require(err->kind == ERR_SYNTAX);
	return 0;
}
