#!/bin/sh
# A translation that is missing, fuzzy, stale or different in its markup ends the build.
#
#   translations.sh page_gen PAGES STATIC FR.PO
set -eu
gen=$1 pages=$2 static=$3 po=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# judge NAME: does the build accept $work/fr.po? Prints why not.
judge() {
	msgfmt --check -o "$work/fr.mo" "$work/fr.po" 2>"$work/why" &&
		"$gen" "$pages" "$static" "fr=$work/fr.mo" >"$work/out.c" 2>"$work/why"
}

refused() {
	if judge; then
		echo "accepted: $1"
		exit 1
	fi
	grep -q "$2" "$work/why" || { echo "$1: another reason: $(cat "$work/why")"; exit 1; }
}

cp "$po" "$work/fr.po"
judge || { cat "$work/why"; exit 1; }
grep -q 'page_table_n_languages = 2' "$work/out.c"

sed 's/^msgid "Seal and send"/#, fuzzy\n&/' "$po" >"$work/fr.po"
refused "a fuzzy one" "not translated"

sed 's/^msgid "Seal and send"/msgid "Seal and go"/' "$po" >"$work/fr.po"
refused "a missing one" "not translated"

sed 's/^msgstr "Sceller et envoyer"/msgstr ""/' "$po" >"$work/fr.po"
refused "an empty one" "not translated"

printf '\nmsgid "Nobody says this any more"\nmsgstr "Personne ne dit plus cela"\n' | cat "$po" - >"$work/fr.po"
refused "a stale one" "no page has this text"

sed 's/Lu par\(.*\)<strong>{{title}}<\/strong>/Lu par\1{{title}}/' "$po" >"$work/fr.po"
refused "one without its tag" "differs between"

sed 's/Envoyer des documents à {{site}}/Envoyer des documents à {{sites}}/' "$po" >"$work/fr.po"
refused "one with another value" "differs between"

sed 's/^msgstr "Français"/msgstr "Français/' "$po" >"$work/fr.po"
refused "one that isn't a .po file" "."

# French puts a no-break space before two-part signs and units (the head of fr.po): none may stand alone on a line.
msgcat --no-wrap "$po" | sed '1,/^msgid "English"/d' | LC_ALL=C.UTF-8 grep -E \
	'^msgstr.*( [:;!?»%]|« |([0-9]|\}\}) (Go|Mo|ko|h|minutes|heures|jours)\b)' >"$work/loose" || :
[ ! -s "$work/loose" ] || { echo "an ordinary space in:"; cat "$work/loose"; exit 1; }
