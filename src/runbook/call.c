#include "runbook/call.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/document.h"
#include "format/emit.h"
#include "format/yaml.h"
#include "spec/execution.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16, HEADER = 5, FRAME_MAX = 1 << 20, REQUEST_MS = 10000, WRITE_MS = 30000 };

/* ---- the socket ---- */

/* Paths of sockets are short; folders need not be. */
static int address(int folder, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	return snprintf(ret->sun_path, sizeof ret->sun_path, "/proc/self/fd/%d/call", folder);
}

static int open_folder(const char *folder, struct err **err)
{
	const int fd = open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_errno(err, errno, "open %s", folder) : fd;
}

int call_listen(const char *folder, struct err **err)
{
	struct sockaddr_un name;
	if (fs_mkdirs(folder, 0700, err) < 0)
		return -1;
	AUTO_CLOSE dir = open_folder(folder, err);
	if (dir < 0)
		return -1;
	AUTO_CLOSE fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)address(dir, &name);
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof name) < 0 ||
		listen(fd, BACKLOG) < 0)
		return err_errno(err, errno, "make the socket %s/call", folder);
	const int result = fd;
	fd = -1;
	return result;
}

/* ---- requests ---- */

static struct node *text_list(struct arena *a, const char *const *list)
{
	struct node *seq = node_new_seq(a);
	for (size_t i = 0; list && list[i]; i++)
		node_seq_add(a, seq, node_new_string(a, list[i]));
	return seq;
}

static void request_text(const struct call_request *r, struct str *out)
{
	AUTO_ARENA arena = {0};
	struct arena *a = &arena;
	struct node *map = node_new_map(a), *vars = node_new_seq(a);
	node_map_set(a, map, "token", node_new_string(a, r->token));
	node_map_set(a, map, "runbook", node_new_string(a, r->runbook));
	if (r->role)
		node_map_set(a, map, "role", node_new_string(a, r->role));
	for (size_t i = 0; i < r->vars.count; i++) {
		struct node *var = node_new_map(a);
		node_map_set(a, var, "name", node_new_string(a, r->vars.items[i].name));
		node_map_set(a, var, "value", node_new_string(a, r->vars.items[i].value));
		node_map_set(a, var, "kind", node_new_int(a, r->vars.items[i].kind));
		node_seq_add(a, vars, var);
	}
	node_map_set(a, map, "vars", vars);
	node_map_set(a, map, "environ", text_list(a, r->environ));
	node_map_set(a, map, "mode", node_new_int(a, r->mode));
	node_map_set(a, map, "timeoutMs", node_new_int(a, r->timeout_ms));
	node_map_set(a, map, "json", node_new_bool(a, r->json));
	node_map_set(a, map, "quiet", node_new_bool(a, r->quiet));
	node_map_set(a, map, "verbose", node_new_int(a, r->verbose));
	emit_json_line(map, out);
	str_addc(out, '\n');
}

static int64_t get_int(const struct node *map, const char *key, int64_t max)
{
	const struct node *n = node_get(map, key);
	return n && n->type == NODE_INT && n->integer >= 0 && n->integer <= max ? n->integer : 0;
}

/* A text without NULs, or NULL. */
static const char *get_text(const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);
	const char *text = node_text(n);
	return text && strlen(text) == n->len ? text : NULL;
}

static bool get_vars(struct arena *a, const struct node *list, struct given_vars *ret)
{
	for (size_t i = 0; list && list->type == NODE_SEQ && i < list->seq.count; i++) {
		const struct node *n = list->seq.items[i];
		const char *name = get_text(n, "name"), *value = get_text(n, "value");
		const int64_t kind = get_int(n, "kind", VALUE_CREDENTIAL);
		if (!name || !value || !env_name_ok(name, strlen(name)) ||
			ret->count >= GIVEN_MAX_VARS || kind == VALUE_FROM)
			return false;
		given_vars_put(a, ret, (struct given_var){name, value, (enum value_kind)kind});
	}
	return true;
}

static const char *const *get_list(struct arena *a, const struct node *seq)
{
	const size_t count = seq && seq->type == NODE_SEQ ? seq->seq.count : 0;
	const char **list = arena_array(a, count + 1, sizeof *list);
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		const char *text = node_text(seq->seq.items[i]);
		if (text && strlen(text) == seq->seq.items[i]->len)
			list[n++] = text;
	}
	return list;
}

