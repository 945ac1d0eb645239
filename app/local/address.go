package local

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// form is how a component writes the address of its backend.
type form interface {
	// addresses are all of a value, host:port, the port being usual where none is given; nil when it cannot be read.
	addresses(value, usual string) []string
	// pointAt is the value with the address in place of its own, and all else as it was.
	pointAt(value, address string) string
}

// hosts is a list with commas: host:port,host:port.
type hosts struct{}

func (hosts) addresses(value, usual string) (all []string) {
	for one := range strings.SplitSeq(value, ",") {
		all = append(all, withPort(strings.TrimSpace(one), usual))
	}
	return all
}

func (hosts) pointAt(_, address string) string { return address }

// urls is a list with commas: scheme://user@host:port/path?query. A scheme may be left out.
type urls struct{ scheme string }

func (f urls) addresses(value, usual string) (all []string) {
	for one := range strings.SplitSeq(value, ",") {
		parsed, err := f.parse(one)
		if err != nil || parsed.Opaque != "" {
			return nil
		}
		all = append(all, withPort(parsed.Host, usual))
	}
	return all
}

func (f urls) pointAt(value, address string) string {
	first, _, _ := strings.Cut(value, ",")
	parsed, err := f.parse(first)
	if err != nil {
		return value
	}
	parsed.Host = address
	return parsed.String()
}

func (f urls) parse(text string) (*url.URL, error) {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "://") {
		text = f.scheme + "://" + text
	}
	return url.Parse(text)
}

// words is a connection string of PostgreSQL: `host=... port=... user=...`, or a URL.
type words struct{}

var (
	hostWord = regexp.MustCompile(`(^|\s)host\s*=\s*('[^']*'|\S+)`)
	portWord = regexp.MustCompile(`(^|\s)port\s*=\s*('[^']*'|\S+)`)
)

func (words) addresses(value, usual string) []string {
	if strings.Contains(value, "://") {
		return urls{}.addresses(value, usual)
	}
	host := hostWord.FindStringSubmatch(value)
	if host == nil {
		return nil
	}
	if port := portWord.FindStringSubmatch(value); port != nil {
		usual = strings.Trim(port[2], "'")
	}
	return []string{net.JoinHostPort(strings.Trim(host[2], "'"), usual)}
}

func (words) pointAt(value, address string) string {
	if strings.Contains(value, "://") {
		return urls{}.pointAt(value, address)
	}
	host, port, _ := net.SplitHostPort(address)
	return hostWord.ReplaceAllString(portWord.ReplaceAllString(value, ""), "${1}host="+host+" port="+port)
}

// withPort adds the usual port to an address that has none.
func withPort(address, usual string) string {
	if _, _, err := net.SplitHostPort(address); err == nil {
		return address
	}
	return net.JoinHostPort(strings.Trim(address, "[]"), usual)
}

// onThisMachine is true when each address is on loopback, and there is one.
func onThisMachine(addresses []string) bool {
	for _, address := range addresses {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return false
		}
		ip, err := netip.ParseAddr(host)
		if host != "localhost" && (err != nil || !ip.IsLoopback()) {
			return false
		}
	}
	return len(addresses) > 0
}
