#ifndef SEALSLOT_BASE_LIMITS_H
#define SEALSLOT_BASE_LIMITS_H

/*
 * Every limit on something that a stranger controls has its name here, with
 * its unit. What an admin would change is also a key of sealslotd.conf, and
 * stands here with its default and its bounds.
 */
#define LIMIT_KIB 1024ULL
#define LIMIT_MIB (1024 * LIMIT_KIB)
#define LIMIT_GIB (1024 * LIMIT_MIB)

/* ---- age files (keys/FORMATS.md section 1) */
#define LIMIT_AGE_HEADER       (64 * 1024) /* bytes of header before any cryptography */
#define LIMIT_AGE_STANZAS      256
#define LIMIT_AGE_RECIPIENTS   4  /* recipients of one submission: desks that share an inbox */
#define LIMIT_AGE_SCRYPT_LOG2N 20 /* the largest work factor we try when opening */

/* ---- the ZIP profile (section 2) */
#define LIMIT_ZIP_NAME     128 /* bytes of a member name */
#define LIMIT_ZIP_MEMBERS  503 /* files + message.txt, manifest.json, .padding */
#define LIMIT_UPLOAD_FILES 500
#define LIMIT_UPLOAD_PARTS 1000
#define LIMIT_UPLOAD_MEMORY                                                                        \
	(256 * 1024) /* names, types and growing directory of one upload, bytes */
#define LIMIT_MANIFEST      (1024 * 1024) /* bytes of manifest.json that the reader accepts */
#define LIMIT_ORIGINAL_NAME 1024          /* bytes of an original file name; longer ones are cut */
#define LIMIT_FILE_TYPE                                                                            \
	128 /* bytes of a media type; longer ones become application/octet-stream                  \
	     */

/* ---- an upload's body */
#define LIMIT_MESSAGE     (256 * 1024) /* bytes of message text */
#define LIMIT_FIELD       1024         /* bytes of any other form field */
#define LIMIT_PART_HEADER (8 * 1024)   /* bytes of one part's header */
#define LIMIT_BOUNDARY    70           /* bytes (RFC 2046) */
#define LIMIT_FIELD_NAME  64 /* bytes of a field's name; longer ones are cut, and unknown */
#define LIMIT_MULTIPART_SLACK                                                                      \
	1024 /* bytes around the parts: preamble, blanks behind a boundary, epilogue */
#define LIMIT_UPLOAD_DEFAULT (4 * LIMIT_GIB) /* conf: max_upload */
#define LIMIT_UPLOAD_MAX     (64 * LIMIT_GIB)
#define LIMIT_DRAIN_BYTES                                                                          \
	(16 * LIMIT_MIB) /* swallowed after a refusal, so that the page is read                    \
			  */
#define LIMIT_DRAIN_MS 60000

