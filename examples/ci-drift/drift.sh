#!/bin/sh
# Does a Windows host differ from its configuration?  TF_CLI=tofu sh drift.sh [-chdir=DIR] [OPTIONS OF plan]
#
#   exit 0   every host was read, none differs
#   exit 2   every host was read, the differences are listed
#   exit 1   a host was NOT checked, or the check did not work; differences that were found are listed all the same
#
# It runs `plan -detailed-exitcode -json`, never -refresh-only: that returns 2 on Terraform 1.11 without any drift. A
# restarted or patched host is no difference, nor is an output that changed; see README.md for what else a plan can hold.
# Needs: terraform or tofu (TF_CLI, else the first of them on the PATH), `init` done, and a POSIX sh, awk, grep and
# mktemp, which every image has. Not jq, which the images of Terraform and OpenTofu lack.
set -eu
export LC_ALL=C # awk reads bytes, whatever a host has in its registry

die() {
	printf 'drift.sh: %s\n' "$*" >&2
	exit 1
}

# What would leave hosts unread without a word, or replace what this script reads, is refused.
refuse_blind() {
	for option; do
		case $option in
		-refresh* | --refresh* | -target* | --target* | -exclude* | --exclude* | -destroy* | --destroy*)
			die "$option leaves hosts unchecked: leave it out (TF_CLI_ARGS and TF_CLI_ARGS_plan count too)." ;;
		-out* | --out* | -json* | --json* | -detailed-exitcode* | --detailed-exitcode*)
			die "$option is this script's own: leave it out (TF_CLI_ARGS and TF_CLI_ARGS_plan count too)." ;;
		esac
	done
}

cli=${TF_CLI:-}
[ -n "$cli" ] || cli=$(command -v terraform || command -v tofu) || die "there is neither terraform nor tofu on the PATH; install one, or set TF_CLI to its path."
command -v "$cli" >/dev/null || die "TF_CLI names $cli, which is no program here."
chdir=
case ${1:-} in -chdir=*) chdir=$1 && shift ;; esac
refuse_blind "$@"
# The command line parses these with a shell's quotes; without them a word looks as it will to plan. A value of several
# words that has such a word in it is refused too.
set -f # no file names for an asterisk
# shellcheck disable=SC2046 # words are wanted
refuse_blind $(printf '%s\n' "${TF_CLI_ARGS:-} ${TF_CLI_ARGS_plan:-}" | tr '\r' ' ' | tr -d "\"'\\\\")
set +f

# A plan file holds the values of variables, secrets too: it is for our eyes only, and gone at the end.
umask 077
work=$(mktemp -d) || die "no temporary directory can be made."
# Whatever ends this script before its verdict ends it with 1: an awk that fails would end it with 2, which means drift.
verdict=1
trap 'rm -rf "$work"; exit "$verdict"' EXIT
trap 'exit 1' HUP INT TERM

