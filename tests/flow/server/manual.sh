# The manual pages know every verb and every key, and the example is a configuration.
. "$(dirname "$0")/common"
source=$here/../../../server

step every key of the configuration
sed -n 's/^    {"\([a-z]*\)", "\([a-z_]*\)", conf_value.*/\1 \2/p' "$source/conf/conf.c" >table
[ "$(wc -l <table)" -ge 13 ] || fail 'the table of keys was not found'
while read -r section key; do
	sed -n "/^\.Ss \[$section\]/,/^\.Ss \[/p" "$source/sealslotd.conf.5" | grep -qx ".It Cm $key" ||
		fail "$key of [$section] isn't in sealslotd.conf(5)"
	grep -qE "^#?$key = " "$source/sealslotd.conf.example" || fail "$key isn't in the example"
done <table

step every verb
"$sealslotd" --help | sed -n 's/^  sealslotd \([a-z-]*\) .*/\1/p' >verbs
[ "$(wc -l <verbs)" -ge 6 ] || fail 'the verbs were not found'
while read -r verb; do
	grep -qx ".It Cm $verb" "$source/sealslotd.8" || fail "$verb isn't in sealslotd(8)"
	"$sealslotd" "$verb" --help | grep -o -- '--[a-z-]*' | sort -u | grep -v -e '--conf' -e '--help' >options || :
	while read -r option; do
		grep -qF "\\-${option#--}" "$source/sealslotd.8" || fail "$option of $verb isn't in sealslotd(8)"
	done <options
done <verbs

step the example
"$make_keys" keys 1 "$today" "$today" 26 14
# try: what stands on standard input makes a store.
try() {
	sed "s|^path = .*|path = $scratch/example|; s|^root = .*|root = $scratch/keys/root.pub|; s|^user = .*|$user_line|" >example.conf
	"$sealslotd" init --conf example.conf >out || fail 'the example is no configuration'
	rm -r example
}
try <"$source/sealslotd.conf.example"
sed 's/^#\([a-z_]* = \)/\1/' "$source/sealslotd.conf.example" | try
grep -q '^max_upload = 4G' example.conf || fail 'the defaults were not tried'
echo ok
