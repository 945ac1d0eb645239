//go:build e2e

package e2e_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/vcrelay/vcrelay/app/tally"
)

func TestEventsFlowWhenSidecarAndFunctionAskForTokens(t *testing.T) {
	t.Parallel()
	stack := startStack(t, map[string]map[string]string{
		"":      {"DAPR_API_TOKEN": "of the sidecar", "APP_API_TOKEN": "of the function"},
		"vcsim": {"VCRELAY_VCSIM_HISTORY": "100", "VCRELAY_VCSIM_RATE": "0"},
	})
	log, err := stack.simulator().Log(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	result, err := tally.Await(t.Context(), log, stack.ledger, patience)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Missing) > 0 {
		t.Errorf("not all events arrived: %s", result)
	}
	for who, address := range map[string]string{
		"the relay's sidecar": fmt.Sprintf("http://127.0.0.1:%d/v1.0/metadata", stack.HTTPPort("vcrelay")),
		"the function":        fmt.Sprintf("http://127.0.0.1:%d/dapr/subscribe", stack.AppPort("echo")),
	} {
		answer, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s answers %s without a token", who, answer.Status)
		}
	}
}
