package config

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// source is where one half of an account comes from: the text itself, a secret store that the text names, a file, or the
// URL of vCenter.
type source struct {
	value, file text
	fallback    string
	reference   *reference
	path        string // of the file
}

// newSource checks that there is one source and no more, and unless offline that a file can be read.
func newSource(r *report, value, file text, fallback string, offline bool) source {
	s := source{value: value, file: file, fallback: fallback, path: pathOf(file)}
	s.reference = taken[*reference](r, value.at)(parseReference(value.value))
	switch {
	case value.set && file.set:
		r.add(value.at, "set beside %s; keep one of them", file.at.name())
	case !value.set && !file.set && fallback == "":
		r.add(value.at, "not set; set it or %s", file.at.name())
	case file.value != "" && !offline:
		if _, err := readSecretFile(s.path); err != nil {
			r.add(file.at, "%s; put the secret into it, or name another file", err)
		}
	}
	return s
}

// pathOf is the path of a file that a setting names. In a fleet file a relative one begins at its folder.
func pathOf(file text) string {
	if file.value == "" || file.at.file == "" || filepath.IsAbs(file.value) {
		return file.value
	}
	return filepath.Join(filepath.Dir(file.at.file), file.value)
}

// read asks anew each time, so that a secret may be rotated.
func (s source) read(ctx context.Context, secrets Resolver) (string, error) {
	switch {
	case s.reference != nil:
		value, err := s.reference.read(ctx, secrets)
		if value = withoutLineEnd(value); value == "" && err == nil {
			err = fmt.Errorf("%s is empty", s.reference)
		}
		return value, err
	case s.path != "":
		return readSecretFile(s.path)
	case s.value.value != "":
		return s.value.value, nil
	default:
		return s.fallback, nil
	}
}

func readSecretFile(path string) (string, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return "", err
	}
	value := withoutLineEnd(string(text))
	if value == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return value, nil
}

// withoutLineEnd drops the line end that editors and `kubectl create secret --from-file` leave at the end, and nothing
// else: a password may hold spaces.
func withoutLineEnd(text string) string { return strings.TrimRight(text, "\r\n") }

// credentials reads both halves of an account.
func credentials(name, password source) func(context.Context, Resolver) (*url.Userinfo, error) {
	return func(ctx context.Context, secrets Resolver) (*url.Userinfo, error) {
		user, err := name.read(ctx, secrets)
		if err != nil {
			return nil, err
		}
		secret, err := password.read(ctx, secrets)
		if err != nil {
			return nil, err
		}
		return url.UserPassword(user, secret), nil
	}
}
