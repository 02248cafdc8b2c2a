package registry

import (
	"errors"
	"slices"
	"strings"
	"sync"
)

// What the registry's calls fail with, named after Windows' error codes.
var (
	ErrNoKey      = errors.New("registry: the key does not exist")
	ErrNoValue    = errors.New("registry: the value does not exist")
	ErrHasSubkeys = errors.New("registry: the key has subkeys")
	ErrBadPath    = errors.New("registry: the key path is malformed")
)

// Registry is HKEY_LOCAL_MACHINE; the zero value is empty. It is safe for concurrent use.
type Registry struct {
	mu   sync.Mutex
	root key
}

type key struct {
	above  *key // nil at the top
	name   string
	keys   []*key
	values []Value
}

// Get reads one value; name "" is the default value.
func (r *Registry) Get(path, name string) (v Value, err error) {
	err = r.at(path, false, func(k *key) error {
		i := k.value(name)
		if i < 0 {
			return ErrNoValue
		}
		v = k.values[i]
		return nil
	})
	return v, err
}

// Set writes one value of an existing key. A value of that name in any letter case is replaced, whatever its type, and
// its name keeps its spelling (documented: RegSetValueEx).
func (r *Registry) Set(path string, v Value) error {
	return r.at(path, false, func(k *key) error {
		if i := k.value(v.Name); i >= 0 {
			v.Name = k.values[i].Name
			k.values[i] = v
		} else {
			k.values = append(k.values, v)
		}
		return nil
	})
}

// Delete removes one value.
func (r *Registry) Delete(path, name string) error {
	return r.at(path, false, func(k *key) error {
		i := k.value(name)
		if i < 0 {
			return ErrNoValue
		}
		k.values = slices.Delete(k.values, i, i+1)
		return nil
	})
}

// Values lists a key's values in the order in which they were made.
func (r *Registry) Values(path string) (values []Value, err error) {
	err = r.at(path, false, func(k *key) error {
		values = slices.Clone(k.values)
		return nil
	})
	return values, err
}

// Keys lists the names of a key's subkeys.
func (r *Registry) Keys(path string) (names []string, err error) {
	err = r.at(path, false, func(k *key) error {
		for _, sub := range k.keys {
			names = append(names, sub.name)
		}
		return nil
	})
	return names, err
}

// CreateKey makes a key and every missing one above it; one that exists stays as it is (documented: RegCreateKeyEx).
func (r *Registry) CreateKey(path string) error {
	return r.at(path, true, func(*key) error { return nil })
}

// DeleteKey removes a key that has no subkeys (documented: RegDeleteKey).
func (r *Registry) DeleteKey(path string) error {
	return r.at(path, false, (*key).remove)
}

func (k *key) remove() error {
	if len(k.keys) > 0 || k.above == nil {
		return ErrHasSubkeys
	}
	k.above.keys = slices.DeleteFunc(k.above.keys, func(sub *key) bool { return sub == k })
	return nil
}

// DeleteTree removes a key with all that is below it, as `reg delete` does.
func (r *Registry) DeleteTree(path string) error {
	return r.at(path, false, func(k *key) error {
		k.keys = nil
		return k.remove()
	})
}

// CopyFrom makes the registry a copy of another.
func (r *Registry) CopyFrom(other *Registry) {
	var snapshot key
	_ = other.at("", false, func(k *key) error { k.copyTo(&snapshot); return nil }) // the root is always there
	_ = r.at("", false, func(k *key) error { snapshot.copyTo(k); return nil })      // likewise
}

func (k *key) copyTo(to *key) {
	to.values, to.keys = slices.Clone(k.values), nil
	for _, sub := range k.keys {
		made := &key{above: to, name: sub.name}
		sub.copyTo(made)
		to.keys = append(to.keys, made)
	}
}

// at works on one key under the lock. One backslash at the path's end is tolerated, an empty name elsewhere is not
// (documented for the beginning: RegOpenKeyEx; assumed for the rest).
func (r *Registry) at(path string, create bool, work func(*key) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := &r.root
	if path = strings.TrimSuffix(path, `\`); path == "" {
		return work(k)
	}
	names := strings.Split(path, `\`)
	if slices.Contains(names, "") {
		return ErrBadPath
	}
	for _, name := range names {
		i := k.sub(name)
		if i < 0 && !create {
			return ErrNoKey
		}
		if i < 0 {
			i = len(k.keys)
			k.keys = append(k.keys, &key{above: k, name: name})
		}
		k = k.keys[i]
	}
	return work(k)
}

func (k *key) sub(name string) int {
	return slices.IndexFunc(k.keys, func(sub *key) bool { return strings.EqualFold(sub.name, name) })
}

func (k *key) value(name string) int {
	return slices.IndexFunc(k.values, func(v Value) bool { return strings.EqualFold(v.Name, name) })
}
