package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/winhost"
)

// connection is how hosts are reached: the provider's settings, as flags. What is not
// given comes from the variables, in winhost.
type connection struct {
	Username              *string       `group:"Connection" placeholder:"NAME" help:"DOMAIN\\user, user@realm or a local account."`
	PasswordFile          string        `group:"Connection" type:"path" placeholder:"FILE" help:"File whose first line is the password; only the user who runs this should be able to read it."`
	PasswordFD            *uint         `group:"Connection" name:"password-fd" placeholder:"N" help:"Descriptor whose first line is the password: 0 is standard input, 3 and up one that the caller opened."`
	Auth                  *string       `group:"Connection" placeholder:"METHOD" help:"negotiate (default), ntlm or basic."`
	HTTPS                 *bool         `group:"Connection" name:"https" negatable:"" help:"Use HTTPS (5986); else sealed messages on HTTP (5985)."`
	CACertificateFile     string        `group:"Connection" name:"ca-certificate-file" type:"path" placeholder:"FILE" help:"PEM file with the certificates that sign the hosts'; else the system's."`
	TLSServerName         *string       `group:"Connection" name:"tls-server-name" placeholder:"NAME" help:"Name that the hosts' certificates must have; else the host's."`
	Insecure              *bool         `group:"Connection" negatable:"" help:"Do not check the hosts' certificates."`
	AllowUnencryptedBasic *bool         `group:"Connection" negatable:"" help:"Let --auth=basic go without HTTPS, readable to the network."`
	Timeout               *string       `group:"Connection" placeholder:"DURATION" help:"For one operation (default 60s)."`
	ConnectTimeout        *string       `group:"Connection" placeholder:"DURATION" help:"For connecting and authenticating (default 10s)."`
	RefusedFile           string        `group:"Connection" type:"path" placeholder:"FILE" help:"Remember in FILE which account a host refused, and do not try it again for --refused-for or until the password file changes: polling locks accounts."`
	RefusedFor            time.Duration `group:"Connection" default:"30m" placeholder:"DURATION" help:"How long a refusal counts (default 30m)."`
	MaxRetries            *int64        `group:"Connection" placeholder:"N" help:"How often a read is tried again where that is safe (default 3)."`

	// Password is there to be refused.
	Password *string `hidden:""`
}

// settings takes what was given, and reads the files.
func (c connection) settings(ctx context.Context) (winhost.Settings, error) {
	settings := winhost.Settings{
		Username: c.Username, Auth: c.Auth, HTTPS: c.HTTPS, TLSServerName: c.TLSServerName, Insecure: c.Insecure,
		AllowUnencryptedBasic: c.AllowUnencryptedBasic, Timeout: c.Timeout, ConnectTimeout: c.ConnectTimeout, MaxRetries: c.MaxRetries,
		ByFlags: true,
	}
	if c.Password != nil {
		return settings, errors.New("a password is not taken from the command line, where every user of this machine can read it (ps): " +
			"use --password-file, --password-fd or WINDOWS_PASSWORD, and change this one")
	}
	var err error
	if settings.Password, err = c.password(ctx); err != nil {
		return settings, err
	}
	if c.CACertificateFile == "" {
		return settings, nil
	}
	pem, err := os.ReadFile(c.CACertificateFile)
	if err != nil {
		return settings, fmt.Errorf("--ca-certificate-file: %w", err)
	}
	text := string(pem)
	if text == "" {
		return settings, fmt.Errorf("--ca-certificate-file %s is empty; it must hold PEM text", c.CACertificateFile)
	}
	settings.CACertificate = &text
	return settings, nil
}

// password reads the first line of the file or the descriptor that was named; nil
// where none was. What gives nothing (a pipe, a file of a network) ends with the
// context.
func (c connection) password(ctx context.Context) (*string, error) {
	switch {
	case c.PasswordFile != "" && c.PasswordFD != nil:
		return nil, errors.New("--password-file and --password-fd are both given: give one")
	case c.PasswordFile != "":
		return inTime(ctx, "--password-file "+c.PasswordFile, func() (*string, error) { return passwordIn(c.PasswordFile) })
	case c.PasswordFD != nil:
		return inTime(ctx, fmt.Sprintf("--password-fd %d", *c.PasswordFD), func() (*string, error) { return passwordFrom(*c.PasswordFD) })
	default:
		return nil, nil //nolint:nilnil // none was named, and that is no error
	}
}

// inTime gives up waiting for a password when the context ends. The reading itself
// cannot be ended; it goes with the process.
func inTime(ctx context.Context, what string, read func() (*string, error)) (*string, error) {
	type result struct {
		password *string
		err      error
	}
	done := make(chan result, 1)
	go func() {
		password, err := read()
		done <- result{password, err}
	}()
	select {
	case r := <-done:
		return r.password, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%s did not give a line in time: %w", what, ctx.Err())
	}
}

// Rights of a password file that are too many: others may read it, or somebody else
// than its owner may write it.
const tooMany = 0o026

func passwordIn(path string) (*string, error) {
	file, err := os.Open(path) // #nosec G304 -- the file that the user names
	if err != nil {
		return nil, fmt.Errorf("--password-file cannot be read: %w; the user who runs this must be able to read it", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("--password-file cannot be read: %w", err)
	}
	if mode := info.Mode().Perm(); mode&tooMany != 0 && info.Mode().IsRegular() && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("--password-file %s has the rights %o, so that others can read it, or change which password is sent: chmod 640 or 600, and change the password if others had it", path, mode)
	}
	return firstLine(file, "--password-file "+path)
}

// maxDescriptor bounds what is taken for a descriptor: more is a slip.
const maxDescriptor = 65535

func passwordFrom(descriptor uint) (*string, error) {
	what := fmt.Sprintf("--password-fd %d", descriptor)
	switch {
	case descriptor == 0:
		return firstLine(os.Stdin, what)
	case descriptor <= 2 || descriptor > maxDescriptor:
		return nil, fmt.Errorf("%s is none to read from: use 0 (standard input), or 3 and up for one that the caller opened", what)
	}
	file := os.NewFile(uintptr(descriptor), what)
	defer func() { _ = file.Close() }()
	return firstLine(file, what)
}

// byteOrderMark is what editors of Windows begin a file with.
const byteOrderMark = "\ufeff"

// maxPassword bounds a password, in bytes. Windows takes 127 characters in its dialogs
// and 256 in all (Microsoft, "Passwords technical overview").
const maxPassword = 1024

func firstLine(from io.Reader, what string) (*string, error) {
	line, err := bufio.NewReader(io.LimitReader(from, maxPassword+int64(len(byteOrderMark+"\r\n")))).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s cannot be read: %w", what, err)
	}
	line = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(line, byteOrderMark), "\n"), "\r")
	switch {
	case line == "":
		return nil, fmt.Errorf("%s: its first line is empty; it must be the password", what)
	case len(line) > maxPassword:
		return nil, fmt.Errorf("%s: its first line has more than %d bytes, which is no password", what, maxPassword)
	}
	return &line, nil
}
