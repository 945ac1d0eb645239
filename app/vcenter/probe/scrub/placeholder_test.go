package scrub_test

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/vcrelay/vcrelay/app/vcenter/probe/scrub"
)

func TestTheSameTextHasOnePlaceholderWhichAnotherProbeDoesNotGive(t *testing.T) {
	one, other := scrub.New(), scrub.New()
	for _, text := range []string{"web-01.example.com", "10.20.30.40", `ACME\Ärger`, "3c0f7a10-5b1e-4d7e-9b57-0a4f5e6d7c8b"} {
		first, again := one.Placeholder(text), one.Placeholder(text)
		if first != again {
			t.Errorf("%s has two: %s %s", text, first, again)
		}
		if first == other.Placeholder(text) {
			t.Errorf("%s has %s in another probe too: whoever guesses the name could make sure", text, first)
		}
	}
}

func TestPlaceholdersDifferAndAreAsLongAsTheTextInBytes(t *testing.T) {
	s := scrub.New()
	texts := map[string]string{}
	for i := range 3000 {
		text := fmt.Sprintf("%0*d-Ä", 1+i%40, i)
		got := s.Placeholder(text)
		if len(got) != len(text) || got == text || !regexp.MustCompile(`^[a-z2-7]+$`).MatchString(got) {
			t.Fatalf("%q became %q", text, got)
		}
		if before, twice := texts[got]; twice && before != text {
			t.Fatalf("%q and %q are both %q", before, text, got)
		}
		texts[got] = text
	}
	for c := 'A'; c <= 'z'+100; c++ { // more texts of one letter than there are placeholders of one
		text := string(c)
		got := s.Placeholder(text)
		if before, twice := texts[got]; twice || got == text || len(got) > len(text)+1 {
			t.Fatalf("%q and %q are %q", before, text, got)
		}
		texts[got] = text
	}
}

func TestANumberStaysANumberThatFitsAndATimeStaysATime(t *testing.T) {
	s := scrub.New()
	for text, want := range map[string]string{
		"7": "0", "-128": "0", "255": "0", "4711": "1000", "-32768": "-10000", "2147483647": "1000000000",
		"9223372036854775807": "1000000000000000000", "-12.75": "-10.00", "12.5": "10.0",
	} {
		if got := s.Placeholder(text); got != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
	}
	const text = "2026-11-20T10:12:24.046512Z"
	got := scrub.New().Placeholder(text)
	if parsed, err := time.Parse(time.RFC3339Nano, got); err != nil || len(got) != len(text) || parsed.Year() != 2000 {
		t.Errorf("%s became %s: %v", text, got, err)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte("Ärger & Söhne"))
	if _, err := base64.StdEncoding.DecodeString(scrub.New().Placeholder(encoded)); err != nil {
		t.Errorf("base64: %v", err)
	}
}