# flatten WANTED turns JSON documents into lines "PATH<tab>VALUE" for each string, number, true, false and null whose
# path matches; the path begins with the number of the document. Cut at each quote, the pieces of JSON are in turn outside
# and inside a string, so no depth of escaping confuses it, and it is as quick as awk can be. Control characters come out
# as blanks, and ## apart: a host must not be able to write commands for a CI system (##vso[…]) into its log.
flatten() {
	awk -v wanted="$1" '
		function hex(digits, i, n) {
			for (i = 1; i <= length(digits); i++) n = n * 16 + index("0123456789abcdef", tolower(substr(digits, i, 1))) - 1
			return n
		}
		function unescape(s, out, i, c) {
			while (i = index(s, "\\")) {
				out = out substr(s, 1, i - 1)
				c = substr(s, i + 1, 1)
				s = substr(s, i + 2)
				if (c == "u") {
					c = hex(substr(s, 1, 4))
					out = out (c < 32 || c == 127 ? " " : c < 127 ? sprintf("%c", c) : "?")
					s = substr(s, 5)
				} else out = out (index("bfnrt", c) ? " " : c)
			}
			out = out s
			gsub(/[\001-\037\177]/, " ", out)
			while (sub(/##/, "# #", out)) {}
			return out
		}
		function here() { return base[depth] (depth == 0 ? "" : kind[depth] == "[" ? "/" place[depth] : "/" key[depth]) }
		function emit(value) {
			if (here() !~ wanted) return
			if (here() ~ /\/detail$/) sub(/\\n\\n.*/, "", value) # its first paragraph says what happened
			printf "%s\t%s\n", here(), unescape(value)
		}
		function literal_ends() { if (literal != "") emit(literal); literal = "" }
		function outside(s, i, c, path) {
			for (i = 1; i <= length(s); i++) {
				c = substr(s, i, 1)
				if (c == "{" || c == "[") {
					if (depth == 0) base[0] = ++documents
					path = here()
					depth++; base[depth] = path; kind[depth] = c; place[depth] = 0; name = (c == "{")
				} else if (c == "}" || c == "]") {
					literal_ends(); depth--; name = 0
				} else if (c == ",") {
					literal_ends(); place[depth]++; name = (kind[depth] == "{")
				} else if (c == ":") name = 0
				else if (c !~ /[ \t\r\n]/) literal = literal c
			}
		}
		function ends_in_escape(s, n) { while (n < length(s) && substr(s, length(s) - n, 1) == "\\") n++; return n % 2 }
		BEGIN { RS = "\""; depth = 0 }
		!inside { outside($0); inside = 1; text = ""; next }
		ends_in_escape($0) { text = text $0 "\""; next }
		{
			text = text $0; inside = 0
			if (name) key[depth] = unescape(text)
			else emit(text)
		}'
}

# messages reads what plan said: lines KIND<tab>TEXT, each once, since a provider may say a thing twice.
messages() {
	flatten '^[0-9]+/(type|diagnostic/(severity|summary|detail|address)|hook/resource/(addr|resource_type)|change/(action|resource/addr))$' | awk -F '\t' '
		function finish(key) {
			if (v["type"] == "refresh_complete" && v["hook/resource/resource_type"] == "windows_tcpip_tuning") print "read\t" v["hook/resource/addr"]
			if (v["type"] == "change_summary") print "summed\t-"
			if (v["type"] == "planned_change") print "planned\t" v["change/resource/addr"] ": " v["change/action"]
			if (v["type"] == "diagnostic") {
				key = v["diagnostic/severity"] "\t" v["diagnostic/summary"] "\t" v["diagnostic/address"]
				if (!(key in said)) {
					if (v["diagnostic/severity"] == "error") {
						print "unchecked\t" v["diagnostic/summary"]
						print "unchecked\t    " v["diagnostic/detail"]
					} else if (v["diagnostic/summary"] ~ /drift NOT checked/) {
						print "unread\t-"
						print "unchecked\t" v["diagnostic/summary"]
						print "unchecked\t    " v["diagnostic/detail"]
					} else print "warning\t" v["diagnostic/summary"]
				}
				said[key] = 1
			}
			split("", v)
		}
		{
			slash = index($1, "/")
			if (substr($1, 1, slash - 1) != document) { finish(); document = substr($1, 1, slash - 1) }
			v[substr($1, slash + 1)] = $2
		}
		END { finish() }'
}

# changes reads the plan: lines drift<tab>HOST<tab>VALUE<tab>FROM<tab>TO for our resource, other<tab>ADDRESS: ACTION for
# those of other providers (whose values may be secret and are never printed), bookkeeping<tab>TEXT for what is on no host.
# Then known<tab>ADDRESS for each of ours in the state that must have been read, and ignored<tab>HOST<tab>VALUE<tab>WAS<tab>IS
# for what differs from the state and is not to be changed.
changes() {
	flatten '^[0-9]+/(resource_(changes|drift)/[0-9]+/(address|previous_address|type|change/)|output_changes/[^/]+/actions/0$|prior_state/values/root_module/(child_modules/[0-9]+/)*resources/[0-9]+/(address|mode|type)$)' | awk -F '\t' '
		function shown(side, attribute) {
			if ((side "_sensitive") in v || (side "_sensitive/" attribute) in v) return "(sensitive)"
			if (side == "after" && ("after_unknown/" attribute) in v) return "(known after apply)"
			if (!((side "/" attribute) in v) || v[side "/" attribute] == "null") return "(none)"
			return v[side "/" attribute]
		}
		function row(attribute) {
			print "drift\t" host "\t" attribute "\t" shown("before", attribute) "\t" shown("after", attribute)
			rows++
			planned[address, attribute] = 1
		}
		function follows(attribute) { return attribute ~ /^(pending_restart|owner)(\/|$)/ } # from the others
		function of_host() {
			host = shown("before", "host")
			if (host ~ /^\(/) host = shown("after", "host")
			if (host ~ /^\(/) host = address
		}
		# differs: one side alone may be unknown or sensitive; null and not there are the same.
		function differs(attribute, before, after) {
			if (("after_unknown/" attribute) in v) return 1
			before = ("before/" attribute) in v ? v["before/" attribute] : "null"
			after = ("after/" attribute) in v ? v["after/" attribute] : "null"
			return before != after
		}
		# seen keeps what reading found to differ from the state, until it is known what the plan changes.
		function seen(i) {
			if (type != "windows_tcpip_tuning" || v["actions/0"] != "update") return
			of_host()
			for (i = 1; i <= attributes; i++) {
				if (follows(list[i]) || list[i] ~ /^original(\/|$)/ || !differs(list[i])) continue
				where[++sights] = address; what[sights] = list[i]
				sight[sights] = host "\t" list[i] "\t" shown("before", list[i]) "\t" shown("after", list[i])
			}
		}
		function finish(action, i, later) {
			if (address == "") return
			action = v["actions/0"] (("actions/1") in v ? " and " v["actions/1"] : "")
			if (action == "forget") forgotten[address] = 1
			else if (action != "no-op" && action != "update" && current ~ /^resource_changes/) whole[address] = 1
			if (current ~ /^resource_drift/) seen()
			else if (action == "no-op" || action == "read" || action == "forget") {
				if (moved != "") print "bookkeeping\t" moved " becomes " address
				if (("importing/id") in v) print "bookkeeping\t" address " is imported"
				if (action != "no-op") print "bookkeeping\t" address ": " action
			} else if (type != "windows_tcpip_tuning") print "other\t" address ": " action
			else {
				of_host()
				rows = 0
				if (action != "update") print "drift\t" host "\t(" address ")\t(" action ")\t-"
				if (action != "create" && action != "delete") for (i = 1; i <= attributes; i++) {
					if (follows(list[i]) || !differs(list[i])) continue
					if (list[i] ~ /^original(\/|$)/) later = list[i]
					else row(list[i])
				}
				if (action == "update" && rows == 0) {
					if (later != "") row(later)
					else print "drift\t" host "\t(" address ")\t(update)\t-"
				}
			}
			address = ""; type = ""; moved = ""; attributes = 0
			split("", v); split("", listed); split("", list)
		}
		{ split($1, part, "/") }
		part[2] == "output_changes" { if ($2 != "no-op") print "output\t" part[3]; next }
		part[2] == "prior_state" {
			name = path = $1
			sub(/^.*\//, "", name)
			sub(/\/[^\/]*$/, "", path)
			state[path, name] = $2
			if (name == "type" && $2 == "windows_tcpip_tuning") ours[++known] = path
			next
		}
		{
			if (part[2] "/" part[3] != current) { finish(); current = part[2] "/" part[3] }
			path = $1
			sub(/^[0-9]+\/resource_[a-z]+\/[0-9]+\//, "", path)
			if (path == "address") address = $2
			else if (path == "type") type = $2
			else if (path == "previous_address") moved = $2
			else {
				sub(/^change\//, "", path)
				if (path ~ /^(before_sensitive|after_sensitive|after_unknown)(\/|$)/ && $2 == "false") next
				v[path] = $2
				if (path !~ /^(before|after|after_unknown)\//) next
				sub(/^[^\/]*\//, "", path)
				if (!(path in listed)) { listed[path] = 1; list[++attributes] = path }
			}
		}
		END {
			finish()
			# One that is to be forgotten need not be read.
			for (i = 1; i <= known; i++) {
				address = state[ours[i], "address"]
				if (state[ours[i], "mode"] == "managed" && !(address in forgotten)) print "known\t" address
			}
			for (i = 1; i <= sights; i++) if (!((where[i], what[i]) in planned) && !(where[i] in whole)) print "ignored\t" sight[i]
		}'
}

# lines KIND prints the texts of that kind; section KIND TITLE the same below a title, if there are any.
lines() { sed -n "s/^$1	//p" "$work/found"; }
# table KIND TITLE HEADING HEADING prints the rows of that kind: host, value, and the two that are named.
table() {
	[ "$(count "$1")" -gt 0 ] || return 0
	printf '\n%s\n' "$2"
	{
		printf 'HOST\tVALUE\t%s\t%s\n' "$3" "$4"
		lines "$1"
	} | awk -F '\t' '
		{ for (i = 1; i <= 4; i++) { cell[NR, i] = $i; if (length($i) > width[i]) width[i] = length($i) } }
		END { for (n = 1; n <= NR; n++) printf "  %-" width[1] "s  %-" width[2] "s  %-" width[3] "s  %s\n", cell[n, 1], cell[n, 2], cell[n, 3], cell[n, 4] }'
}
count() { lines "$1" | wc -l | tr -d ' '; }
section() {
	[ "$(count "$1")" -eq 0 ] || {
		printf '\n%s\n' "$2"
		lines "$1" | sed 's/^/  /'
	}
}

code=0 shown=yes
# shellcheck disable=SC2086 # nothing at all where there is no -chdir
"$cli" ${chdir:+"$chdir"} plan -detailed-exitcode -json -input=false -out "$work/plan" "$@" >"$work/said" </dev/null || code=$?
{
	grep '^{' "$work/said" | messages
	# What is no JSON comes from a command line that was not understood.
	[ "$code" -eq 0 ] || [ "$code" -eq 2 ] || grep -v '^{' "$work/said" | sed 's/^/unchecked	/'
} >"$work/found" || true
if [ -s "$work/plan" ] && "$cli" ${chdir:+"$chdir"} show -json "$work/plan" >"$work/shown" </dev/null; then
	changes <"$work/shown" >>"$work/found"
	# A plan that failed says itself what it did not come to.
	if [ "$code" -eq 0 ] || [ "$code" -eq 2 ]; then
		awk -F '\t' '
			$1 == "read" { read[$2] = 1 }
			$1 == "known" && !($2 in read) { print "unchecked\t" $2 " is in the state and was not read: what kept plan from it?" }' "$work/found" >"$work/missed"
		cat "$work/missed" >>"$work/found"
	fi
else # the plan's messages say what changes, without values
	shown=
	sed -n 's/^planned	/drift	(no values)	/p' "$work/found" >"$work/planned"
	cat "$work/planned" >>"$work/found"
fi

hosts=$(lines drift | cut -f 1 | sort -u | wc -l | tr -d ' ')
read=$(($(count read) - $(count unread)))
unchecked=$(lines unchecked | grep -c -v '^    ') || true

section unchecked "NOT CHECKED"
table drift "DRIFT (from: on the host; to: as configured)" FROM TO
table ignored "SEEN, AND IGNORED BY THE CONFIGURATION (was: at the last apply; is: on the host)" WAS IS
section warning "WARNINGS"
section other "CHANGES OF OTHER RESOURCES"
section output "OUTPUTS THAT CHANGE (no difference on a host)"
section bookkeeping "ON NO HOST"

# Silence is no proof: a plan that went well has a summary, and a check has read a host.
blind=
if [ "$code" -eq 0 ] || [ "$code" -eq 2 ]; then
	[ "$((read + hosts + unchecked))" -gt 0 ] || blind="No host was read: are this directory, workspace and for_each the right ones?"
	[ "$shown" ] || blind="The plan could not be shown, so nobody knows whether every host was read."
	[ "$(count summed)" -gt 0 ] || blind="What plan said could not be read: is awk all right?"
else
	[ "$unchecked" -gt 0 ] || blind="plan ended with exit code $code and did not say why, unless above."
fi
[ -z "$blind" ] || printf '\n%s\n' "$blind"

result=clean
if [ -n "$blind" ] || [ "$unchecked" -gt 0 ]; then # a plan that failed is one of the two
	code=1 result="NOT CHECKED"
elif [ "$((hosts + $(count other)))" -gt 0 ]; then
	code=2 result=DRIFT
elif [ "$code" -eq 2 ] && [ "$(($(count output) + $(count bookkeeping)))" -eq 0 ]; then
	code=2 result="DRIFT of a kind that this script does not know"
else
	code=0
fi
printf '\n%s: hosts read: %s, hosts that differ: %s, problems: %s (exit code %s)\n' "$result" "$read" "$hosts" "$unchecked" "$code"
verdict=$code