/* ---- HTTP */
#define LIMIT_HTTP_HEADER       (16 * 1024) /* bytes of request line and headers */
#define LIMIT_HTTP_FIELDS       100         /* header fields of one request */
#define LIMIT_HTTP_PATH         64          /* bytes; a longer one is no page of ours */
#define LIMIT_HTTP_HOST         128         /* bytes */
#define LIMIT_HTTP_LANGUAGE     256         /* bytes of Accept-Language; the rest is cut off */
#define LIMIT_HTTP_HEADER_MS    30000       /* from accept to the end of the headers */
#define LIMIT_HTTP_IDLE_MS      120000      /* without a byte in either direction */
#define LIMIT_HTTP_CONNECTIONS  1600
#define LIMIT_PROXY_LINE        107 /* bytes of the line in front of a connection, CR LF included */
#define LIMIT_CIRCUIT_PLACES    32  /* connections of one of tor's circuits */
#define LIMIT_CIRCUIT_MODEST    4   /* who holds no more needn't give way to others */
#define LIMIT_CIRCUIT_UPLOADS   8   /* uploads of one circuit at once */
#define LIMIT_YIELD_MS          30000 /* when all places are taken, who is silent so long gives way */
#define LIMIT_HEARD             16384 /* bytes of a body; who sends no more in that time is silent */
#define LIMIT_RECEIPTS          4096  /* receipts that can be shown again; then the oldest goes */
#define LIMIT_SMALL_FORM        8192  /* bytes of the body of a form without files */
#define LIMIT_PAGE_TEXT         (256 * 1024) /* bytes of replies on one page */
#define LIMIT_PAGE_STEP         (16 * 1024)  /* mailbox pages are padded to multiples of this */
#define LIMIT_LISTEN_BACKLOG    512          /* connections that wait in the kernel */
#define LIMIT_PROGRESS_TURNS    400          /* what a progress page counts to; below its COMING */
#define LIMIT_IN_FLIGHT_DEFAULT 64           /* conf: max_in_flight, uploads at once */
#define LIMIT_IN_FLIGHT_MAX     1024
#define LIMIT_HOURS_DEFAULT     120 /* conf: max_upload_hours, from the first body byte to the last */
#define LIMIT_SLOW_SOURCE       10000 /* bytes a second: who is as fast may send max_upload in time */
#define LIMIT_HOURS_MAX         168   /* as long as LIMIT_UPLOAD_DAYS counts on */

/* ---- the store */
/* What a file may have beyond its reservation before we call it a breach; complete, what it may
 * take on the disk: a file system's own allotments. */
#define LIMIT_CLAIM_SLACK (16 * LIMIT_MIB)
#define LIMIT_RESERVE_DEFAULT                                                                      \
	(2 * LIMIT_GIB) /* conf: reserve, bytes kept free on the file system */
#define LIMIT_DAY_DEFAULT       (128 * LIMIT_GIB) /* conf: max_day, bytes of ciphertext of one day */
#define LIMIT_DAY_MIN           (64 * LIMIT_MIB)
#define LIMIT_DAY_KEPT_PERCENT  25    /* of max_day, for those who signed in with a codename */
#define LIMIT_RETENTION_DEFAULT 60    /* conf: retention_days */
#define LIMIT_EXPIRE_BATCH      10000 /* submissions that one transaction deletes */
#define LIMIT_CONF              (64 * 1024) /* bytes of sealslotd.conf */
#define LIMIT_CONF_LINE         (16 * 1024) /* bytes of one line of it */
#define LIMIT_TOPICS            8           /* topics of the form */
#define LIMIT_TOPIC_VALUES      128         /* values of one topic */
#define LIMIT_TOPIC_VALUE       120         /* bytes of one value */
#define LIMIT_INTRO             600         /* bytes of the admin's own text on the start page */
#define LIMIT_CONTACT           200         /* ...and at the foot of each page */
#define LIMIT_LOGO              (6 * 1024)  /* bytes: page, style and logo stay below 20 KiB */
#define LIMIT_LOGO_SIDE         1024        /* pixels */
#define LIMIT_REASON            512         /* bytes of plain words from store to an admin's verb */
#define LIMIT_ADMINS            8           /* admin connections at once */
#define LIMIT_ROWS_PAGE         20000       /* rows of the index in one answer to a verb */

/* ---- schedules (section 4) */
#define LIMIT_SCHEDULE        (1024 * 1024) /* bytes of keys.txt */
#define LIMIT_SCHEDULE_LINE   1024          /* bytes of one line */
#define LIMIT_SIGNATURE       1024          /* bytes of a .minisig file */
#define LIMIT_INBOXES         16
#define LIMIT_INBOX_NAME      24   /* bytes, [a-z0-9-] */
#define LIMIT_INBOX_TITLE     120  /* bytes of UTF-8 */
#define LIMIT_EPOCHS          8192 /* epoch lines of one schedule */
#define LIMIT_REVOKED         1024
#define LIMIT_REPLY_KEYS      16
#define LIMIT_EPOCH_DAYS      366
#define LIMIT_CLOCK_JUMP_DAYS 30
#define LIMIT_WARN_DAYS       30 /* warn when fewer days of epochs are left */

