#include "front/qr.h"

#include <qrencode.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#define SCALE     5     /* pixels of a module */
#define QUIET     4     /* modules around the code */
#define ROW_MAX   512   /* bytes of a row of pixels */
#define STORED    65535 /* bytes of a stored deflate block */
#define ZLIB_HEAD 2
#define ZLIB_TAIL 4

static void
put32(uint8_t out[static 4], uint32_t v)
{
	out[0] = (uint8_t)(v >> 24);
	out[1] = (uint8_t)(v >> 16);
	out[2] = (uint8_t)(v >> 8);
	out[3] = (uint8_t)v;
}

/* Length, type, content, CRC of type and content. */
static enum err
put_chunk(struct buf *out, const char *type, const uint8_t *p, size_t n)
{
	uint8_t head[8], tail[4];
	uLong crc;
	enum err e;

	put32(head, (uint32_t)n);
	memcpy(head + 4, type, 4);
	crc = crc32(crc32(0, head + 4, 4), p, (uInt)n);
	put32(tail, (uint32_t)crc);
	if ((e = buf_add(out, head, sizeof head)) != ERR_OK ||
	    (n > 0 && (e = buf_add(out, p, n)) != ERR_OK))
		return e;
	return buf_add(out, tail, sizeof tail);
}

/* One row of pixels, filter byte first; a set bit is white. */
static void
draw_row(uint8_t row[static ROW_MAX], const QRcode *code, size_t modules, size_t y)
{
	size_t x, side = (size_t)code->width, i;
	bool is_dark;

	memset(row, 0, ROW_MAX);
	for (x = 0; x < modules * SCALE; x++) {
		i = x / SCALE;
		is_dark = y >= QUIET && y < QUIET + side && i >= QUIET && i < QUIET + side &&
			  (code->data[(y - QUIET) * side + (i - QUIET)] & 1) != 0;
		if (!is_dark)
			row[1 + x / 8] |= (uint8_t)(0x80 >> (x % 8));
	}
}

/* A zlib stream of one stored block. */
static enum err
draw(struct buf *out, const QRcode *code)
{
	size_t modules = (size_t)code->width + 2 * QUIET, pixels = modules * SCALE;
	size_t row_len = 1 + (pixels + 7) / 8, len = row_len * pixels, y;
	uint8_t row[ROW_MAX], head[ZLIB_HEAD + 5], tail[ZLIB_TAIL];
	uLong sum = adler32(0, NULL, 0);
	enum err e;

	if (row_len > sizeof row || len > STORED)
		return ERR_LIMIT;
	memcpy(head, "\x78\x01\x01", 3);
	head[3] = (uint8_t)len;
	head[4] = (uint8_t)(len >> 8);
	head[5] = (uint8_t)~len;
	head[6] = (uint8_t)(~len >> 8);
	e = buf_add(out, head, sizeof head);
	for (y = 0; y < pixels && e == ERR_OK; y++) {
		draw_row(row, code, modules, y / SCALE);
		sum = adler32(sum, row, (uInt)row_len);
		e = buf_add(out, row, row_len);
	}
	put32(tail, (uint32_t)sum);
	return e == ERR_OK ? buf_add(out, tail, sizeof tail) : e;
}

static enum err
put_image(struct buf *out, const QRcode *code)
{
	uint32_t side = ((uint32_t)code->width + 2 * QUIET) * SCALE;
	/* width, height, one bit, grey, deflate, no filters, not interlaced */
	uint8_t head[13] = {[8] = 1};
	struct buf pixels;
	enum err e;

	buf_init(&pixels, STORED + 64);
	put32(head, side);
	put32(head + 4, side);
	if ((e = draw(&pixels, code)) == ERR_OK &&
	    (e = buf_add(out, "\x89PNG\r\n\x1a\n", 8)) == ERR_OK &&
	    (e = put_chunk(out, "IHDR", head, sizeof head)) == ERR_OK &&
	    (e = put_chunk(out, "IDAT", pixels.p, pixels.len)) == ERR_OK)
		e = put_chunk(out, "IEND", head, 0);
	buf_wipe(&pixels);
	return e;
}

enum err
qr_png(struct buf *out, const char *text)
{
	QRcode *code;
	enum err e;

	if (strlen(text) > QR_TEXT_MAX)
		return ERR_LIMIT;
	if ((code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M)) == NULL)
		return ERR_NOMEM;
	e = put_image(out, code);
	QRcode_free(code);
	return e;
}
