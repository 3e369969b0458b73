#include "receive.h"

#include <string.h>

enum err
receive_init(struct receive *r, const struct receive_setup *setup)
{
	enum err e;

	if ((e = multipart_init(&r->body, setup->boundary, setup->boundary_len)) != ERR_OK)
		return e;
	r->conf = setup->conf;
	r->schedule = setup->schedule;
	r->today = setup->today;
	if (setup->source != NULL)
		r->source = *setup->source;
	random_id(r->id);
	form_init(&r->form, setup->conf, setup->schedule);
	return ERR_OK;
}

void
receive_attach(struct receive *r, struct sealer *s, struct sealer_file *f)
{
	r->file = f;
	archive_init(&r->archive, s, f);
}

/* ---- sealing begins */

static enum err
put_buf(void *ctx, const void *p, size_t n)
{
	return buf_add(ctx, p, n);
}

static enum err
start_file(struct receive *r)
{
	struct age_payload key = {0};
	struct buf header;
	enum err e;

	buf_init(&header, SEALER_HEADER_MAX);
	e = age_header_write(&key, (const uint8_t(*)[AGE_KEY])r->seal.recipients, r->seal.n,
	    (struct sink){put_buf, &header});
	if (e == ERR_OK)
		e = sealer_file_start(r->file, &key, header.p, header.len);
	age_payload_wipe(&key);
	buf_wipe(&header);
	return e;
}

static enum err
start_archive(struct receive *r)
{
	struct manifest_head head = {
	    .id = r->id,
	    .schedule = r->schedule,
	    .inbox = r->form.inbox,
	    .seal = &r->seal,
	    .conf = r->conf,
	    .topics = r->form.topics,
	    .source = &r->source,
	};

	return archive_begin(&r->archive, &head);
}

/* The fields that decide the recipients have come; from here on everything is sealed. */
static enum intake_verdict
start_sealing(struct receive *r)
{
	enum intake_verdict v;
	enum err e;

	if (r->is_sealing)
		return INTAKE_PENDING;
	if ((v = form_complete(&r->form)) != INTAKE_PENDING)
		return v;
	if ((e = schedule_current(r->schedule, r->form.inbox, r->today, &r->seal)) != ERR_OK ||
	    (e = start_file(r)) != ERR_OK || (e = start_archive(r)) != ERR_OK)
		return verdict_of(e);
	r->is_sealing = true;
	return INTAKE_PENDING;
}

/* ---- parts */

static enum intake_verdict
begin_file(struct receive *r)
{
	const struct part_header *h = &r->body.part;
	enum intake_verdict v;
	enum err e;

	if ((v = start_sealing(r)) != INTAKE_PENDING)
		return v;
	if ((e = archive_file(&r->archive, h->filename, h->type)) != ERR_OK)
		return verdict_of(e);
	r->is_file_open = true;
	return INTAKE_PENDING;
}

static enum intake_verdict
on_part(struct receive *r)
{
	const struct part_header *h = &r->body.part;
	enum intake_verdict v;

	if (r->parts == LIMIT_UPLOAD_PARTS)
		return INTAKE_TOO_MANY_FILES;
	r->parts++;
	r->is_file_open = false;
	if ((v = form_begin(&r->form, h)) != INTAKE_PENDING)
		return v;
	/* Without a name it may be a file input that wasn't used: that shows with its first byte.
	 */
	if (r->form.field == FORM_FIELD_FILE && h->filename[0] != '\0')
		return begin_file(r);
	return INTAKE_PENDING;
}

static enum intake_verdict
put_archive(struct receive *r)
{
	enum err e = archive_put(&r->archive, r->body.data, r->body.data_len);

	return e == ERR_OK ? INTAKE_PENDING : verdict_of(e);
}

static enum intake_verdict
on_message(struct receive *r)
{
	enum intake_verdict v;

	if (r->body.data_len > LIMIT_MESSAGE - r->message_len)
		return INTAKE_MESSAGE_TOO_LONG;
	r->message_len += r->body.data_len;
	if ((v = start_sealing(r)) != INTAKE_PENDING)
		return v;
	return put_archive(r);
}

static enum intake_verdict
on_data(struct receive *r)
{
	enum intake_verdict v;

	switch (r->form.field) {
	case FORM_FIELD_NONE: break;
	case FORM_FIELD_TOKEN:
	case FORM_FIELD_INBOX:
	case FORM_FIELD_TOPIC: return form_put(&r->form, r->body.data, r->body.data_len);
	case FORM_FIELD_MESSAGE: return on_message(r);
	case FORM_FIELD_FILE:
		if (!r->is_file_open && (v = begin_file(r)) != INTAKE_PENDING)
			return v;
		return put_archive(r);
	}
	return INTAKE_MALFORMED;
}

static enum intake_verdict
on_event(struct receive *r, enum multipart_event event)
{
	switch (event) {
	case MULTIPART_MORE:
	case MULTIPART_END: return INTAKE_PENDING;
	case MULTIPART_PART: return on_part(r);
	case MULTIPART_DATA: return on_data(r);
	case MULTIPART_PART_END: return form_end(&r->form);
	}
	return INTAKE_MALFORMED;
}

/* One event, from at most ARCHIVE_SLICE bytes. */
static enum err
step(struct receive *r, const uint8_t **p, size_t *n, enum intake_verdict *verdict)
{
	size_t len = *n < ARCHIVE_SLICE ? *n : ARCHIVE_SLICE;
	size_t left = len;
	enum multipart_event event;
	enum intake_verdict v;
	enum err e;

	if ((e = archive_reserve(&r->archive, len)) == ERR_AGAIN)
		return e;
	if (e != ERR_OK)
		v = verdict_of(e);
	else if (multipart_next(&r->body, p, &left, &event) != ERR_OK)
		v = INTAKE_MALFORMED;
	else
		v = on_event(r, event);
	*n -= len - left;
	if (v == INTAKE_PENDING)
		return ERR_OK;
	*verdict = v;
	return ERR_STATE;
}

enum err
receive_put(
    struct receive *r, const uint8_t *p, size_t n, size_t *used, enum intake_verdict *verdict)
{
	size_t left = n;
	enum err e = ERR_OK;

	while (e == ERR_OK && left > 0)
		e = step(r, &p, &left, verdict);
	*used = n - left;
	return e;
}

enum intake_verdict
receive_end(struct receive *r)
{
	enum intake_verdict v;

	if (multipart_finish(&r->body) != ERR_OK)
		return INTAKE_MALFORMED;
	if ((v = form_complete(&r->form)) != INTAKE_PENDING)
		return v;
	return r->is_sealing ? INTAKE_PENDING : INTAKE_EMPTY;
}

void
receive_wipe(struct receive *r)
{
	archive_wipe(&r->archive);
	multipart_wipe(&r->body);
	form_wipe(&r->form);
	explicit_bzero(&r->source, sizeof r->source);
	explicit_bzero(&r->seal, sizeof r->seal);
	explicit_bzero(r->id, sizeof r->id);
	r->message_len = 0;
}
