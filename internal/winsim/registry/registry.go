package registry

import (
	"errors"
	"slices"
	"strings"
	"sync"
)

// What the registry's own calls fail with, named as Windows' error codes are.
var (
	ErrNoKey      = errors.New("registry: the key does not exist")
	ErrNoValue    = errors.New("registry: the value does not exist")
	ErrHasSubkeys = errors.New("registry: the key has subkeys")
	ErrBadPath    = errors.New("registry: the key path is malformed")
)

// Registry is HKEY_LOCAL_MACHINE. It is safe for concurrent use.
type Registry struct {
	mu   sync.Mutex
	root key
}

type key struct {
	name   string
	keys   []*key
	values []Value
}

// New makes an empty registry.
func New() *Registry { return &Registry{} }

// Get reads one value; name "" is the default value.
func (r *Registry) Get(path, name string) (Value, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, err := r.find(path)
	if err != nil {
		return Value{}, err
	}
	i := k.index(name)
	if i < 0 {
		return Value{}, ErrNoValue
	}
	return k.values[i], nil
}

// Set writes one value of an existing key. A value of that name in any letter
// case is replaced, whatever its type, and keeps the spelling of its name
// (documented: RegSetValueEx).
func (r *Registry) Set(path string, v Value) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, err := r.find(path)
	if err != nil {
		return err
	}
	if i := k.index(v.Name); i >= 0 {
		v.Name = k.values[i].Name
		k.values[i] = v
		return nil
	}
	k.values = append(k.values, v)
	return nil
}

// Delete removes one value.
func (r *Registry) Delete(path, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, err := r.find(path)
	if err != nil {
		return err
	}
	i := k.index(name)
	if i < 0 {
		return ErrNoValue
	}
	k.values = slices.Delete(k.values, i, i+1)
	return nil
}

// Values lists a key's values in the order in which they were made.
func (r *Registry) Values(path string) ([]Value, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, err := r.find(path)
	if err != nil {
		return nil, err
	}
	return slices.Clone(k.values), nil
}

// Keys lists the names of a key's subkeys.
func (r *Registry) Keys(path string) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, err := r.find(path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, sub := range k.keys {
		names = append(names, sub.name)
	}
	return names, nil
}

// CreateKey makes a key and every missing one above it (documented:
// RegCreateKeyEx). A key that exists stays as it is.
func (r *Registry) CreateKey(path string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	names, err := split(path)
	if err != nil {
		return err
	}
	at := &r.root
	for _, name := range names {
		next := at.sub(name)
		if next == nil {
			next = &key{name: name}
			at.keys = append(at.keys, next)
		}
		at = next
	}
	return nil
}

// DeleteKey removes a key that has no subkeys (documented: RegDeleteKey).
func (r *Registry) DeleteKey(path string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, err := r.find(path)
	if err != nil {
		return err
	}
	if len(k.keys) > 0 || k == &r.root {
		return ErrHasSubkeys
	}
	names, _ := split(path)
	above, err := r.find(strings.Join(names[:len(names)-1], `\`))
	if err != nil {
		return err
	}
	above.keys = slices.DeleteFunc(above.keys, func(sub *key) bool { return sub == k })
	return nil
}

// find needs the lock held.
func (r *Registry) find(path string) (*key, error) {
	names, err := split(path)
	if err != nil {
		return nil, err
	}
	at := &r.root
	for _, name := range names {
		if at = at.sub(name); at == nil {
			return nil, ErrNoKey
		}
	}
	return at, nil
}

// split takes a path apart. One backslash at the end is tolerated; an empty
// name elsewhere is not (assumed: RegOpenKeyEx documents that a path must not
// begin with a backslash, not what follows).
func split(path string) ([]string, error) {
	path = strings.TrimSuffix(path, `\`)
	if path == "" {
		return nil, nil
	}
	names := strings.Split(path, `\`)
	if slices.Contains(names, "") {
		return nil, ErrBadPath
	}
	return names, nil
}

func (k *key) sub(name string) *key {
	for _, sub := range k.keys {
		if strings.EqualFold(sub.name, name) {
			return sub
		}
	}
	return nil
}

func (k *key) index(name string) int {
	return slices.IndexFunc(k.values, func(v Value) bool { return strings.EqualFold(v.Name, name) })
}
