/*
 * What comes by HTTP. A webhook is verified on its raw bytes, written into the queue and answered:
 * nothing else happens before the answer. What it says is a hint: workers ask the forge.
 */
#include "daemon/daemon_internal.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "daemon/ask.h"
#include "daemon/connect.h"
#include "net/serve.h"
#include "report/forge_event.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- from an event to a request -----------------------------------------------------------------
 */

struct hook {
	struct served *served;
	struct arena *arena;
	const struct forge_event *event;
	const char *actor;
	struct queue_request request;
	bool asked; /* there is one */
};

static void ask(struct hook *h, enum queue_kind kind, const char *subject)
{
	h->request = (struct queue_request){.kind = kind, .subject = subject, .actor = h->actor};
	h->asked = true;
}

static const char *pull_subject(const struct hook *h)
{
	return ask_pull_subject(h->arena, h->event->pull);
}

static void ask_comment(struct hook *h, const char *part)
{
	const struct forge_event *e = h->event;
	ask(h, QUEUE_COMMAND, pull_subject(h));
	h->request.part = part;
	h->request.payload_json = ask_comment_payload(
		h->arena, &(struct ask_comment){e->comment_id, e->comment_author, e->comment_body,
				  e->kind == FORGE_EVENT_COMMENT_DELETED});
}

static void ask_push(struct hook *h)
{
	const struct served *s = h->served;
	const char *branch = arena_printf(h->arena, "refs/heads/%s", s->config->branch);
	if (!str_eq(h->event->ref, branch))
		return;
	if (s->place.mirror)
		ask(h, QUEUE_FETCH, "fetch");
	else
		ask(h, QUEUE_RECONCILE, QUEUE_BRANCH);
}

static void ask_for(struct hook *h)
{
	const struct forge_event *e = h->event;
	h->actor = arena_printf(h->arena, "%s:%s", forge_kind_name(connect_kind(h->served->config)),
		e->sender ? e->sender : "unknown");
	switch (e->kind) {
	case FORGE_EVENT_IGNORED:
	case FORGE_EVENT_PING:
		break;
	case FORGE_EVENT_PUSH:
		ask_push(h);
		break;
	case FORGE_EVENT_PULL:
	case FORGE_EVENT_REVIEW:
		ask(h, QUEUE_PULL, pull_subject(h));
		break;
	case FORGE_EVENT_COMMENT:
		if (!e->comment_edited && e->comment_body)
			ask_comment(h, e->comment_id);
		break;
	case FORGE_EVENT_COMMENT_DELETED:
		ask_comment(h, arena_printf(h->arena, "deleted-%s", e->comment_id));
		break;
	}
}

/* --- a webhook ------------------------------------------------------------------------------ */

static const char *header_of(void *data, const char *name)
{
	return serve_header(data, name);
}

/* old stays empty where only one is in force. */
static int read_secrets(const struct server_repository *config, struct str *secret, struct str *old,
	struct err **err)
{
	if (server_secret_read(&config->webhook_secret, secret, err) < 0)
		return err_wrap(err, "the secret of webhooks");
	if (!server_secret_given(&config->webhook_old_secret) ||
		server_secret_read(&config->webhook_old_secret, old, err) == 0)
		return 0;
	secret_wipe(secret->data, secret->len);
	return err_wrap(err, "the old secret of webhooks");
}

static int read_event(struct served *s, struct serve_request *rq, struct arena *arena,
	struct forge_event *ret, struct err **err)
{
	AUTO_STR secret = STR_INIT;
	AUTO_STR old = STR_INIT;
	if (read_secrets(s->config, &secret, &old, err) < 0)
		return -1;
	struct forge_delivery delivery = {
		.kind = connect_kind(s->config),
		.header = header_of,
		.header_data = rq,
		.secrets = (const char *const[]){secret.data, old.data},
		.secret_count = old.len ? 2 : 1,
		.now = clock_now_ms(),
	};
	delivery.body = serve_body(rq, &delivery.len);
	const int rc = forge_event_read(&delivery, arena, ret, err);
	secret_wipe(secret.data, secret.len);
	secret_wipe(old.data, old.len);
	return rc;
}

struct answer {
	int status;
	const char *result; /* for metrics */
	const char *text;
};

static struct answer refuse(struct served *s, struct serve_request *rq, struct err **err)
{
	const enum err_kind kind = err_kind_of(*err);
	AUTO_STR text = STR_INIT;
	err_format(*err, &text);
	log_at(LOG_LEVEL_WARNING, "%s: webhook from %s refused: %s", s->name, serve_peer(rq),
		text.data);
	if (kind == ERR_DENIED)
		return (struct answer){401, "refused", "the signature is missing or wrong"};
	if (kind == ERR_SYNTAX || kind == ERR_INVALID)
		return (struct answer){400, "refused",
			"the payload is not what it should be: the forge's JSON, with the content "
			"type application/json"};
	return (struct answer){503, "failed", "not now; deliver it again"};
}

