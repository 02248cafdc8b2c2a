# shellcheck shell=bash
# Sourced by scripts/test-monitoring: the rules in promtool, and on what the program says of simulated hosts.
# shellcheck disable=SC2154 # work, debian, http … are the script's

rules=$root/monitoring/prometheus/rules.yml
promtool=$debian/usr/bin/promtool

# tune_mail01 has Terraform set a value that awaits a restart: then the host has a journal, and tells of it.
tune_mail01() {
	mkdir "$work/terraform"
	cat >"$work/terraform/main.tf" <<-EOT
		terraform {
		  required_providers {
		    windows = { source = "windows-baseline/windows" }
		  }
		}
		resource "windows_tcpip_tuning" "mail01" {
		  host                 = "${http[mail01]}"
		  tcp_timed_wait_delay = 60
		}
	EOT
	cat >"$work/terraform.rc" <<-EOT
		provider_installation {
		  dev_overrides { "$(registry_host "$(cli_product "$cli")")/windows-baseline/windows" = "$work/provider" }
		  direct {}
		}
	EOT
	TF_CLI_CONFIG_FILE=$work/terraform.rc WINDOWS_USERNAME=$WINSIM_USERNAME WINDOWS_PASSWORD=$WINSIM_PASSWORD WINDOWS_AUTH=ntlm \
		"$cli" -chdir="$work/terraform" apply -auto-approve -no-color >"$work/terraform.log" 2>&1 || { cat "$work/terraform.log"; die "mail01 could not be tuned."; }
}

prometheus_rules() {
	part "Prometheus: the rules by themselves"
	check "promtool check rules" "$promtool" check rules "$rules"
	check "each alert fires and stays quiet as it should (rules_test.yml)" "$promtool" test rules "$root/monitoring/prometheus/rules_test.yml"
	check "what takes days (rules_days_test.yml)" "$promtool" test rules "$root/monitoring/prometheus/rules_days_test.yml"
}

# collect has the program write its file; mail03 is gone, the others are told all the same.
collect() { stats --format=prometheus --refused-file="$work/state/refused" --output="$work/textfile/windows_socket_stats.prom" "${http[@]}"; }
# the_names prints the names of the metrics in a text of series.
the_names() { sed -nE 's/^# TYPE ([^ ]+) .*/\1/p' "$1" | sort -u; }
# names_in_rules prints those that the rules ask for: in annotations what stands before a brace, in expressions every
# word that is not of PromQL, a label of ours or a recorded series (which has a colon).
names_in_rules() {
	awk '
		/^ *#/ { next }
		/^ *(- (alert|record|name)|annotations|labels|for):/ { within = "" }
		/^ *(expr|annotations):/ { within = $1; sub(/^ *expr: *(>-)?/, "") }
		within == "expr:" { gsub(/"[^"]*"/, ""); gsub(/[0-9]+[smhd]/, ""); print }
		within == "annotations:" { while (match($0, /"[a-z0-9_:]+\{/)) { print substr($0, RSTART + 1, RLENGTH - 2); $0 = substr($0, RSTART + RLENGTH) } }
	' "$rules" | grep -oE '[a-zA-Z_:][a-zA-Z0-9_:]*' | grep -v : | sort -u |
		grep -vxE 'and|or|unless|on|ignoring|group_left|offset|sum|max|without|absent|time|rate|resets|predict_linear|(min|max|present)_over_time|af|destination|file'
}
all_known() { ! comm -23 <(names_in_rules) <(the_names "$work/scraped") | grep .; }
# shellcheck disable=SC2016 # Markdown's backticks
names_in_guide() { sed -nE 's/^\| `((windows|node)_[a-z0-9_]+)[`{].*/\1/p' "$root/templates/guides/prometheus.md" | grep -v '^node_' | sort -u; }

scrape() {
	exec 3<>"/dev/tcp/127.0.0.1/$1" || return
	printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
	tr -d '\r' <&3 | sed '1,/^$/d' >"$work/scraped"
	exec 3>&-
	grep -q '^windows_socket_stats_probe_success' "$work/scraped"
}

# series prints a file of unit tests whose series are those that were scraped, for an hour and a half as they are.
series() {
	echo "rule_files: [$rules]"
	echo 'evaluation_interval: 1m'
	echo 'tests:'
	echo '  - interval: 1m'
	echo '    input_series:'
	sed -nE "s/^((windows|node)_.*) ([^ ]+)\$/      - { series: '\1', values: '\3x90' }/p" "$work/scraped"
	echo '    promql_expr_test:'
	echo "      - expr: count by (alertname, winrm_host) (ALERTS{alertstate=\"firing\"})"
	echo '        eval_time: 80m'
	echo '        exp_samples:'
	local name host
	while read -r name host; do
		echo "          - { labels: '{alertname=\"$name\"${host:+, winrm_host=\"$host\"}}', value: 1 }"
	done
}

prometheus_reads() {
	part "Prometheus: what the program tells of three hosts, one of them gone"
	mkdir "$work/textfile"
	mkdir -m 0700 "$work/state"
	check "exit code 1, since a host failed" exits 1 collect
	check "promtool check metrics" "$promtool" check metrics <"$work/textfile/windows_socket_stats.prom"

	"$debian/usr/bin/prometheus-node-exporter" --collector.disable-defaults --collector.textfile --collector.textfile.directory="$work/textfile" \
		--web.listen-address=127.0.0.1:0 >"$work/node.log" 2>&1 </dev/null &
	local exporter=$! port
	running+=("$exporter")
	soon grep -q 'Listening on' "$work/node.log" || cat "$work/node.log"
	port=$(sed -nE 's/.*Listening on.*address=127\.0\.0\.1:([0-9]+).*/\1/p' "$work/node.log")
	check "node_exporter's textfile collector takes the file" soon scrape "$port"
	check "and says that it did" grep -qx 'node_textfile_scrape_error 0' "$work/scraped"
	ended "$exporter" || true

	check "every series that the rules ask for is there" all_known
	check "the guide's table has the program's metrics, and no other" same "$(the_names "$work/textfile/windows_socket_stats.prom")" "$(names_in_guide)"
	check "one in three hosts failed" same 1 "$(grep -c '^windows_socket_stats_probe_success{.*} 0$' "$work/scraped")"
	# The file's time is that of the test's first minute, or before.
	sed -i -E 's/^(node_textfile_mtime_seconds\{.*\}) .*/\1 0/' "$work/scraped"
	series >"$work/real_test.yml" <<-EOT
		WindowsPortsInTimeWait ${http[mail01]}
		WindowsPortsNearlyGone ${http[mail01]}
		WindowsPortsRunningLow ${http[mail01]}
		WindowsPortsToOneDestination ${http[mail01]}
		WindowsPortsToOneDestinationNearlyGone ${http[mail01]}
		WindowsProbeFails ${http[mail03]}
		WindowsProbeStale
	EOT
	check "the alerts that these series mean, were they to stay, and no other" "$promtool" test rules "$work/real_test.yml"
}
