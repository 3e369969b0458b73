#ifndef SEALSLOT_SEAL_ZIP_H
#define SEALSLOT_SEAL_ZIP_H

/*
 * The constants of the ZIP profile that writer and reader share
 * (keys/FORMATS.md section 2; PKWARE APPNOTE 6.3.10).
 */
#define ZIP_BLOCK        8192 /* bytes in a full uncompressed deflate block */
#define ZIP_BLOCK_HEADER 5
#define ZIP_LOCAL_SIG    0x04034b50u
#define ZIP_DESC_SIG     0x08074b50u
#define ZIP_CENTRAL_SIG  0x02014b50u
#define ZIP_END64_SIG    0x06064b50u
#define ZIP_LOC64_SIG    0x07064b50u
#define ZIP_END_SIG      0x06054b50u
#define ZIP_LOCAL_LEN    30
#define ZIP_LOCAL_EXTRA  20
#define ZIP_DESC_LEN     24
#define ZIP_CENTRAL_LEN  46
#define ZIP_END64_LEN    56
#define ZIP_LOC64_LEN    20
#define ZIP_END_LEN      22
#define ZIP_DATE         0x0021 /* 1980-01-01 */
#define ZIP_VERSION      45
#define ZIP_MADE_BY      0x032d
#define ZIP_MODE         0100600u
#define ZIP_FLAG_DESC    0x0008
#define ZIP_FLAG_UTF8    0x0800
#define ZIP_MESSAGE      "message.txt"
#define ZIP_FILES        "files/"
#define ZIP_MANIFEST     "manifest.json"
#define ZIP_PADDING      ".padding"

#endif
