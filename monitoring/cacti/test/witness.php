<?php
// witness.php SERVER=CONTROL...: for each line "SECONDS RATE" that it reads, lets five minutes pass on the simulated servers
// under that load, and notes what each has then, by itself and not through WinRM: a line "SECONDS JSON" in SERVER.truth, by the
// names of the data sources. Time stands still afterwards (winsim serve --stepped), so that this is what a poll must read.
const ESTABLISHED = 5, TIME_WAIT = 11; // Microsoft's numbers
const HOLD = 8;                        // seconds that a mail takes

$destinations = array_map(fn ($i) => "198.51.100.$i:25", range(1, 20));

function ask($control, $method, $path, $body = '') {
	$answer = file_get_contents("http://$control$path", false, stream_context_create(['http' => [
		'method' => $method, 'content' => $body, 'header' => 'Content-Type: application/json',
	]]));
	if ($answer === false) {
		exit(1);
	}
	return json_decode($answer, true);
}

// had tells what a server has: its sockets by state from winsim's own count, its ports from netstat at its console.
function had($control) {
	$count = ask($control, 'GET', '/sockets');
	$ports = $waiting = $busy = [];
	foreach (preg_split('/\r?\n/', ask($control, 'POST', '/console', '{"line":"netstat -ano"}')['output']) as $row) {
		[$protocol, $local, $remote, $state] = preg_split('/\s+/', trim($row)) + ['', '', '', ''];
		$port = (int) substr(strrchr($local, ':'), 1);
		if ($protocol != 'TCP' || $port < $count['start'] || $port >= $count['start'] + $count['number']) {
			continue;
		}
		$ports[$port] = true;
		if ($state == 'TIME_WAIT') {
			$waiting[$port] = true;
		}
		if ($state != 'LISTENING') {
			$busy[$remote][$port] = true;
		}
	}
	return [
		'active' => $count['states'][ESTABLISHED] ?? 0, 'stale' => $count['states'][TIME_WAIT] ?? 0, 'failures' => $count['failures'],
		'pool_in_use' => count($ports), 'pool_time_wait' => count($waiting), 'pool_size' => $count['number'],
		'busiest_destination' => max(0, 0, ...array_map('count', array_values($busy))),
	];
}

while (($line = fgets(STDIN)) !== false) {
	[$at, $rate] = explode(' ', trim($line));
	foreach (array_slice($argv, 1) as $server) {
		[$name, $control] = explode('=', $server);
		ask($control, 'POST', '/load', json_encode(['PerSecond' => (float) $rate, 'Hold' => HOLD * 1000000000, 'Destinations' => $destinations]));
		ask($control, 'POST', '/step?by=300s');
		file_put_contents("$name.truth", "$at " . json_encode(had($control)) . "\n", FILE_APPEND);
	}
	echo "done\n";
}
