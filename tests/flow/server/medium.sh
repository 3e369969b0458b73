# A file system that can't keep the promises is refused at once, with words that tell what to do.
. "$(dirname "$0")/common"
"$make_keys" keys 1 "$today" "$today" 4 14

step no unnamed files
LD_PRELOAD=$build/tests/unit/client/libno_tmpfile.so
export LD_PRELOAD
if verb init >out 2>&1; then fail 'it was made'; fi
grep -q "can't make unnamed files (O_TMPFILE)" out && grep -q 'ext4, XFS and tmpfs can' out || { cat out; fail 'the words'; }
unset LD_PRELOAD
verb init >/dev/null
verb publish keys/publish/keys.txt >/dev/null
LD_PRELOAD=$build/tests/unit/client/libno_tmpfile.so
export LD_PRELOAD
if verb serve >out 2>&1; then fail 'it serves'; fi
grep -q "can't make unnamed files (O_TMPFILE)" out || { cat out; fail 'the words'; }
unset LD_PRELOAD
echo ok
