package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAnAddressIsTakenInAllFormsThatGovcTakes(t *testing.T) {
	for text, want := range map[string]string{
		"https://vc.example.com":            "https://vc.example.com/sdk",
		"https://vc.example.com/":           "https://vc.example.com/sdk",
		"https://vc.example.com/sdk":        "https://vc.example.com/sdk",
		"https://vc.example.com:8443/proxy": "https://vc.example.com:8443/proxy",
		"vc.example.com":                    "https://vc.example.com/sdk",
		"vc.example.com:8443":               "https://vc.example.com:8443/sdk",
		"[fd00::1]":                         "https://[fd00::1]/sdk",
		"http://127.0.0.1:8989":             "http://127.0.0.1:8989/sdk",
		"https://u:p@vc.example.com/sdk?x":  "https://vc.example.com/sdk",
	} {
		environ(t, map[string]string{"VCRELAY_VCENTER_URL": text})
		vcenter := read(t).Vcenters[0]
		if got := vcenter.URL.String(); got != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
		if vcenter.Name != vcenter.URL.Hostname() {
			t.Errorf("%s is named %s", text, vcenter.Name)
		}
	}
	for _, text := range []string{"https://", "ftp://vc", "https://vc:port", "https://%zz", "://vc"} {
		environ(t, map[string]string{"VCRELAY_VCENTER_URL": text})
		if got := faults(t); len(got) != 1 || !strings.HasPrefix(got[0], "VCRELAY_VCENTER_URL: ") {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// logsInWith returns what the configuration would log in with.
func logsInWith(t *testing.T) (user, password string) {
	t.Helper()
	account, err := read(t).Vcenters[0].Credentials(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	password, _ = account.Password()
	return account.Username(), password
}

func TestAPasswordArrivesLetterByLetter(t *testing.T) {
	for _, want := range []string{canary, ` $HOME%20 `, `p@ss:word/with?#`, "пароль"} {
		environ(t, map[string]string{"VCRELAY_VCENTER_PASSWORD": want})
		if _, got := logsInWith(t); got != want {
			t.Errorf("%q became %q", want, got)
		}
	}
	environ(t, map[string]string{
		"VCRELAY_VCENTER_URL": "https://relay%40vsphere.local:S3cr3t$&%5C%40%22'@vc", "VCRELAY_VCENTER_USERNAME": "", "VCRELAY_VCENTER_PASSWORD": "",
	})
	if user, password := logsInWith(t); user != "relay@vsphere.local" || password != canary {
		t.Errorf("from the URL: %q %q", user, password)
	}
}

func TestAPasswordFileLosesOnlyItsLineEndAndIsReadAnewAtEachLogin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	environ(t, map[string]string{"VCRELAY_VCENTER_PASSWORD": "", "VCRELAY_VCENTER_PASSWORD_FILE": file})
	write(t, file, "first")
	vcenter := read(t).Vcenters[0]
	for text, want := range map[string]string{
		canary: canary, canary + "\n": canary, canary + "\r\n": canary, " spaces \t\n": " spaces \t", "two\nlines\n": "two\nlines",
	} {
		write(t, file, text)
		account, err := vcenter.Credentials(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := account.Password(); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	write(t, file, "\n")
	if _, err := vcenter.Credentials(t.Context(), nil); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("an empty file: %v", err)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCredentialsThatContradictOrCannotBeReadAreFaults(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	write(t, empty, "\n")
	for _, c := range []struct {
		changes map[string]string
		want    string
	}{
		{map[string]string{"VCRELAY_VCENTER_PASSWORD_FILE": empty}, "VCRELAY_VCENTER_PASSWORD: set beside VCRELAY_VCENTER_PASSWORD_FILE"},
		{map[string]string{"VCRELAY_VCENTER_PASSWORD": "", "VCRELAY_VCENTER_PASSWORD_FILE": empty}, "VCRELAY_VCENTER_PASSWORD_FILE: " + empty + " is empty"},
		{map[string]string{"VCRELAY_VCENTER_USERNAME": "", "VCRELAY_VCENTER_USERNAME_FILE": empty + "x"}, "VCRELAY_VCENTER_USERNAME_FILE: open " + empty + "x"},
		{map[string]string{"VCRELAY_VCENTER_INSECURE": "true", "VCRELAY_VCENTER_CA_FILE": "ca.pem"}, "VCRELAY_VCENTER_INSECURE: true together with a CA file"},
	} {
		environ(t, c.changes)
		if got := faults(t); len(got) != 1 || !strings.HasPrefix(got[0], c.want) {
			t.Errorf("%v: %q, want %q", c.changes, got, c.want)
		}
	}
}

func TestAThumbprintIs32PairsOfHexDigitsInAnyCase(t *testing.T) {
	lower := strings.TrimSuffix(strings.Repeat("ab:", 32), ":")
	environ(t, map[string]string{"VCRELAY_VCENTER_THUMBPRINT": lower})
	if got := read(t).Vcenters[0].Thumbprint; got != strings.ToUpper(lower) {
		t.Errorf("%s", got)
	}
	for _, text := range []string{strings.ReplaceAll(lower, ":", ""), lower + ":ab", "SHA256:" + lower, strings.Replace(lower, "ab", "xy", 1)} {
		environ(t, map[string]string{"VCRELAY_VCENTER_THUMBPRINT": text})
		if got := faults(t); len(got) != 1 || !strings.HasPrefix(got[0], "VCRELAY_VCENTER_THUMBPRINT: ") {
			t.Errorf("%s: %q", text, got)
		}
	}
}

func TestTheVariablesOfGovcStandInWhereOursSayNothing(t *testing.T) {
	environ(t, map[string]string{
		"VCRELAY_VCENTER_URL": "", "VCRELAY_VCENTER_USERNAME": "", "VCRELAY_VCENTER_PASSWORD": "",
		"GOVC_URL": "vc.lab", "GOVC_USERNAME": "root", "GOVC_PASSWORD": canary, "GOVC_INSECURE": "1", "GOVC_TLS_KNOWN_HOSTS": "hosts",
	})
	vcenter := read(t).Vcenters[0]
	user, password := logsInWith(t)
	if vcenter.URL.Host != "vc.lab" || user != "root" || password != canary || !vcenter.Insecure || vcenter.KnownHosts != "hosts" {
		t.Errorf("%+v %s %s", vcenter, user, password)
	}
}

func TestTheVariablesOfGovcNeitherMixWithOurAccountNorWeakenOurCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	write(t, file, "ours")
	govc := map[string]string{"GOVC_URL": "theirs", "GOVC_USERNAME": "theirs", "GOVC_PASSWORD": "theirs", "GOVC_INSECURE": "true"}
	for _, ours := range []map[string]string{
		{"VCRELAY_VCENTER_USERNAME": "ours", "VCRELAY_VCENTER_PASSWORD": "ours"},
		{"VCRELAY_VCENTER_USERNAME": "ours", "VCRELAY_VCENTER_PASSWORD": "", "VCRELAY_VCENTER_PASSWORD_FILE": file},
		{"VCRELAY_VCENTER_URL": "https://ours:ours@vc", "VCRELAY_VCENTER_USERNAME": "", "VCRELAY_VCENTER_PASSWORD": ""},
	} {
		environ(t, govc)
		for name, value := range ours {
			if value == "" {
				unset(t, name)
			} else {
				t.Setenv(name, value)
			}
		}
		t.Setenv("VCRELAY_VCENTER_CA_FILE", "ca.pem")
		user, password := logsInWith(t)
		if vcenter := read(t).Vcenters[0]; user != "ours" || password != "ours" || vcenter.Insecure || vcenter.URL.Host == "theirs" {
			t.Errorf("%v: %s %s %+v", ours, user, password, vcenter)
		}
	}
	environ(t, govc)
	unset(t, "VCRELAY_VCENTER_PASSWORD")
	if got := faults(t); !slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, "VCRELAY_VCENTER_PASSWORD: not set") }) {
		t.Errorf("our user with their password: %q", got)
	}
}
