<?php
// look.php PICTURE sockets|ports stock|tuned: does the picture show what the day was like? By its pixels.
[, $file, $part, $server] = $argv;
$image = @imagecreatefrompng($file);
if (!$image) {
	echo "  $file is no PNG picture\n";
	exit(1);
}
[$width, $height] = [imagesx($image), imagesy($image)];

// For each colour its pixels, and its topmost one in each column of the picture.
$colours = ['active' => 0x4668E4, 'stale' => 0xF5B800, 'in use' => 0x7EC8A9, 'pool' => 0xCC0000];
$names = array_flip($colours);
$pixels = array_fill_keys(array_keys($colours), 0);
$top = [];
for ($x = 60; $x < $width; $x++) { // to the left are the axis and the legend's colours
	for ($y = 0; $y < $height; $y++) {
		$c = imagecolorsforindex($image, imagecolorat($image, $x, $y));
		$name = $names[$c['red'] << 16 | $c['green'] << 8 | $c['blue']] ?? null;
		if ($name) {
			$pixels[$name]++;
			$top[$name][$x] ??= $y;
		}
	}
}

// Where the pool is drawn, how far below it do the ports in use end? Nothing: no port is left.
$gaps = [];
foreach ($top['pool'] ?? [] as $x => $y) {
	$used = min($top['in use'][$x] ?? $height, $top['stale'][$x] ?? $height);
	$gaps[] = $used - $y;
}
$full = count(array_filter($gaps, fn ($gap) => $gap <= 3));

echo "  $width x $height, ", filesize($file), ' bytes, pixels ', json_encode($pixels), $part == 'ports' ? ", $full of " . count($gaps) . ' columns without a free port' : '', "\n";
$good = match ("$part $server") {
	'sockets stock', 'sockets tuned' => $pixels['active'] > 2000 && $pixels['stale'] > 5000 && $pixels['pool'] == 0,
	// The late morning: some two hours of 24.
	'ports stock' => count($gaps) > 600 && $full > 40 && $full < 300,
	'ports tuned' => count($gaps) > 600 && $full == 0 && $pixels['stale'] > 500,
};
exit($good ? 0 : 1);
