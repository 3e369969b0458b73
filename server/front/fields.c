#include "front/fields.h"

#include <string.h>

enum err
fields_init(struct fields *f, const char *boundary, size_t boundary_len, const char *name)
{
	memset(f, 0, offsetof(struct fields, body));
	f->name = name;
	return multipart_init(&f->body, boundary, boundary_len);
}

static enum err
on_part(struct fields *f)
{
	const struct part_header *h = &f->body.part;

	if (h->is_file)
		return ERR_FORMAT;
	if (strcmp(h->name, "token") == 0 && !f->has_token) {
		f->has_token = true;
		f->open = FIELDS_TOKEN;
		return ERR_OK;
	}
	if (f->name == NULL || strcmp(h->name, f->name) != 0 || f->has_value)
		return ERR_FORMAT;
	f->has_value = true;
	f->open = FIELDS_VALUE;
	return ERR_OK;
}

static enum err
append(char *to, size_t *len, size_t max, const struct multipart *m)
{
	if (m->data_len > max - *len)
		return ERR_LIMIT;
	memcpy(to + *len, m->data, m->data_len);
	*len += m->data_len;
	return ERR_OK;
}

static enum err
on_data(struct fields *f)
{
	switch (f->open) {
	case FIELDS_TOKEN: return append(f->token, &f->token_len, FORM_TOKEN_LEN, &f->body);
	case FIELDS_VALUE: return append(f->value, &f->value_len, LIMIT_FIELD, &f->body);
	case FIELDS_NONE: break;
	}
	return ERR_FORMAT;
}

enum err
fields_put(struct fields *f, const void *p, size_t n)
{
	enum multipart_event event = MULTIPART_MORE;
	const uint8_t *at = p;
	enum err e = ERR_OK;

	while (e == ERR_OK && n > 0) {
		if ((e = multipart_next(&f->body, &at, &n, &event)) != ERR_OK)
			break;
		switch (event) {
		case MULTIPART_PART: e = on_part(f); break;
		case MULTIPART_DATA: e = on_data(f); break;
		case MULTIPART_PART_END: f->open = FIELDS_NONE; break;
		case MULTIPART_MORE:
		case MULTIPART_END: break;
		}
	}
	return e;
}

enum err
fields_end(struct fields *f)
{
	enum err e = multipart_finish(&f->body);

	if (e != ERR_OK)
		return e;
	if (!f->has_token || (f->name != NULL && !f->has_value))
		return ERR_FORMAT;
	return memchr(f->value, '\0', f->value_len) == NULL ? ERR_OK : ERR_FORMAT;
}

void
fields_wipe(struct fields *f)
{
	multipart_wipe(&f->body);
	explicit_bzero(f, offsetof(struct fields, body));
}
