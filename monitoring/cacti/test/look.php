<?php
// look.php PICTURE sockets|ports stock|tuned [OTHER]: does the picture show what the day was like? By its pixels. Does OTHER,
// which is the docs', show the same? Fonts may differ, so that each colour may have some pixels more or less.
[, $file, $part, $server] = $argv;
const COLOURS = ['active' => 0x4668E4, 'stale' => 0xF5B800, 'in use' => 0x7EC8A9, 'busiest' => 0x6A1B9A, 'pool' => 0xCC0000];

// seen gives for each colour its number of pixels, and its topmost one in each column of the picture.
function seen($file) {
	$image = @imagecreatefrompng($file);
	if (!$image) {
		echo "  $file is no PNG picture\n";
		exit(1);
	}
	[$width, $height] = [imagesx($image), imagesy($image)];
	$names = array_flip(COLOURS);
	$pixels = array_fill_keys(array_keys(COLOURS), 0);
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
	echo "  $width x $height, ", filesize($file), ' bytes, pixels ', json_encode($pixels), "\n";
	return [$pixels, $top, $height];
}

[$pixels, $top, $height] = seen($file);

// Where the pool is drawn, how far below it do the ports in use end? Nothing: no port is left.
$gaps = [];
foreach ($top['pool'] ?? [] as $x => $y) {
	$used = min($top['in use'][$x] ?? $height, $top['stale'][$x] ?? $height);
	$gaps[] = $used - $y;
}
$full = count(array_filter($gaps, fn ($gap) => $gap <= 3));
echo $part == 'ports' ? "  $full of " . count($gaps) . " columns without a free port\n" : '';

$good = match ("$part $server") {
	'sockets stock', 'sockets tuned' => $pixels['active'] > 2000 && $pixels['stale'] > 5000 && $pixels['pool'] == 0,
	// The late morning: some two hours of 24.
	'ports stock' => count($gaps) > 600 && $full > 40 && $full < 300 && $pixels['busiest'] > 600,
	'ports tuned' => count($gaps) > 600 && $full == 0 && $pixels['stale'] > 300,
};
if (isset($argv[4])) {
	foreach (seen($argv[4])[0] as $name => $number) {
		if (abs($pixels[$name] - $number) > 20 + $number / 50) {
			echo "  the docs have another picture: OUT=docs/images scripts/test-cacti\n";
			$good = false;
			break;
		}
	}
}
exit($good ? 0 : 1);
