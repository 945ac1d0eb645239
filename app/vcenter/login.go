package vcenter

import (
	"context"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/vcenter/vimjson"
)

// Single sign-on locks an account after five refused logins within three minutes by default, and for everybody who
// uses it. A relay that retries blindly would do that, so it stays well below.
const (
	maxRefusals   = 3
	refusalWindow = 5 * time.Minute
)

// loginGuard keeps count of refused logins.
type loginGuard struct{ refusals []time.Time }

// check returns an error while another refused login would be one too many.
func (g *loginGuard) check(now time.Time) error {
	for len(g.refusals) > 0 && now.Sub(g.refusals[0]) > refusalWindow {
		g.refusals = g.refusals[1:]
	}
	if len(g.refusals) < maxRefusals {
		return nil
	}
	wait := refusalWindow - now.Sub(g.refusals[0])
	return fmt.Errorf("%w %d times in %s; so as not to lock the account, the next try is in %s",
		ErrCredentials, maxRefusals, refusalWindow, wait.Round(time.Second))
}

func (g *loginGuard) refused(now time.Time) { g.refusals = append(g.refusals, now) }

// login makes a session. The first request carries no credentials: it is there that the certificate is verified.
func (s *Source) login(ctx context.Context) (*vim25.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	transport, err := s.config.transport()
	if err != nil {
		return nil, err
	}
	if err := useServiceVersion(ctx, transport); err != nil {
		return nil, s.classify(err)
	}
	client, err := vim25.NewClient(ctx, transport)
	if err != nil {
		return nil, s.classify(err)
	}
	if err := s.guard.check(time.Now()); err != nil {
		return nil, err
	}
	user, err := s.config.Credentials()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSettings, err)
	}
	if err := session.NewManager(client).Login(ctx, user); err != nil {
		err = s.classify(err)
		if errors.Is(err, ErrCredentials) {
			s.guard.refused(time.Now())
		}
		return nil, err
	}
	return client, nil
}

// useServiceVersion is govmomi's Client.UseServiceVersion with a context. That one waits for ever for a server that
// accepts and never answers, and neither a timeout nor a signal would end the process.
func useServiceVersion(ctx context.Context, client *soap.Client) error {
	address := client.URL()
	address.Path = "/sdk/vimServiceVersions.xml"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), http.NoBody)
	if err != nil {
		return err
	}
	var latest struct {
		Namespace string `xml:"namespace>name"`
		Version   string `xml:"namespace>version"`
	}
	err = client.Do(ctx, request, func(answer *http.Response) error {
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("no vCenter: GET %s: %s", address.Path, answer.Status)
		}
		return xml.NewDecoder(answer.Body).Decode(&latest)
	})
	client.Namespace, client.Version = latest.Namespace, latest.Version
	return err
}

// classify names what an operator can mend.
func (s *Source) classify(err error) error {
	var verification *x509.CertificateInvalidError
	switch {
	case errors.Is(err, ErrCertificate):
		return err
	case soap.IsCertificateUntrusted(err), errors.As(err, &verification):
		return fmt.Errorf("%w: %w; set VCRELAY_VCENTER_CA_FILE or VCRELAY_VCENTER_THUMBPRINT", ErrCertificate, err)
	case fault.Is(err, &types.InvalidLogin{}):
		return fmt.Errorf("%w: check VCRELAY_VCENTER_USERNAME and the password", ErrCredentials)
	case fault.Is(err, &types.NoPermission{}):
		return fmt.Errorf("%w: the account may not log in", ErrCredentials)
	default:
		return err
	}
}

func isNotAuthenticated(err error) bool {
	var inPage *vimjson.FaultError
	return fault.Is(err, &types.NotAuthenticated{}) || errors.As(err, &inPage) && inPage.Type == "NotAuthenticated"
}
