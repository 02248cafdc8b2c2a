# Debian's Cacti with a database of its own, set up as its web installer does. Sourced by scripts/test-cacti, which has put
# layers of its own on /usr, /etc and /var: paths below are those of an administrator, and none of them is the machine's.
# shellcheck shell=bash disable=SC2034,SC2154

site=/usr/share/cacti/site # where Debian's package puts Cacti
cli=/usr/share/cacti/cli
errors=/var/log/cacti/cacti_stderr.log # where Cacti puts the standard error of its readers

# --- PHP ---

# Only the extensions that Cacti needs, and compiled files are kept: starting PHP is what a poll costs most.
php_modules=$(cd /usr/lib/php/20* && pwd)
php_binary=$(command -v php || find /usr/bin -name 'php[0-9]*' | sort | tail -n 1)
mkdir "$work/ini" "$work/compiled" "$work/uploads" "$work/sessions"
chown www-data "$work/compiled" "$work/uploads" "$work/sessions"
{
	for name in opcache mysqlnd pdo pdo_mysql mbstring ctype posix sockets xml simplexml; do
		case $name in opcache) directive=zend_extension ;; *) directive=extension ;; esac
		[ ! -e "$php_modules/$name.so" ] || echo "$directive=$php_modules/$name.so"
	done
	cat <<-INI
		memory_limit = 512M
		upload_tmp_dir = $work/uploads
		session.save_path = $work/sessions
		opcache.enable_cli = 1
		opcache.file_cache = $work/compiled
		opcache.file_cache_only = 1
		opcache.validate_timestamps = 0
		disable_functions = sleep,usleep
		auto_prepend_file = $work/impatient.php
	INI
} >"$work/ini/php.ini"
# The poller looks once a second whether the processes are done that it has started. Here it looks every 5 ms.
cat >"$work/impatient.php" <<'PHP'
<?php
function sleep($seconds) { time_nanosleep(0, 5000000); return 0; }
function usleep($microseconds) { time_nanosleep(0, min($microseconds, 5000) * 1000); }
PHP
export PHPRC=$work/ini PHP_INI_SCAN_DIR=$work/ini/none

# After each poll Cacti starts four programs to look after reports, spikes, automation and old files. They have no part in
# what is tested and take half of the time, so all but one poll do without.
cat >"$work/php" <<SH
#!/bin/sh
case "\$*" in *poller_spikekill.php* | *poller_reports.php* | *poller_automation.php* | *poller_maintenance.php*)
	[ -e "$work/housekeeping" ] || exit 0 ;;
esac
exec $php_binary "\$@"
SH
chmod +x "$work/php"
php() { as_poller "$php_binary" "$@"; }

# --- MariaDB, on a Unix socket only ---

mkdir "$work/db"
# As mariadb-install-db does, without the texts of its help.
{
	printf '%s\n' 'CREATE DATABASE mysql;' 'USE mysql;' 'SET @auth_root_socket = NULL, @skip_auth_anonymous = 1;' # a statement a line
	cat /usr/share/mysql/mysql_system_tables.sql /usr/share/mysql/mysql_system_tables_data.sql
} | mariadbd --no-defaults --user=root --datadir="$work/db" --bootstrap --innodb-log-file-size=8M >"$work/bootstrap.log" 2>&1
mariadbd --no-defaults --user=root --datadir="$work/db" --socket="$work/db.sock" --pid-file="$work/db.pid" --skip-networking \
	--innodb-log-file-size=8M --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 \
	--character-set-server=utf8mb4 --collation-server=utf8mb4_unicode_ci >"$work/mariadbd.log" 2>&1 &
sql() { mariadb --no-defaults -uroot -S "$work/db.sock" -N -B "$@"; }
for ((tries = 0; tries < 300; tries++)); do
	[ ! -S "$work/db.sock" ] || ! sql -e 'SELECT 1' >/dev/null 2>&1 || break
	sleep 0.1
done
sql -e "CREATE DATABASE cacti CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
	CREATE USER cacti@localhost IDENTIFIED BY 'not-a-real-password'; GRANT ALL ON cacti.* TO cacti@localhost;"
sql cacti </usr/share/cacti/conf_templates/cacti.sql
lap "MariaDB"

# --- Cacti ---

# A host name with a slash is taken for a Unix socket.
cat >/etc/cacti/debian.php <<PHP
<?php
\$database_type     = 'mysql';
\$database_default  = 'cacti';
\$database_hostname = '$work/db.sock';
\$database_username = 'cacti';
\$database_password = 'not-a-real-password';
\$database_port     = '3306';
\$database_retries  = 5;
\$database_ssl      = false;
\$database_persist  = false;
\$poller_id = 1;
\$url_path = '/';
\$cacti_session_name = 'Cacti';
\$cacti_db_session = false;
\$disable_log_rotation = true;
\$path_csrf_secret = '/var/lib/cacti/csrf/csrf-secret.php';
PHP
mkdir -p /var/lib/cacti/csrf /var/lib/cacti/cache/{boost,mibcache,realtime,spikekill}
: >"$errors"
chown -R www-data:www-data /var/lib/cacti /var/log/cacti
sql cacti -e "UPDATE version SET cacti = '$(cat $site/include/cacti_version)';
	DELETE FROM automation_networks;
	REPLACE INTO settings VALUES ('path_php_binary', '$work/php');
	UPDATE user_auth SET enabled = 'on' WHERE username = 'guest';
	REPLACE INTO settings VALUES ('guest_user', (SELECT id FROM user_auth WHERE username = 'guest'))"

# An open connection to the database costs nothing to use. What is sent answers with one line.
coproc DATABASE { sql -n; }
now_is() { # now_is SECONDS: what Cacti takes for the time of a reading is MariaDB's, and init_connect moves that
	local answer
	echo "SET GLOBAL init_connect = 'SET timestamp = $1'; SELECT 'done';" >&"${DATABASE[1]}"
	read -r answer <&"${DATABASE[0]}"
	[ "$answer" = 'done' ]
}

poll() { as_poller "$work/php" -q "$site/poller.php" --force >>"$work/poller.log" 2>>"$errors"; }

serve_web() {
	as_poller "$php_binary" -S 127.0.0.1:8080 -t "$site" >"$work/web.log" 2>&1 &
	for ((tries = 0; tries < 100; tries++)); do
		! (exec 3<>/dev/tcp/127.0.0.1/8080) 2>/dev/null || return 0
		sleep 0.1
	done
	die "PHP's web server did not start."
}
