# The day's four pictures, through Cacti's own graph page. Sourced by scripts/test-cacti.
# shellcheck shell=bash disable=SC2154

declare -A picture=([sockets]='TCP sockets' [ports]='TCP port pool')
for server in "${servers[@]}"; do
	for part in sockets ports; do
		file=cacti-$part-$server.png
		url="http://127.0.0.1:8080/graph_image.php?local_graph_id=$(graph_of "$server" "${picture[$part]}")"
		# shellcheck disable=SC2016 # PHP's variables
		"$php_binary" -r 'copy($argv[1], $argv[2]);' "$url&rra_id=0&graph_start=$midnight&graph_end=$evening&disable_cache=true" "$work/$file"
		[ -z "${OUT:-}" ] || install -m 644 "$work/$file" "$OUT/"
		docs=$root/docs/images/$file
		[ "$polls" = 288 ] || docs= # these are of another day
		check "picture $file${docs:+, and it is the one of the docs}" \
			"$php_binary" -d "extension=$php_modules/gd.so" "$here/test/look.php" "$work/$file" "$part" "$server" ${docs:+"$docs"}
	done
done
lap "pictures${OUT:+ in $OUT}"
