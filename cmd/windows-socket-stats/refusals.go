package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/windows-baseline/terraform-provider-windows/internal/monitoring"
)

// refusal is a logon that a host refused. There is nothing of the password in it.
type refusal struct {
	Account string    `json:"account"`
	Host    string    `json:"host"` // the one that refused
	At      time.Time `json:"at"`
	// Own: another host has let the same account in since, so that the refusal says
	// something of this host alone.
	Own bool `json:"own,omitempty"`
	// PasswordChanged is when the password file had been written; zero without one.
	PasswordChanged time.Time `json:"password_changed"`
}

// refusals remembers refused logons between calls, in a file. Monitoring calls again
// and again, and each bad logon brings the account nearer to being locked.
type refusals struct {
	path     string
	keep     time.Duration
	now      func() time.Time
	account  string
	shared   bool      // one database judges the account for all hosts
	password time.Time // when the password file was written; zero without one
	list     []refusal
}

// NotAskedError is a host that was not asked, since its last answer was a refusal.
type NotAskedError struct{ refusal refusal }

func (e *NotAskedError) Error() string {
	return fmt.Sprintf("not asked: %s refused the credentials of %s at %s, and bad logons lock accounts", e.refusal.Host, e.refusal.Account, e.refusal.At.Format(time.RFC3339))
}

// openRefusals reads the file; one that is not there is empty. It is written at once,
// so that a file which cannot be written is known before it is needed.
func openRefusals(r refusals) (*refusals, error) {
	data, err := os.ReadFile(r.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &r, r.write()
	case err != nil:
		return nil, fmt.Errorf("--refused-file cannot be read: %w", err)
	}
	if err := json.Unmarshal(data, &r.list); err != nil {
		return nil, fmt.Errorf("--refused-file %s is not what this program writes (%w): remove it", r.path, err)
	}
	r.list = slices.DeleteFunc(r.list, func(old refusal) bool { return r.now().Sub(old.At) >= r.keep })
	return &r, nil
}

// skip gives the reason not to ask a host: it has refused the account itself, or, where
// that is one of a domain, so many others have that it is refused everywhere.
func (r *refusals) skip(host string) error {
	others := 0
	for _, old := range r.list {
		switch {
		case !r.same(old):
		case old.Host == host:
			return &NotAskedError{old}
		case r.shared && !old.Own:
			if others++; others == monitoring.MostRefusals {
				return &NotAskedError{old}
			}
		}
	}
	return nil
}

// same tells whether a refusal is of this account with this password.
func (r *refusals) same(old refusal) bool {
	return old.Account == r.account && old.PasswordChanged.Equal(r.password)
}

// learn keeps what hosts said of the account: who refused it, and who let it in.
func (r *refusals) learn(readings []monitoring.Reading) error {
	before := slices.Clone(r.list)
	accepted := false
	for i := range readings {
		host := readings[i].Host
		accepted = accepted || readings[i].Err == nil
		if readings[i].Err != nil && !readings[i].Refused() {
			continue
		}
		r.list = slices.DeleteFunc(r.list, func(old refusal) bool { return r.same(old) && old.Host == host })
		if readings[i].Err != nil {
			r.list = append(r.list, refusal{Account: r.account, Host: host, At: r.now().UTC().Truncate(time.Second), PasswordChanged: r.password})
		}
	}
	for i := range r.list {
		r.list[i].Own = r.list[i].Own || accepted && r.same(r.list[i])
	}
	if slices.Equal(before, r.list) {
		return nil
	}
	return r.write()
}

// write replaces the file, whole or not at all.
func (r *refusals) write() error {
	data, err := json.MarshalIndent(append([]refusal{}, r.list...), "", "  ")
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(r.path), filepath.Base(r.path)+".new-*") // 0600
	if err != nil {
		return fmt.Errorf("--refused-file cannot be written: %w", err)
	}
	defer func() { _ = os.Remove(file.Name()) }() // gone where all went well
	_, err = file.Write(append(data, '\n'))
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), r.path)
	}
	if err != nil {
		return fmt.Errorf("--refused-file cannot be written: %w", err)
	}
	return nil
}
