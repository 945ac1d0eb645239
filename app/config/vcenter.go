package config

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/vcrelay/vcrelay/app/event"
)

// Vcenter is how to reach one vCenter.
type Vcenter struct {
	URL        *url.URL // SDK URL, without credentials
	Name       string   // unique
	Insecure   bool
	CAFile     string
	Thumbprint string
	KnownHosts string
	Start      event.Start // for the very first start

	// Credentials reads the files, or asks the secret stores, anew each time.
	Credentials func(context.Context, Resolver) (*url.Userinfo, error)

	account string // where they are, see Fingerprint; a printed Vcenter shows it
}

// read checks one vCenter. Unless offline its files are opened.
func (s *vcenterSection) read(r *report, start event.Start, offline bool) Vcenter {
	sdk, user := s.readURL(r)
	vcenter := Vcenter{
		URL:        sdk,
		Name:       s.Name.value,
		Insecure:   s.Insecure.value,
		CAFile:     pathOf(s.CAFile),
		Thumbprint: strings.ToUpper(s.Thumbprint.value),
		KnownHosts: pathOf(s.KnownHosts),
		Start:      start,
	}
	if s.Start.value != "" {
		vcenter.Start = taken[event.Start](r, s.Start.at)(event.ParseStart(s.Start.value))
	}
	if vcenter.Insecure && (s.CAFile.set || s.Thumbprint.set) {
		r.add(s.Insecure.at, "true together with a CA file or a thumbprint would switch their check off; keep one of them")
	}
	inURL, _ := user.Password()
	name := newSource(r, s.Username, s.UsernameFile, user.Username(), offline)
	password := newSource(r, s.Password, s.PasswordFile, inURL, offline)
	vcenter.account = name.whereabouts() + " " + password.whereabouts()
	vcenter.Credentials = credentials(name, password)
	return vcenter
}

// readURL accepts what govc accepts: a bare host, a URL without path and, in the environment, credentials inside.
func (s *vcenterSection) readURL(r *report) (*url.URL, *url.Userinfo) {
	text, none := s.URL.value, url.User("")
	if text == "" {
		return nil, none // said already
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Hostname() == "" || (parsed.Scheme != "https" && parsed.Scheme != "http") {
		r.add(s.URL.at, "no address of a vCenter; use e.g. https://vcenter.example.com") // may hold a password: not repeated
		return nil, none
	}
	user := parsed.User
	if user != nil && s.URL.at.file != "" {
		r.add(s.URL.at, "a user or a password in the address; write them as username and passwordFile")
	}
	if user == nil {
		user = none
	}
	parsed.User = nil
	parsed.RawQuery, parsed.Fragment = "", ""
	if parsed.Path == "" || parsed.Path == "/" {
		parsed.Path = "/sdk"
	}
	return parsed, user
}

// sameAddress is a URL as all spellings of one address have it.
func sameAddress(u *url.URL) string {
	host, port := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return u.Scheme + "://" + host + ":" + port + strings.TrimRight(u.Path, "/")
}

var thumbprintForm = regexp.MustCompile(`^([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}$`)

const noThumbprint = "is no SHA-256 thumbprint, which is 32 pairs of hex digits with colons: AA:BB:...; openssl x509 -noout -fingerprint -sha256 prints it"

func parseThumbprint(text string) (string, error) {
	if text != "" && !thumbprintForm.MatchString(text) {
		return "", errors.New(noThumbprint)
	}
	return text, nil
}

func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "1", "yes":
		return true, nil
	case "false", "0", "no":
		return false, nil
	default:
		return false, fmt.Errorf("%q is neither true nor false", text)
	}
}

var eventName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]*$`)

func parseEvents(text string) ([]string, error) {
	return parseList(text, func(name string) error {
		if !eventName.MatchString(name) {
			return fmt.Errorf("%q is no name of an event; use e.g. VmPoweredOnEvent,com.vmware.vc.HA.FailoverEvent", name)
		}
		return nil
	})
}

func parseSeverities(text string) ([]string, error) {
	return parseList(text, func(name string) error {
		if !slices.Contains([]string{"info", "warning", "error", "user"}, name) {
			return fmt.Errorf("%q is none of info, warning, error, user", name)
		}
		return nil
	})
}

// parseList splits at commas; spaces around a name do not matter.
func parseList(text string, check func(string) error) ([]string, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	names := strings.Split(text, ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
		if err := check(names[i]); err != nil {
			return nil, err
		}
	}
	return names, nil
}