static struct answer take(struct served *s, struct serve_request *rq)
{
	AUTO_ARENA arena = {0};
	AUTO_ERR err = NULL;
	struct forge_event event = {0};
	if (read_event(s, rq, &arena, &event, &err) < 0)
		return refuse(s, rq, &err);
	const char *full = s->config->forge.repository;
	if (event.repository && strcasecmp(event.repository, full) != 0)
		return (struct answer){200, "ignored", "ignored: another repository"};
	struct hook hook = {.served = s, .arena = &arena, .event = &event};
	ask_for(&hook);
	log_debug("%s: webhook %s %s: %s", s->name, event.event ? event.event : "",
		event.action ? event.action : "", hook.asked ? "taken" : "ignored");
	if (!hook.asked)
		return (struct answer){200, "ignored", "ignored"};
	bool first = false;
	if (served_take_on(s, &hook.request, event.delivery, &first, &err) < 0) {
		daemon_complain(s, "a webhook could not be taken on", &err);
		return (struct answer){503, "failed", "not now; deliver it again"};
	}
	return first ? (struct answer){202, "accepted", "accepted"}
		     : (struct answer){200, "duplicate", "was here before"};
}

static void on_hook(struct serve_request *rq, void *data)
{
	struct daemon *d = data;
	const int64_t started = clock_monotonic_ms();
	struct served *s = served_find(d, serve_rest(rq));
	if (!s || !s->config->forge.repository ||
		!server_secret_given(&s->config->webhook_secret)) {
		serve_respond_text(rq, 404, "no webhooks are taken here");
		return;
	}
	struct answer answer = {503, "failed", "not now; deliver it again"};
	if (s->open && !d->stopping)
		answer = take(s, rq);
	serve_respond_text(rq, answer.status, answer.text);
	metrics_add(d->metrics, METRIC_WEBHOOKS, s->name, answer.result, 1);
	metrics_observe(
		d->metrics, METRIC_WEBHOOK_SECONDS, s->name, NULL, clock_monotonic_ms() - started);
}

/* --- health and metrics --------------------------------------------------------------------- */

static void on_health(struct serve_request *rq, void *data)
{
	(void)data; /* it answers: it turns */
	serve_respond_text(rq, 200, "ok");
}

static void on_ready(struct serve_request *rq, void *data)
{
	const struct daemon *d = data;
	const bool ready = d->ready && !d->stopping;
	serve_respond_text(rq, ready ? 200 : 503, ready ? "ready" : "not ready");
}

static void on_metrics(struct serve_request *rq, void *data)
{
	const struct daemon *d = data;
	AUTO_STR text = STR_INIT;
	metrics_format(d->metrics, &text);
	serve_respond(rq, 200, "text/plain; version=0.0.4; charset=utf-8", text.data, text.len);
}

/* --- listeners ------------------------------------------------------------------------------ */

static bool is_same(
	const struct listener *l, const char *address, const struct server_config *c, size_t routes)
{
	return l->server && str_eq(l->address, address) && l->body == c->limits.body &&
	       l->connections == c->limits.connections && l->per_client == c->limits.per_client &&
	       l->route_count == routes;
}

static void close_listener(struct listener *l)
{
	serve_free(l->server);
	free(l->address);
	*l = (struct listener){0};
}

static int open_listener(struct daemon *d, struct listener *l, const char *address,
	const struct serve_route *routes, size_t count, struct err **err)
{
	const struct server_config *c = d->settings->config;
	if (is_same(l, address, c, count))
		return 0;
	close_listener(l);
	if (!address)
		return 0;
	for (size_t i = 0; i < count; i++)
		l->routes[i] = routes[i];
	const struct serve_config config = {
		.listen = address,
		.routes = l->routes,
		.route_count = count,
		.max_connections = (unsigned)c->limits.connections,
		.max_per_address = (unsigned)(c->limits.per_client ? c->limits.per_client
								   : c->limits.connections),
	};
	if (serve_open(d->loop, &config, &l->server, err) < 0)
		return err_wrap(err, "listen at %s", address);
	l->address = xstrdup(address);
	l->body = c->limits.body;
	l->connections = c->limits.connections;
	l->per_client = c->limits.per_client;
	l->route_count = count;
	log_at(LOG_LEVEL_INFO, "listening at %s", serve_address(l->server));
	return 0;
}

int endpoint_open(struct daemon *d, struct err **err)
{
	const struct server_config *c = d->settings->config;
	const size_t body =
		c->limits.body < FORGE_BODY_MAX ? (size_t)c->limits.body : FORGE_BODY_MAX;
	/* Webhooks first, metrics last: an address for both has no metrics, and one of its own all
	 * but the webhooks. */
	const struct serve_route routes[] = {
		{"POST", "/hooks/*", body, on_hook, d},
		{"GET", "/healthz", 0, on_health, d},
		{"GET", "/readyz", 0, on_ready, d},
		{"GET", "/metrics", 0, on_metrics, d},
	};
	const size_t beside = c->listen.status.text ? 1 : 3;
	if (open_listener(d, &d->hooks, c->listen.webhooks.text, routes, beside, err) < 0)
		return -1;
	return open_listener(d, &d->status, c->listen.status.text, routes + 1, 3, err);
}

void endpoint_stop(struct daemon *d)
{
	/* An address of its own for health is answered until the end. New webhooks find nobody, and
	 * those of connections that are open already are refused. */
	if (d->hooks.server)
		serve_stop(d->hooks.server, NULL, NULL);
}

void endpoint_free(struct daemon *d)
{
	close_listener(&d->hooks);
	close_listener(&d->status);
}
