/*
 * Checks across files, and the digest that decides whether an object changed.
 *
 * Cost grows with what changed: the caller names the specs to check (those that changed and those
 * that refer to something that changed or went) and a finder gives any other spec of the revision
 * when a rule asks for it.
 */
#ifndef TRUEUP_SPEC_CHECK_H
#define TRUEUP_SPEC_CHECK_H

#include "base/digest.h"
#include "spec/spec.h"

struct spec_finder {
	/* The spec with this key ("role/web-team") in the revision, or NULL. Kept by the caller. */
	const struct spec *(*find)(void *data, const char *key);
	/*
	 * All keys of a kind in the revision, ending with NULL. Asked only when a message needs
	 * names, when a bare canvas looks for the one Role, or for rules over all of a kind.
	 */
	const char *const *(*keys)(void *data, enum spec_kind kind);
	void *data;
	/*
	 * Paths of files that gave no spec because they are wrong themselves, ending with NULL; or
	 * NULL. A name that such a file may hold (by its file name) is not reported as unknown.
	 */
	const char *const *broken;
};

/*
 * The Role of a canvas. A canvas that names none gets the only Role of the revision. NULL if
 * there is none, or more than one to choose from.
 */
const struct spec *spec_role_of(const struct spec *canvas, const struct spec_finder *finder);

/* Is an instance, class or node type among the role's patterns (or are there none)? */
bool spec_role_allows_size(const struct role *role, const char *size);

/*
 * Unknown roles and canvases, services, regions and instance types that the role does not allow,
 * references to nodes that are not there, dependency cycles, networks that overlap, renames whose
 * old name is still there, limits of Config. (Dangling edges and duplicate ids are found when a
 * canvas is decoded; whether a node has an output of that name is render/'s to say.)
 *
 * Linear in what the given specs say. Written address blocks are compared among the given specs
 * only: two canvases that took the default block are no mistake. Places are those of the specs
 * (also of found ones, for the related place).
 */
void spec_check(const struct spec *const *specs, size_t count, const struct spec_finder *finder,
	struct diag_list *diags);

/* Two specs with one key: an error at second that shows first. */
void spec_report_duplicate(
	const struct spec *first, const struct spec *second, struct diag_list *diags);

/*
 * Keys that a spec refers to, each once, ending with NULL: its role, canvases, roles that approve,
 * its old name.
 * A canvas that names no role needs every Role: "role/" and an asterisk.
 */
const char *const *spec_needs(struct arena *arena, const struct spec *spec);
/*
 * Of those, the canvases that have to be applied before it: dependsOn, network from, outputs used.
 * Keys, each once, ending with NULL.
 */
const char *const *spec_waits_for(struct arena *arena, const struct spec *spec);

/* What an object's digest is made of; absent parts are NULL. */
struct spec_digest_input {
	const struct spec *spec;
	const struct role *role; /* account, partition, region, credentials count */
	const struct config *config; /* terraform settings count */
	const struct node *outputs; /* NODE_MAP "canvas/core/vpc.id" -> value that it uses */
	const char *const *file_digests; /* path, digest, path, digest, ..., NULL */
	const char *renderer; /* version */
};

/*
 * SHA-256 over canonical JSON of {spec, role, config, outputs, files, renderer}: the spec by
 * SPEC_CANONICAL_DIGEST (so layout, order of keys, nodes, edges and labels, comments and
 * renamedFrom do not count); of the role account, partition, effective region and credentials; of
 * the config terraform's binary, providerVersion and backend (NULL: as spec_config_default()).
 * Equal digests: nothing to do.
 */
void spec_digest(const struct spec_digest_input *input, char ret[DIGEST_HEX]);

/* Of what a Role or Config says, whole: for kinds without an engine. */
void spec_digest_plain(const struct spec *spec, char ret[DIGEST_HEX]);

#endif