int call_parse(
	struct arena *a, const char *text, size_t len, struct call_request *ret, struct err **err)
{
	AUTO_DIAGS ignored = {0};
	struct src *src = arena_alloc(a, sizeof *src);
	*src = (struct src){"call", arena_memdup(a, text, len), len};
	const struct node *map = json_parse(a, src, &ignored);
	*ret = (struct call_request){
		.token = get_text(map, "token"),
		.runbook = get_text(map, "runbook"),
		.role = get_text(map, "role"),
		.environ = get_list(a, node_get(map, "environ")),
		.mode = (enum call_mode)get_int(map, "mode", CALL_DRY_RUN),
		.timeout_ms = get_int(map, "timeoutMs", INT64_MAX / 2),
		.json = document_bool(map, "json"),
		.quiet = document_bool(map, "quiet"),
		.verbose = (int)get_int(map, "verbose", 2),
	};
	if (!ret->token || !ret->runbook || !get_vars(a, node_get(map, "vars"), &ret->vars))
		return err_set(err, ERR_INVALID, "this is no call of a runbook");
	return 0;
}

int call_read(int fd, struct arena *arena, struct call_request *ret, struct err **err)
{
	const int64_t deadline = clock_monotonic_ms() + REQUEST_MS;
	AUTO_STR text = STR_INIT;
	char buffer[1 << 14];
	while (!text.len || text.data[text.len - 1] != '\n') {
		const int64_t left = deadline - clock_monotonic_ms();
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return err_set(err, ERR_TIMEOUT, "no whole call came in time");
		const ssize_t n = read(fd, buffer, sizeof buffer);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return err_set(err, ERR_INVALID, "the call ended in the middle");
		str_addn(&text, buffer, (size_t)n);
		if (text.len > CALL_REQUEST_MAX)
			return err_set(err, ERR_INVALID, "the call is larger than 4 MiB");
	}
	return call_parse(arena, text.data, text.len, ret, err);
}

/* ---- bytes ---- */

static bool write_all(int fd, const char *data, size_t len)
{
	while (len) {
		const ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		if (n < 0 && errno == EAGAIN && poll(&p, 1, WRITE_MS) == 0)
			return false;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

bool call_write(int fd, enum call_frame kind, const void *data, size_t len)
{
	const char *at = data;
	do {
		const size_t part = len < FRAME_MAX ? len : FRAME_MAX;
		const char header[HEADER] = {(char)kind, (char)(part >> 24), (char)(part >> 16),
			(char)(part >> 8), (char)part};
		if (!write_all(fd, header, sizeof header) || !write_all(fd, at, part))
			return false;
		at += part;
		len -= part;
	} while (len);
	return true;
}

static bool read_all(int fd, char *data, size_t len)
{
	while (len) {
		const ssize_t n = read(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* ---- the script's side ---- */

static int follow(int fd, call_print *print, void *data, int *ret_code, struct err **err)
{
	for (;;) {
		unsigned char header[HEADER];
		if (!read_all(fd, (char *)header, sizeof header))
			break;
		const size_t len = (size_t)header[1] << 24 | (size_t)header[2] << 16 |
				   (size_t)header[3] << 8 | header[4];
		if (len > FRAME_MAX)
			break;
		AUTO_FREE char *text = xcalloc(len + 1, 1);
		if (!read_all(fd, text, len))
			break;
		if (header[0] != CALL_EXIT) {
			print(data, header[0] == CALL_OUT ? CALL_OUT : CALL_ERR, text, len);
			continue;
		}
		*ret_code = len ? (unsigned char)text[0] : 1;
		return 0;
	}
	return err_set(err, ERR_UNAVAILABLE,
		"the supervisor of this run broke the call off; too many at once, or the run ends");
}

int call_send(const char *folder, const struct call_request *request, call_print *print, void *data,
	int *ret_code, struct err **err)
{
	struct sockaddr_un name;
	AUTO_STR text = STR_INIT;
	AUTO_CLOSE dir = open_folder(folder, err);
	if (dir < 0)
		return err_wrap(err, "call of a runbook (" CALL_ENV_FOLDER ")");
	AUTO_CLOSE fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)address(dir, &name);
	if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof name) < 0)
		return err_errno(err, errno, "reach the supervisor of this run by %s/call", folder);
	request_text(request, &text);
	if (!write_all(fd, text.data, text.len))
		return err_errno(err, errno, "call %s", request->runbook);
	return follow(fd, print, data, ret_code, err);
}
