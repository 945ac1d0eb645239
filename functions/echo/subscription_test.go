package echo_test

import (
	"os"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/vcrelay/vcrelay/functions/echo"
	"github.com/vcrelay/vcrelay/functions/fn"
)

// subscription is the part of dapr.io/v2alpha1 that we use; a key outside it fails the strict decoder, as daprd ignores it in silence.
type subscription struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		PubsubName string `json:"pubsubname"`
		Topic      string `json:"topic"`
		Routes     struct {
			Rules []struct {
				Match string `json:"match"`
				Path  string `json:"path"`
			} `json:"rules"`
			Default string `json:"default"`
		} `json:"routes"`
		DeadLetterTopic string `json:"deadLetterTopic"`
	} `json:"spec"`
	Scopes []string `json:"scopes"`
}

func TestTheSubscriptionIgnoresQuietlyAndDeadLettersLoudly(t *testing.T) {
	text, err := os.ReadFile("dapr/subscription.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var s subscription
	if err := yaml.UnmarshalStrict(text, &s); err != nil {
		t.Fatal(err)
	}
	if s.APIVersion != "dapr.io/v2alpha1" || s.Kind != "Subscription" || !slices.Equal(s.Scopes, []string{echo.Name}) {
		t.Errorf("read %+v", s)
	}
	if s.Spec.Routes.Default != fn.IgnorePath {
		t.Errorf("default route is %q: Dapr dead-letters what matches no rule", s.Spec.Routes.Default)
	}
	if s.Spec.DeadLetterTopic == "" || s.Spec.DeadLetterTopic == s.Spec.Topic {
		t.Errorf("dead-letter topic is %q", s.Spec.DeadLetterTopic)
	}
	if len(s.Spec.Routes.Rules) != 1 || s.Spec.Routes.Rules[0].Path != "/"+echo.Name {
		t.Errorf("rules are %+v", s.Spec.Routes.Rules)
	}
}
