package vim

import (
	"context"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vcrelay/vcrelay/app/event"
	"github.com/vcrelay/vcrelay/app/vcenter"
)

// Single sign-on locks an account after five refused logins within three minutes by default, and for everybody who
// uses it. A relay that retries blindly would do that, so it stays well below.
const (
	maxRefusals   = 3
	refusalWindow = 5 * time.Minute
)

// loginGuard keeps count of refused logins, and lets one at a time pass.
type loginGuard struct {
	mu       sync.Mutex
	refusals []time.Time
}

// try calls login unless another refusal would be one too many.
func (g *loginGuard) try(login func() error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.check(time.Now()); err != nil {
		return err
	}
	err := login()
	if errors.Is(err, ErrCredentials) {
		g.refused(time.Now())
	}
	return err
}

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

// Dialer makes sessions of one vCenter, again and again. They share its logins: one as long as its sessions have no more than eight
// collectors, made anew when vCenter has ended it, and ended with the last of them. It keeps count of refused logins. It is safe for
// concurrent use.
type Dialer struct {
	config  Config
	account *account
}

// NewDialer returns one that has not dialled yet.
func NewDialer(config Config, log zerolog.Logger) *Dialer {
	return &Dialer{config: config, account: &account{log: log}}
}

// With returns a dialer whose sessions select other events or lay them out differently. They share the logins with those of d, which
// are made with either configuration: all else in it has to be the same.
func (d *Dialer) With(config Config) *Dialer {
	return &Dialer{config: config, account: d.account}
}

// Dial makes a session. Its error is ErrCertificate, ErrCredentials or ErrSettings, or any other when vCenter was not
// reached. The first request carries no credentials: it is there that the certificate is verified. Credentials that were
// refused are not sent again too soon.
func (d *Dialer) Dial(ctx context.Context) (vcenter.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	l, err := d.account.home(ctx, d.login)
	if err != nil {
		return nil, err
	}
	about := l.client.ServiceContent.About
	return &Session{
		login: l,
		dial:  d.login,
		origin: &event.Origin{
			InstanceUUID: about.InstanceUuid, Source: d.config.URL.String(), Name: d.config.Name, APIVersion: about.ApiVersion,
		},
		filter: d.config.Filter,
		layout: d.config.Layout,
		log:    d.account.log,
	}, nil
}

func (d *Dialer) login(ctx context.Context) (*login, error) {
	client, err := d.Client(ctx)
	if err != nil {
		return nil, err
	}
	return &login{client: client, severities: loadSeverities(ctx, client, d.account.log)}, nil
}

// Client logs in and returns govmomi's client, for calls that are not those of a Session. It is shared with nobody, and the caller
// logs out.
func (d *Dialer) Client(ctx context.Context) (*vim25.Client, error) {
	transport, err := d.config.transport()
	if err != nil {
		return nil, err
	}
	if err := useServiceVersion(ctx, transport); err != nil {
		return nil, nameFault(err)
	}
	client, err := vim25.NewClient(ctx, transport)
	if err != nil {
		return nil, nameFault(err)
	}
	err = d.account.guard.try(func() error {
		user, err := d.config.Credentials(ctx)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrSettings, err)
		}
		if err := session.NewManager(client).Login(ctx, user); err != nil {
			return nameFault(err)
		}
		return nil
	})
	if err != nil {
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

// nameFault names what an operator can mend.
func nameFault(err error) error {
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
