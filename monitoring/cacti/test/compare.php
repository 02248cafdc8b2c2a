<?php
// compare.php SERVER FETCHED FROM TO: is what `rrdtool fetch` printed what the server had at each poll, by SERVER.truth of
// witness.php? Equal, to the last socket.
[, $server, $fetched, $from, $to] = $argv;

$lines = file($fetched);
$names = preg_split('/\s+/', trim(array_shift($lines)));
$got = [];
foreach ($lines as $line) {
	if (preg_match('/^(\d+): (.*)$/', trim($line), $m)) {
		$got[$m[1]] = array_combine($names, array_map(fn ($text) => is_numeric($text) ? (float) $text : NAN, preg_split('/\s+/', $m[2])));
	}
}

$bad = $compared = 0;
foreach (file("$server.truth") as $line) {
	[$time, $json] = explode(' ', $line, 2);
	if ($time < $from || $time > $to) {
		continue;
	}
	$had = json_decode($json, true);
	foreach ($names as $name) {
		$value = $got[$time][$name] ?? NAN;
		$compared++;
		if ($value !== (float) $had[$name] && $bad++ < 5) {
			echo "  $name at ", gmdate('H:i', $time), " is $value; the server had $had[$name]\n";
		}
	}
}
echo "  $compared values of ", implode(', ', $names), ", $bad of them wrong\n";
exit($bad == 0 && $compared == count($names) * (($to - $from) / 300 + 1) ? 0 : 1);
