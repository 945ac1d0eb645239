package config

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
)

// Fingerprint is the same for two vCenters that are read alike. Secrets are in it as the file or the reference that holds
// them; of a password that stands in the settings it has a sum with a key of this process, so that it says nothing to
// others, and only then another process has another fingerprint.
func (v Vcenter) Fingerprint() string {
	address := ""
	if v.URL != nil {
		address = v.URL.String()
	}
	return sum(map[string]any{
		"url": address, "name": v.Name, "insecure": v.Insecure, "caFile": v.CAFile, "thumbprint": v.Thumbprint, "knownHosts": v.KnownHosts,
		"start": fmt.Sprintf("%+v", v.Start), "account": v.account,
	})
}

// Fingerprint is the same for two routes whose streams work alike. The vCenters are not in it: a stream is that of one, and
// goes on when the route gets another.
func (r Route) Fingerprint() string {
	r.Vcenters = nil
	return sum(struct {
		Route
		Target, DeadLetter string
	}{r, r.Target.String(), r.DeadLetter.String()})
}

func sum(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	hash := sha256.Sum256(text)
	return hex.EncodeToString(hash[:16])
}

// whereabouts is where a secret is, or for one that is in the settings, a sum that only this process can compare.
func (s source) whereabouts() string {
	switch {
	case s.reference != nil:
		return s.reference.String()
	case s.path != "":
		return "file:" + s.path
	default:
		mac := hmac.New(sha256.New, processKey())
		mac.Write([]byte(s.value.value + "\x00" + s.fallback))
		return "value:" + hex.EncodeToString(mac.Sum(nil))
	}
}

var processKey = sync.OnceValue(func() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // documented never to fail
	return key
})
