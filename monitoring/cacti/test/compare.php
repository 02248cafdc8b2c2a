<?php
// compare.php SERVER FETCHED FROM TO: is what `rrdtool fetch` printed what the server had at each poll? Files:
//   SERVER.truth    time, and what winsim's control API said before and after the poll (GET /sockets)
//   SERVER.idle     the same before there was any load
//   SERVER.netstat  the server's own netstat then
// Between the two readings the server's clock goes on: connections are opened, and about as many close and leave TIME_WAIT.
[, $server, $fetched, $from, $to] = $argv;

const ESTABLISHED = 5, TIME_WAIT = 11; // Microsoft's numbers

$idle = json_decode(file_get_contents("$server.idle"), true);
$held = []; // ports of the pool without load: those of listeners
foreach (preg_split('/\r?\n/', json_decode(file_get_contents("$server.netstat"), true)['output']) as $row) {
	if (preg_match('/^\s*TCP\s+\S+:(\d+)\s/', $row, $m) && $m[1] >= $idle['start'] && $m[1] < $idle['start'] + $idle['number']) {
		$held[$m[1]] = true;
	}
}

// had tells what the server had, from what the control API said: by the names of the data sources.
function had($said) {
	global $idle, $held;
	$established = $said['states'][ESTABLISHED] ?? 0;
	$waiting = $said['states'][TIME_WAIT] ?? 0;
	return [
		'active' => $established, 'stale' => $waiting, 'pool_size' => $said['number'], 'pool_time_wait' => $waiting,
		'pool_in_use' => count($held) + $established - $idle['states'][ESTABLISHED] + $waiting, // each has a port of its own
	];
}

$lines = file($fetched);
$names = preg_split('/\s+/', trim(array_shift($lines)));
$got = [];
foreach ($lines as $line) {
	if (preg_match('/^(\d+): (.*)$/', trim($line), $m)) {
		$got[$m[1]] = array_combine($names, array_map(fn ($text) => is_numeric($text) ? (float) $text : NAN, preg_split('/\s+/', $m[2])));
	}
}

$bad = $compared = $widest = 0;
foreach (file("$server.truth") as $line) {
	[$time, $before, $after] = explode("\t", $line);
	if ($time < $from || $time > $to) {
		continue;
	}
	$before = json_decode($before, true);
	$after = json_decode($after, true);
	$meanwhile = 2 + $after['active'] - $before['active'] + $after['failures'] - $before['failures'];
	foreach ($names as $name) {
		$values = [had($before)[$name], had($after)[$name]];
		$room = $name == 'pool_size' ? 0 : $meanwhile;
		$value = $got[$time][$name] ?? NAN;
		$compared++;
		$widest = max($widest, max($values) - min($values) + 2 * $room);
		if (!($value >= min($values) - $room && $value <= max($values) + $room) && $bad++ < 5) {
			echo "  $name at ", gmdate('H:i', $time), " is $value; the server had $values[0] to $values[1], $room connections meanwhile\n";
		}
	}
}
echo "  $compared values of ", implode(', ', $names), ", to within $widest\n";
exit($bad == 0 && $compared == count($names) * (($to - $from) / 300 + 1) ? 0 : 1);