/* ---- bundles (section 6) */
#define LIMIT_BUNDLE_ITEMS     200000
#define LIMIT_BUNDLE_INDEX     (64 * LIMIT_MIB)
#define LIMIT_BUNDLE_LINE      512
#define LIMIT_BUNDLE_ITEM_SIZE (2 * LIMIT_UPLOAD_MAX) /* bytes of one item, sealed and padded */
#define LIMIT_BUNDLE_VOLUMES   9999
#define LIMIT_ANSWERS          (128 * LIMIT_MIB) /* bytes of an answer bundle */

/* ---- a server's backup (section 8) */
#define LIMIT_BACKUP_ITEMS 1000000                      /* submissions */
#define LIMIT_BACKUP_FILES (LIMIT_BACKUP_ITEMS + 20000) /* and all schedules */
#define LIMIT_BACKUP_LIST  (192 * LIMIT_MIB)            /* bytes of backup.txt */
#define LIMIT_SNAPSHOT     LIMIT_GIB                    /* bytes of the index in it */

/* ---- codenames and sessions (section 5) */
#define LIMIT_MAILBOX_CALLS    512 /* sign-ins, views, reads under way at the same moment */
#define LIMIT_SESSIONS         512
#define LIMIT_SESSION_IDLE_MS  (15 * 60 * 1000LL)
#define LIMIT_SESSION_MS       (2 * 3600 * 1000LL)
#define LIMIT_RECEIPT_MS       (15 * 60 * 1000LL) /* how long a receipt can be shown again */
#define LIMIT_SESSION_SWEEP_MS 10000
#define LIMIT_CODENAME_POOL    64   /* always derived ahead; more if max_in_flight is more */
#define LIMIT_NAME_WAIT_MS     5000 /* an upload's wait for a codename when the pool is empty */
#define LIMIT_VIEWS            32   /* mailboxes being read at the same moment */
#define LIMIT_VIEW_MS          20000
#define LIMIT_DERIVERS         8 /* threads for Argon2id, 64 MiB each */
#define LIMIT_SIGN_IN_WAITING  32
#define LIMIT_SIGN_IN_MS       20000
#define LIMIT_REPLY            (60 * 1024) /* bytes of sealed reply */
#define LIMIT_REPLIES          100         /* replies of one mailbox */
#define LIMIT_REPLY_STEP       4096        /* replies are padded to multiples of this */

/* ---- key store and vault */
#define LIMIT_KEY_LOG        (4 * 1024 * 1024)   /* bytes of KEYS/log */
#define LIMIT_KEY_LOG_LINE   (64 * 1024)         /* bytes of a line of it */
#define LIMIT_KEY_BACKUP     (256 * 1024 * 1024) /* bytes of a key store's backup */
#define LIMIT_NEEDS_LINE     256                 /* bytes of a line of what a vault needs */
#define LIMIT_NEEDS_EPOCHS   65536               /* epochs that a vault has ever heard of */
#define LIMIT_NEEDS          (128 * LIMIT_MIB)   /* bytes of the whole text */
#define LIMIT_NEEDS_FILES    16                  /* vaults that one key store feeds */
#define LIMIT_UPLOAD_DAYS    7 /* an upload begun in an epoch is over this many days after its end */
#define LIMIT_KEY_FILE       (64 * 1024)
#define LIMIT_PASSPHRASE     1024 /* bytes */
#define LIMIT_NEW_PASSPHRASE 16   /* bytes at least, of a new one */
#define LIMIT_VAULT_ITEMS    1000000
#define LIMIT_VAULT_RECORDS  100000            /* bundles, schedules or alarms in a vault */
#define LIMIT_VAULT_INDEX    (512 * LIMIT_MIB) /* bytes of all its lines */
#define LIMIT_VAULT_LINE     8192              /* bytes of one line: eight long topics fit */

#endif
