#ifndef SEALSLOT_CLIENT_CATALOG_TEXT_H
#define SEALSLOT_CLIENT_CATALOG_TEXT_H

#include "base/buf.h"
#include "carry/lines.h"
#include "catalog.h"

/*
 * The lines of a catalog:
 *
 *   instance: <onion>
 *   root: RWQ...
 *   old-root: <serial from which on another one signs> RWQ...
 *   transfer: RWQ...
 *   bundle: <serial> <volume> <volumes> <made> <imported> <items> <schedule> <0|1> <hash>
 * <previous> schedule: <serial> <hash> alarm: <number> <kind> <day> <day seen|-> <a> <b> <id|->
 *   item: <id> <state> <flags> <day> <inbox> <epoch> <size> <hash> <received|-> <schedule>
 *         <files> <bytes> <message> <mailbox|-> <reply_to|-> <topics|->        (one line)
 *   review: <id> <day reviewed|-> <bundle in which it was gone, or 0> <SHA-256 if it is kept|->
 *   vault: <id>
 *   inventory: <serial> <made>
 *
 * and those of post.h. States and kinds are the numbers of their enums, flags are decimal, topics
 * are one word (catalog_topics.h).
 *
 * The parsers take what stands behind the "name: ". ERR_FORMAT.
 */
enum err MUST_CHECK catalog_text_item(struct lines_piece s, struct catalog_item *out);
enum err MUST_CHECK catalog_text_bundle(struct lines_piece s, struct catalog_bundle *out);
enum err MUST_CHECK catalog_text_schedule(struct lines_piece s, struct catalog_schedule *out);
enum err MUST_CHECK catalog_text_alarm(struct lines_piece s, struct catalog_alarm *out);
enum err MUST_CHECK catalog_text_review(struct lines_piece s, struct catalog_item *out);
enum err MUST_CHECK catalog_text_inventory(struct lines_piece s, uint32_t *serial, int32_t *made);
enum err MUST_CHECK catalog_text_reply(struct lines_piece s, struct post_reply *out);
enum err MUST_CHECK catalog_text_answers(struct lines_piece s, struct post_bundle *out);
enum err MUST_CHECK catalog_text_backup(struct lines_piece s, struct post_backup *out);
enum err MUST_CHECK catalog_text_held(struct lines_piece s, struct post_held *out);
/* What catalog_text_item allocated. */
void catalog_text_item_wipe(struct catalog_item *i);

/* Each appends one whole line. */
enum err MUST_CHECK catalog_text_put_item(struct buf *out, const struct catalog_item *i);
enum err MUST_CHECK catalog_text_put_review(struct buf *out, const struct catalog_item *i);
enum err MUST_CHECK catalog_text_put_inventory(struct buf *out, uint32_t serial, int32_t made);
enum err MUST_CHECK catalog_text_put_bundle(struct buf *out, const struct catalog_bundle *b);
enum err MUST_CHECK catalog_text_put_schedule(struct buf *out, const struct catalog_schedule *s);
enum err MUST_CHECK catalog_text_put_alarm(struct buf *out, const struct catalog_alarm *a);
enum err MUST_CHECK catalog_text_put_reply(struct buf *out, const struct post_reply *r);
enum err MUST_CHECK catalog_text_put_answers(struct buf *out, const struct post_bundle *b);
enum err MUST_CHECK catalog_text_put_backup(struct buf *out, const struct post_backup *b);
enum err MUST_CHECK catalog_text_put_held(struct buf *out, const struct post_held *h);

#endif
