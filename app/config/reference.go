package config

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Resolver returns what a Dapr secret store keeps under key of the secret that is called name.
type Resolver func(ctx context.Context, store, name, key string) (string, error)

// reference names a value in a Dapr secret store: secret://<store>/<name>#<key>.
type reference struct{ store, name, key string }

const referenceScheme = "secret://"

var referenceForm = regexp.MustCompile(`^secret://([A-Za-z0-9][A-Za-z0-9.-]*)/([^#\s]+)#([^#\s]+)$`)

var errReference = errors.New("no reference to a secret; use secret://<Dapr secret store>/<name>#<key>, e.g. secret://kubernetes/vcenter#password " +
	"(where a store keeps one value for each name, the key is the name again)")

// parseReference returns nil for a text that is none. Its error does not repeat the text, which may be a password.
func parseReference(text string) (*reference, error) {
	if !strings.HasPrefix(text, referenceScheme) {
		return nil, nil
	}
	found := referenceForm.FindStringSubmatch(text)
	if found == nil {
		return nil, errReference
	}
	return &reference{found[1], found[2], found[3]}, nil
}

func (r reference) String() string { return referenceScheme + r.store + "/" + r.name + "#" + r.key }

func (r reference) read(ctx context.Context, secrets Resolver) (string, error) {
	if secrets == nil {
		return "", fmt.Errorf("%s: this command asks no Dapr sidecar for secrets; use a file", r)
	}
	value, err := secrets(ctx, r.store, r.name, r.key)
	if err != nil {
		return "", fmt.Errorf("%s: %w", r, err)
	}
	return value, nil
}
