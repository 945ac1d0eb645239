package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/vcrelay/vcrelay/app/config"
)

func TestASecretShowsItselfToNobodyButReveal(t *testing.T) {
	secret := config.Secret(canary)
	if secret.Reveal() != canary {
		t.Fatal("Reveal does not")
	}
	inside := struct {
		Password config.Secret
		All      []config.Secret
		ByName   map[string]*config.Secret
	}{secret, []config.Secret{secret}, map[string]*config.Secret{"x": &secret}}
	var out bytes.Buffer
	for _, value := range []any{secret, &secret, inside, &inside} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(encoded)
		log := zerolog.New(&out)
		log.Info().Interface("value", value).Any("any", value).Stringer("text", secret).Msg("message")
		log.Error().Err(fmt.Errorf("login with %v: %s", value, secret)).Send()
	}
	hex := fmt.Sprintf("%x", canary)
	for _, form := range []string{"S3cr3t", hex, strings.ToUpper(hex)} {
		if strings.Contains(out.String(), form) {
			t.Errorf("%s shows:\n%s", form, out.String())
		}
	}
}
