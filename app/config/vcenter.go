package config

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

// Vcenter is how to reach one vCenter.
type Vcenter struct {
	URL         *url.URL // SDK URL, without credentials
	Name        string
	Insecure    bool
	CAFile      string
	Thumbprint  string
	KnownHosts  string
	Events      []string                      // classes and EventTypeIds that vCenter selects; all when empty
	Severities  []string                      // likewise
	Credentials func() (*url.Userinfo, error) // reads the files anew each time
}

func (raw vcenterEnvironment) read(faults *Faults) Vcenter {
	sdk, user := raw.readURL(faults)
	vcenter := Vcenter{
		URL:        sdk,
		Name:       raw.Name,
		CAFile:     raw.CAFile,
		KnownHosts: raw.KnownHosts,
		Thumbprint: check[string](faults, "VCRELAY_VCENTER_THUMBPRINT")(parseThumbprint(raw.Thumbprint)),
		Insecure:   check[bool](faults, "VCRELAY_VCENTER_INSECURE")(parseBool(raw.Insecure)),
		Events:     check[[]string](faults, "VCRELAY_VCENTER_EVENTS")(parseEvents(raw.Events)),
		Severities: check[[]string](faults, "VCRELAY_VCENTER_SEVERITIES")(parseSeverities(raw.Severities)),
	}
	if vcenter.Name == "" && sdk != nil {
		vcenter.Name = sdk.Hostname()
	}
	if vcenter.Insecure && (raw.CAFile != "" || raw.Thumbprint != "") {
		faults.add("VCRELAY_VCENTER_INSECURE", "true together with a CA file or a thumbprint would switch their check off; unset one of them")
	}
	vcenter.Credentials = raw.readCredentials(faults, user)
	return vcenter
}

// readURL accepts what govc accepts: a bare host, a URL without path, credentials inside.
func (raw vcenterEnvironment) readURL(faults *Faults) (*url.URL, *url.Userinfo) {
	const variable = "VCRELAY_VCENTER_URL"
	if raw.URL == "" {
		faults.add(variable, "not set; give the address of vCenter, e.g. https://vcenter.example.com")
		return nil, nil
	}
	text := raw.URL
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Hostname() == "" || (parsed.Scheme != "https" && parsed.Scheme != "http") {
		faults.add(variable, "no address of a vCenter; use e.g. https://vcenter.example.com") // may hold a password: not repeated
		return nil, nil
	}
	user := parsed.User
	parsed.User = nil
	parsed.RawQuery, parsed.Fragment = "", ""
	if parsed.Path == "" || parsed.Path == "/" {
		parsed.Path = "/sdk"
	}
	return parsed, user
}

// readCredentials checks that there are some and returns how to get them.
func (raw vcenterEnvironment) readCredentials(faults *Faults, inURL *url.Userinfo) func() (*url.Userinfo, error) {
	if inURL == nil {
		inURL = url.User("")
	}
	urlPassword, _ := inURL.Password()
	name := source{"VCRELAY_VCENTER_USERNAME", raw.Username, raw.UsernameFile, inURL.Username()}
	password := source{"VCRELAY_VCENTER_PASSWORD", raw.Password.Reveal(), raw.PasswordFile, urlPassword}
	name.check(faults)
	password.check(faults)
	return func() (*url.Userinfo, error) {
		user, err := name.read()
		if err != nil {
			return nil, err
		}
		secret, err := password.read()
		if err != nil {
			return nil, err
		}
		return url.UserPassword(user, secret), nil
	}
}

// source is where one half of the credentials comes from: its variable, a file, or the URL.
type source struct{ variable, value, file, fallback string }

func (s source) check(faults *Faults) {
	switch {
	case s.value != "" && s.file != "":
		faults.add(s.variable, "set beside %s_FILE; unset one of them", s.variable)
	case s.value == "" && s.file == "" && s.fallback == "":
		faults.add(s.variable, "not set; set it or %s_FILE", s.variable)
	default:
		if _, err := s.read(); err != nil {
			faults.add(s.variable+"_FILE", "%s", err)
		}
	}
}

// read drops the line end that editors put at the end of a file, and nothing else: a password may hold spaces.
func (s source) read() (string, error) {
	if s.file == "" {
		if s.value != "" {
			return s.value, nil
		}
		return s.fallback, nil
	}
	text, err := os.ReadFile(s.file)
	if err != nil {
		return "", err
	}
	value := strings.TrimRight(string(text), "\r\n")
	if value == "" {
		return "", fmt.Errorf("%s is empty", s.file)
	}
	return value, nil
}

var thumbprintForm = regexp.MustCompile(`^([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}$`)

func parseThumbprint(text string) (string, error) {
	if text != "" && !thumbprintForm.MatchString(text) {
		return "", errors.New("no SHA-256 thumbprint, which is 32 pairs of hex digits with colons: AA:BB:...; " +
			"openssl x509 -noout -fingerprint -sha256 prints it")
	}
	return strings.ToUpper(text), nil
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
