package main

import (
	"strings"
)

// Errors of the rooms below name settings as the provider's attributes; here they are
// flags. What stands together in the text goes first.
var flags = strings.NewReplacer(
	`https = true`, "--https",
	`auth = "`, `--auth "`,
	`method = "`, `--method "`,
	"allow_unencrypted_basic = true", "--allow-unencrypted-basic",
	"give its certificate in ca_certificate", "give a file with its certificate by --ca-certificate-file",
	"the signing certificate in ca_certificate", "a file with the signing certificate by --ca-certificate-file",
	"in tls_server_name", "by --tls-server-name",
	"connect_timeout", "--connect-timeout",
	"max_retries", "--max-retries",
	"max_rows", "--max-rows",
)

// worded is an error in the words of the command line.
type worded struct{ err error }

func (e worded) Error() string { return flags.Replace(e.err.Error()) }
func (e worded) Unwrap() error { return e.err }

// asFlags gives an error the words of the command line; nil stays nil.
func asFlags(err error) error {
	if err == nil {
		return nil
	}
	return worded{err}
}
