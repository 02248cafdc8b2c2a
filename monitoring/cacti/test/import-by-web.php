<?php
// import-by-web.php URL TEMPLATE: imports a template on Cacti's web page as an administrator does with a browser.
[, $url, $template] = $argv;
$cookies = [];

// ask gets a page, or posts fields to it, and follows no redirection.
function ask($page, $fields = null, $file = null) {
	global $url, $cookies;
	$boundary = 'windows-socket-stats';
	$body = '';
	foreach ($fields ?? [] as $name => $value) {
		$body .= "--$boundary\r\nContent-Disposition: form-data; name=\"$name\"\r\n\r\n$value\r\n";
	}
	if ($file) {
		$body .= "--$boundary\r\nContent-Disposition: form-data; name=\"import_file\"; filename=\"template.xml\"\r\n"
			. "Content-Type: text/xml\r\n\r\n" . file_get_contents($file) . "\r\n";
	}
	$header = "Content-Type: multipart/form-data; boundary=$boundary\r\nReferer: $url/$page\r\nCookie: " . http_build_query($cookies, '', '; ');
	$text = file_get_contents("$url/$page", false, stream_context_create(['http' => [
		'method' => $fields ? 'POST' : 'GET', 'header' => $header, 'content' => $fields ? "$body--$boundary--\r\n" : '',
		'follow_location' => 0, 'ignore_errors' => true,
	]]));
	foreach ($http_response_header as $line) {
		if (preg_match('/^Set-Cookie: ([^=]+)=([^;]*)/i', $line, $m)) {
			$cookies[$m[1]] = urldecode($m[2]);
		}
	}
	return $text;
}

// token is what Cacti puts into each of its forms against forged requests.
function token($page) {
	if (!preg_match('/name=.__csrf_magic. value="([^"]+)"/', $page, $m) && !preg_match('/csrfMagicToken\s*=\s*"([^"]+)"/', $page, $m)) {
		echo "  no token on the page:\n", substr(strip_tags($page), 0, 2000), "\n";
		exit(1);
	}
	return html_entity_decode($m[1]);
}

ask('index.php', ['__csrf_magic' => token(ask('index.php')), 'action' => 'login', 'login_username' => 'admin', 'login_password' => 'admin', 'realm' => 'local']);
$page = ask('templates_import.php');
if (!str_contains($page, 'import_data_source_profile')) {
	echo "  this is not the page for importing templates:\n", substr(strip_tags($page), 0, 2000), "\n";
	exit(1);
}
ask('templates_import.php', [
	'__csrf_magic' => token($page), 'action' => 'save', 'save_component_import' => '1', 'preview_only' => 'false',
	'import_data_source_profile' => '1', 'image_format' => '1', 'graph_width' => '700', 'graph_height' => '200',
], $template);
