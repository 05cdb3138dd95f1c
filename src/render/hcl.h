/*
 * HCL text: tokens, the layout that `terraform fmt` gives, and blocks with their attributes.
 *
 * The tokeniser knows the native syntax of HCL 2 (github.com/hashicorp/hcl, spec.md): identifiers
 * (any byte over 0x7f counts as a letter), numbers, quoted templates with nested interpolations
 * (one token), heredocs (one token), comments and operators. It checks no grammar beyond brackets
 * that match.
 */
#ifndef TRUEUP_RENDER_HCL_H
#define TRUEUP_RENDER_HCL_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct err;

enum hcl_kind {
	HCL_NEWLINE,
	HCL_IDENT,
	HCL_NUMBER,
	HCL_STRING, /* with its quotes */
	HCL_HEREDOC, /* from "<<" to the end marker, without the newline after it */
	HCL_COMMENT, /* without the newline that ends it */
	HCL_PUNCT, /* brackets and operators, one or two characters, "..." */
};

/* What op holds for operators of several characters; for the others it is the character. */
enum hcl_op {
	HCL_OP_ELLIPSIS = 1, /* ... */
	HCL_OP_COLONS, /* :: */
	HCL_OP_ARROW, /* => */
	HCL_OP_BINARY, /* == != <= >= && || */
};

struct hcl_token {
	uint8_t kind; /* enum hcl_kind */
	uint8_t op; /* HCL_PUNCT: enum hcl_op or the character; otherwise 0 */
	uint32_t line; /* from 1 */
	const char *text; /* points into the source */
	size_t len;
};

struct hcl_tokens {
	struct hcl_token *items;
	size_t count, cap;
};

enum { HCL_MAX_DEPTH = 64 };

/* Tokens of text, in arena. ERR_SYNTAX with the line: bad character, open string or bracket. */
MUST_CHECK int hcl_tokenise(const char *text, size_t len, struct arena *arena,
	struct hcl_tokens *ret, struct err **err);

/*
 * Appends text in canonical layout: two blanks a level, one blank between tokens where
 * `terraform fmt` has one, `=` of neighbouring one-line attributes in one column, one empty line
 * between top-level blocks, none at the edges of a block, never two in a row. The tokens are
 * those of text, newlines apart.
 */
MUST_CHECK int hcl_format(const char *text, size_t len, struct str *out, struct err **err);

/* The same in two steps, for a caller that wants tokens, text and blocks. */
void hcl_format_tokens(const struct hcl_tokens *tokens, struct arena *arena, struct str *out);

/* Is a and b, in this order, kept apart by a blank? before is what stands before a, or NULL. */
bool hcl_space_between(
	const struct hcl_token *before, const struct hcl_token *a, const struct hcl_token *b);

struct hcl_attr {
	/*
	 * "instance_type", "root_block_device.volume_size"; further blocks of one name get an
	 * index: "rule[1].id". A block with nothing in it is an attribute with the text "{}".
	 */
	const char *path;
	const char *text; /* the expression in one line */
};

struct hcl_block {
	const char *type; /* resource, data, variable, output, provider, terraform, locals */
	const char *labels[2]; /* without quotes; NULL if not there */
	const char *address; /* "aws_vpc.main"; "data.x.y" for data; labels joined otherwise */
	struct hcl_attr *attrs;
	size_t attr_count;
};

struct hcl_blocks {
	struct hcl_block *items;
	size_t count, cap;
};

/* Adds the top-level blocks of text to ret, all of it in arena. ERR_SYNTAX if it is no body. */
MUST_CHECK int hcl_parse_blocks(const char *text, size_t len, struct arena *arena,
	struct hcl_blocks *ret, struct err **err);

/* The same from tokens; the blocks do not refer to the text behind them. */
MUST_CHECK int hcl_parse_tokens(const struct hcl_tokens *tokens, struct arena *arena,
	struct hcl_blocks *ret, struct err **err);

/* The attribute with this path, or NULL. */
const struct hcl_attr *hcl_block_attr(const struct hcl_block *block, const char *path);

#endif
