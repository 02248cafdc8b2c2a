<?php
// Writes the template for Cacti 1.2.19 and later:
//
//   php generate-template.php > cacti_host_template_windows_socket_statistics.xml
//
// The XML is some 600 lines in which every object is known by its hash; here each graph is a table of its curves.
// scripts/test-cacti compares the file with what this prints.

const FORMAT   = '0103';                             // of Cacti 1.2.19 and later (its include/global_arrays.php)
const SCRIPT   = '<path_cacti>/scripts/windows-socket-stats.sh';
const STEP     = 300;                                // seconds; the import takes those of the profile that is chosen there
const PROFILE  = 'd62c52891f4f9688729a5bc9fad91b18'; // Cacti's own "5 Minute Collection"
const NUMBERS  = '19414480d6897c8731c7dc6c5310653e'; // Cacti's own "Exact Numbers"

// Types of graph items and consolidation functions by Cacti's numbers (include/global_constants.php).
const LINE2 = 5, AREA = 7, STACK = 8, GPRINT = 9;
const AVERAGE = 1, MAXIMUM = 3, LAST = 4;

// Each graph has a data source of its own, and that an input method of its own. A curve: NAME => [as what, colour, legend].
// What comes later lies on top.
const GRAPHS = [
	'sockets' => ['title' => 'TCP sockets', 'label' => 'sockets', 'curves' => [
		'active' => [AREA, '4668E4', 'Active (established)'],
		'stale'  => [STACK, 'F5B800', 'Stale (TIME_WAIT)'],
	]],
	'ports' => ['title' => 'TCP port pool', 'label' => 'ports', 'curves' => [
		'pool_in_use'         => [AREA, '7EC8A9', 'In use'],
		'pool_time_wait'      => [AREA, 'F5B800', 'of these in TIME_WAIT'],
		'busiest_destination' => [LINE2, '6A1B9A', 'Busiest destination'],
		'pool_size'           => [LINE2, 'CC0000', 'Pool'],
	]],
];

// An object's hash is made of its kind and its name, so that a later version of the template updates what an earlier one made.
const KINDS = [
	'graph' => '00', 'data source' => '01', 'device' => '02', 'method' => '03', 'number' => '06', 'field' => '07',
	'item' => '08', 'input' => '09', 'graph item' => '10', 'profile' => '20',
];

function hash_of($kind, $name) {
	return 'hash_' . KINDS[$kind] . FORMAT . (preg_match('/^[0-9a-f]{32}$/', $name) ? $name : md5("windows-socket-stats/$kind/$name"));
}

// element writes one element: of text, or of elements that are written already.
function element($name, $content) {
	return is_array($content)
		? "<$name>\n" . implode('', $content) . "</$name>\n"
		: "<$name>" . htmlspecialchars($content, ENT_QUOTES | ENT_XML1) . "</$name>\n";
}

function elements($values) {
	return array_map('element', array_keys($values), $values);
}

// fixed writes values that a device's graphs and data sources take from the template: t_NAME is empty.
function fixed($values) {
	return array_map(fn ($name, $value) => element("t_$name", '') . element($name, $value), array_keys($values), $values);
}

function device() {
	$graphs = array_map(fn ($key) => hash_of('graph', $key), array_keys(GRAPHS));
	return element(hash_of('device', 'host'), elements([
		'name' => 'Windows Socket Statistics', 'class' => 'windows', 'graph_templates' => implode('|', $graphs), 'data_queries' => '',
	]));
}

