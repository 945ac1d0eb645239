package vim

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/vmware/govmomi/vim25/soap"

	"github.com/vcrelay/vcrelay/app/event"
)

// Config says how to reach one vCenter. How the certificate is verified: by Thumbprint when set, else against CAFile
// when set, else against the system's roots; Insecure turns it off.
type Config struct {
	URL        *url.URL // SDK URL, without credentials
	Name       string   // for people: logs, metrics, the CloudEvent extension vcname
	Insecure   bool
	CAFile     string       // PEM; read anew at each login, so it may be rotated
	Thumbprint string       // SHA-256 of the server's certificate, AA:BB:...
	KnownHosts string       // file of `host thumbprint` lines, as govc writes it
	Filter     Filter       // what vCenter selects; all events by default
	Layout     event.Layout // of the events' data

	// Credentials is asked at each login, so that rotated secrets are picked up.
	Credentials func(context.Context) (*url.Userinfo, error)
}

// Errors of a login, by what an operator has to mend. Any other error means that vCenter was not reached.
var (
	ErrCredentials = errors.New("credentials refused")
	ErrCertificate = errors.New("certificate refused")
	ErrSettings    = errors.New("settings cannot be used")
)

// transport returns a SOAP client that has sent nothing yet.
func (c Config) transport() (*soap.Client, error) {
	client := soap.NewClient(c.URL, c.Insecure)
	client.DefaultTransport().MaxIdleConnsPerHost = mostCollectors // net/http keeps two, and several streams share the login
	settings := client.DefaultTransport().TLSClientConfig
	settings.MinVersion = tls.VersionTLS12
	pin, err := c.pin(client)
	switch {
	case err != nil:
		return nil, err
	case pin != "":
		settings.InsecureSkipVerify = true // in favour of the stricter check of the next line
		settings.VerifyConnection = verifyThumbprint(pin)
	case c.CAFile != "":
		if settings.RootCAs, err = readRoots(c.CAFile); err != nil {
			return nil, fmt.Errorf("%w: VCRELAY_VCENTER_CA_FILE: %w", ErrSettings, err)
		}
	}
	return client, nil
}

// pin is the thumbprint that the server has to show, if one is set or known.
func (c Config) pin(client *soap.Client) (string, error) {
	if c.Thumbprint != "" || c.KnownHosts == "" {
		return c.Thumbprint, nil
	}
	if _, err := os.Stat(c.KnownHosts); err != nil {
		return "", fmt.Errorf("%w: VCRELAY_VCENTER_KNOWN_HOSTS: %w", ErrSettings, err)
	}
	if err := client.LoadThumbprints(c.KnownHosts); err != nil {
		return "", fmt.Errorf("%w: VCRELAY_VCENTER_KNOWN_HOSTS: read %s: %w", ErrSettings, c.KnownHosts, err)
	}
	return client.Thumbprint(c.URL.Host), nil
}

// verifyThumbprint accepts one certificate and no other. govmomi's own check asks for the thumbprint only where the
// certificate is not trusted anyway, so it would let any publicly trusted certificate pass.
func verifyThumbprint(pin string) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		shown := soap.ThumbprintSHA256(state.PeerCertificates[0])
		if !strings.EqualFold(shown, pin) {
			return fmt.Errorf("%w: its SHA-256 thumbprint is %s, expected %s; if vCenter's certificate was replaced, set VCRELAY_VCENTER_THUMBPRINT to the new one",
				ErrCertificate, shown, pin)
		}
		return nil
	}
}

func readRoots(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no PEM certificate", path)
	}
	return roots, nil
}
