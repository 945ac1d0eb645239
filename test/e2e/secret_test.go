//go:build e2e

package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/vcrelay/vcrelay/app/tally"
)

// The account is in a secret store of the sidecar alone.
func TestTheRelayLogsInWithAnAccountFromASecretStore(t *testing.T) {
	t.Parallel()
	const user, password = "relay@vsphere.local", `S3cr3t$&\@"'`
	components := withSecretStore(t, map[string]map[string]string{"vcenter": {"username": user, "password": password}})
	stack := startStackOn(t, components, map[string]map[string]string{
		"vcsim": {
			"VCRELAY_VCSIM_HISTORY": "100", "VCRELAY_VCSIM_RATE": "0", "VCRELAY_VCSIM_USERNAME": user, "VCRELAY_VCSIM_PASSWORD": password,
		},
		"vcrelay": {
			"VCRELAY_VCENTER_USERNAME": "secret://vault/vcenter#username", "VCRELAY_VCENTER_PASSWORD": "secret://vault/vcenter#password",
		},
	})
	log, err := stack.simulator().Log(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	result, err := tally.Await(t.Context(), log, stack.ledger, patience)
	if err != nil {
		t.Fatal(err)
	}
	if len(log) == 0 || len(result.Missing) > 0 {
		t.Errorf("not all events arrived: %s", result)
	}
}

// withSecretStore is the shipped backend and subscription with a secret store "vault" beside them.
func withSecretStore(t *testing.T, secrets map[string]map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for _, pattern := range []string{"../../components/nats/*.yaml", "../../functions/echo/dapr/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			save(t, filepath.Join(folder, filepath.Base(file)), text)
		}
	}
	text, err := json.Marshal(secrets)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "secrets.json")
	save(t, file, text)
	save(t, filepath.Join(folder, "vault.yaml"), []byte(`apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: vault
spec:
  type: secretstores.local.file
  version: v1
  metadata:
    - name: secretsFile
      value: `+file+`
    - name: multiValued
      value: "true"
`))
	return folder
}

func save(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