function graph($key, $graph) {
	$items = $inputs = [];
	$sequence = 0;
	foreach ($graph['curves'] as $name => [$type, $colour, $legend]) {
		$rows = [
			[$type, $colour, AVERAGE, $legend, ''],
			[GPRINT, '0', LAST, 'Current:', ''],
			[GPRINT, '0', AVERAGE, 'Average:', ''],
			[GPRINT, '0', MAXIMUM, 'Maximum:', 'on'],
		];
		$of_curve = [];
		foreach ($rows as $i => [$row_type, $row_colour, $function, $text, $last]) {
			$of_curve[] = hash_of('graph item', "$name/$i");
			$items[] = element(hash_of('graph item', "$name/$i"), elements([
				'graph_type_id' => $row_type, 'task_item_id' => hash_of('item', $name), 'color_id' => $row_colour, 'alpha' => 'FF',
				'consolidation_function_id' => $function, 'cdef_id' => '0', 'vdef_id' => '0', 'shift' => '', 'value' => '',
				'gprint_id' => hash_of('number', NUMBERS), 'textalign' => '', 'text_format' => $text, 'hard_return' => $last,
				'line_width' => $row_type == LINE2 ? '2.00' : '0.00', 'dashes' => '', 'dash_offset' => '0', 'sequence' => ++$sequence,
			]));
		}
		$inputs[] = element(hash_of('input', $name), elements([
			'name' => "$legend [$name]", 'description' => '', 'column_name' => 'task_item_id', 'items' => implode('|', $of_curve),
		]));
	}
	return element(hash_of('graph', $key), [
		element('name', 'Windows - ' . $graph['title']),
		element('graph', fixed([
			'title' => '|host_description| - ' . $graph['title'], 'vertical_label' => $graph['label'], 'image_format_id' => '1',
			'height' => '200', 'width' => '700', 'base_value' => '1000', 'slope_mode' => '', 'auto_scale' => 'on', 'auto_scale_opts' => '2',
			'auto_scale_log' => '', 'scale_log_units' => '', 'auto_scale_rigid' => '', 'upper_limit' => '100', 'lower_limit' => '0',
			'unit_value' => '', 'unit_exponent_value' => '', 'unit_length' => '', 'no_gridfit' => '', 'alt_y_grid' => '', 'right_axis' => '',
			'right_axis_label' => '', 'right_axis_format' => '0', 'right_axis_formatter' => '0', 'left_axis_formatter' => '0',
			'auto_padding' => 'on', 'dynamic_labels' => '', 'force_rules_legend' => '', 'tab_width' => '30', 'legend_position' => '0',
			'legend_direction' => '0',
		])),
		element('items', $items),
		element('inputs', $inputs),
	]);
}

function data_source($key, $graph) {
	$items = array_map(fn ($name) => element(hash_of('item', $name), fixed([
		'data_source_name' => $name, 'rrd_minimum' => '0', 'rrd_maximum' => 'U', 'data_source_type_id' => '1', // GAUGE
		'rrd_heartbeat' => 2 * STEP, 'data_input_field_id' => hash_of('field', $name),
	])), array_keys($graph['curves']));
	$values = [];
	foreach (['hostname', 'external_id'] as $i => $field) {
		$values[] = element(sprintf('item_%03d', $i), elements(['data_input_field_id' => hash_of('field', "$key/$field"), 't_value' => '', 'value' => '']));
	}
	return element(hash_of('data source', $key), [
		element('name', 'Windows - ' . $graph['title']),
		element('ds', [
			element('t_name', ''), element('name', '|host_description| - ' . $graph['title']), element('data_source_path', ''),
			element('data_input_id', hash_of('method', $key)), element('t_data_source_profile_id', ''),
			element('data_source_profile_id', hash_of('profile', PROFILE)), ...fixed(['rrd_step' => STEP, 'active' => 'on']),
		]),
		element('items', $items),
		element('data', $values),
	]);
}

// method: the device's External ID is the group of settings. It comes last, where Cacti leaves out what is empty.
function method($key, $graph) {
	$field = fn ($name, $label, $direction, $type) => [
		'name' => $label, 'update_rra' => $direction == 'out' ? 'on' : '', 'regexp_match' => '', 'allow_nulls' => $name == 'external_id' ? 'on' : '',
		'type_code' => $type, 'input_output' => $direction, 'data_name' => $name,
	];
	$fields = [
		element(hash_of('field', "$key/hostname"), elements($field('hostname', 'Hostname', 'in', 'hostname'))),
		element(hash_of('field', "$key/external_id"), elements($field('external_id', 'Group of settings', 'in', 'external_id'))),
	];
	foreach ($graph['curves'] as $name => $curve) {
		$fields[] = element(hash_of('field', $name), elements($field($name, $curve[2], 'out', '')));
	}
	return element(hash_of('method', $key), [
		element('name', 'Windows - ' . $graph['title']), element('type_id', '1'),
		element('input_string', base64_encode(SCRIPT . " <hostname> $key <external_id>")),
		element('fields', $fields),
	]);
}

$all = [device()];
foreach (['graph', 'data_source', 'method'] as $write) {
	foreach (GRAPHS as $key => $graph) {
		$all[] = $write($key, $graph);
	}
}
$all[] = element(hash_of('number', NUMBERS), elements(['name' => 'Exact Numbers', 'gprint_text' => '%8.0lf']));
echo element('cacti', $all);
