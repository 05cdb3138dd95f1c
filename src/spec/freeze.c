#include "spec/freeze.h"

#include "base/calendar.h"
#include "base/err.h"
#include "base/num.h"
#include "base/str.h"
#include "base/zone.h"
#include "spec/decode.h"

#include <string.h>

/* Two or four digits at an offset, within limits. */
static bool digits(const char *text, size_t at, size_t count, int64_t max, int64_t *ret)
{
	for (size_t i = 0; i < count; i++)
		if (text[at + i] < '0' || text[at + i] > '9')
			return false;
	return num_parse_i64(text + at, count, ret) && *ret <= max;
}

bool freeze_parse_time(const char *text, int64_t *ret_ms)
{
	static const char shape[] = "####-##-##T##:##:##Z";
	int64_t year, month, day, hour, minute, second;
	if (strlen(text) != sizeof shape - 1)
		return false;
	for (size_t i = 0; shape[i]; i++)
		if (shape[i] != '#' && text[i] != shape[i])
			return false;
	if (!digits(text, 0, 4, 9999, &year) || !digits(text, 5, 2, 12, &month) ||
		!digits(text, 8, 2, 31, &day) || !digits(text, 11, 2, 23, &hour) ||
		!digits(text, 14, 2, 59, &minute) || !digits(text, 17, 2, 59, &second))
		return false;
	if (month < 1 || day < 1 || day > calendar_days_in_month(year, (int)month))
		return false;
	const int64_t days = calendar_day((struct calendar_date){year, (int)month, (int)day});
	*ret_ms = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000;
	return true;
}

static void missing(struct decoder *d, const struct node *map, const char *field)
{
	if (map->type == NODE_MAP && !node_get(map, field))
		diag_error(
			d->diags, "spec-required", map->pos, "freeze needs the field '%s'", field);
}

static void check_once(struct decoder *d, const struct node *map, struct spec_freeze *f)
{
	missing(d, map, "from");
	missing(d, map, "until");
	if (!f->from_text.text || !f->until_text.text ||
		!freeze_parse_time(f->from_text.text, &f->from) ||
		!freeze_parse_time(f->until_text.text, &f->until))
		return;
	if (f->until <= f->from)
		diag_error(d->diags, "config-freeze", f->until_text.pos,
			"this freeze ends before it begins");
}

static void check_again(struct decoder *d, const struct node *map, struct spec_freeze *f)
{
	missing(d, map, "cron");
	missing(d, map, "duration");
	struct cron_problem problem;
	if (f->cron.text && !cron_parse(f->cron.text, &f->due, &problem)) {
		struct diag *e =
			diag_error(d->diags, "config-freeze", f->cron.pos, "%s", problem.message);
		if (*problem.hint)
			diag_hint(d->diags, e, "%s", problem.hint);
	}
	const struct node *name = node_get(map, "timezone");
	AUTO_ZONE *zone = NULL;
	AUTO_ERR err = NULL;
	if (name && f->timezone && zone_open(f->timezone, &zone, &err) < 0)
		diag_error(d->diags, "config-freeze", name->pos, "%s", err->message);
}

void freeze_check(struct decoder *d, const struct node *map, void *obj)
{
	struct spec_freeze *f = obj;
	if (node_get(map, "from") || node_get(map, "until"))
		check_once(d, map, f);
	else if (node_get(map, "cron") || node_get(map, "duration"))
		check_again(d, map, f);
}

/* When the window that is open at now ends; 0 when it is not open. */
static int window_end(
	const struct spec_freeze *f, int64_t now, int64_t *ret_until, struct err **err)
{
	*ret_until = 0;
	if (!f->cron.text) {
		if (f->from <= now && now < f->until)
			*ret_until = f->until;
		return 0;
	}
	AUTO_ZONE *zone = NULL;
	if (zone_open(f->timezone, &zone, err) < 0)
		return err_wrap(err, "policy.freeze");
	/* The last beginning that is not over: each later one lasts longer. */
	int64_t begin = now - f->duration_ms;
	while (cron_next(&f->due, zone, begin, &begin) && begin <= now)
		*ret_until = begin + f->duration_ms;
	return 0;
}

int freeze_now(const struct config *config, int64_t now, int64_t *ret_until, const char **ret_why,
	struct err **err)
{
	*ret_until = 0;
	*ret_why = NULL;
	for (size_t i = 0; i < config->freeze_count; i++) {
		int64_t until;
		if (window_end(&config->freezes[i], now, &until, err) < 0)
			return -1;
		if (until <= *ret_until)
			continue;
		*ret_until = until;
		*ret_why = config->freezes[i].reason;
	}
	return 0;
}
