package eventbridge

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
)

// defaultSource begins the source of each entry where the component file does not say another one.
const defaultSource = "vcrelay"

// settings are the metadata of a component file, under the names that Dapr's own components for AWS have.
type settings struct {
	place
	accessKey    string // empty, with secretKey: credentials as the AWS SDK finds them
	secretKey    string
	sessionToken string
}

// place is where events go, without anything that is secret.
type place struct {
	Region       string // empty: as the AWS SDK finds it
	Endpoint     string // in place of that of AWS
	EventBusName string // name or ARN; empty: the default bus of the account
	Source       string // what the source of each entry begins with
}

// ofDapr are names that a sidecar reads itself and hands on (dapr v1.18.0, pkg/scopes and pkg/runtime/processor/pubsub).
var ofDapr = []string{"consumerid", "allowedtopics", "protectedtopics", "publishingscopes", "subscriptionscopes"}

// parseSettings reads the metadata of a component, whose names have any case in Dapr. It reports all faults at once. A name that is
// not known is one: a bus whose name is misspelt would be the default bus, where no rule waits for the events.
func parseSettings(metadata map[string]string) (settings, error) {
	s := settings{place: place{Source: defaultSource}}
	values := map[string]*string{
		"region": &s.Region, "endpoint": &s.Endpoint, "accesskey": &s.accessKey, "secretkey": &s.secretKey,
		"sessiontoken": &s.sessionToken, "eventbusname": &s.EventBusName, "source": &s.Source,
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		value, known := values[strings.ToLower(name)]
		switch {
		case known:
			*value = metadata[name]
		case !slices.Contains(ofDapr, strings.ToLower(name)):
			faults = append(faults, fmt.Errorf(
				"metadata %q is not known; there are region, endpoint, accessKey, secretKey, sessionToken, eventBusName and source", name))
		}
	}
	return s, errors.Join(append(faults, s.faults()...)...)
}

func (s *settings) faults() (faults []error) {
	if (s.accessKey == "") != (s.secretKey == "") || s.sessionToken != "" && s.accessKey == "" {
		faults = append(faults, errors.New("accessKey and secretKey belong together, and a sessionToken to them; leave all out for the AWS SDK's own way to credentials"))
	}
	if s.Source == "" || s.Source == "aws" || strings.HasPrefix(s.Source, "aws.") {
		faults = append(faults, fmt.Errorf("source %q is refused by EventBridge: it is neither empty nor begins with \"aws.\"", s.Source))
	}
	if at, err := url.Parse(s.Endpoint); s.Endpoint != "" && (err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https") {
		faults = append(faults, errors.New("endpoint is no URL such as https://events.eu-central-1.amazonaws.com; leave it out for AWS itself"))
	}
	return faults
}

// secret tells whether there is something in the settings that is not for a disk.
func (s *settings) secret() bool { return s.secretKey != "" || s.sessionToken != "" }

// connect makes a client of EventBridge. It does not ask AWS for anything yet.
func (s *settings) connect(ctx context.Context) (*sdk.Client, error) {
	var options []func(*config.LoadOptions) error
	if s.Region != "" {
		options = append(options, config.WithRegion(s.Region))
	}
	if s.accessKey != "" {
		options = append(options, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(s.accessKey, s.secretKey, s.sessionToken)))
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("load the configuration of the AWS SDK: %w", err)
	}
	if loaded.Region == "" {
		return nil, errors.New("no region: set the metadata region, or AWS_REGION for `vcrelay component eventbridge`")
	}
	return sdk.NewFromConfig(loaded, func(o *sdk.Options) {
		if s.Endpoint != "" {
			o.BaseEndpoint = &s.Endpoint
		}
	}), nil
}
