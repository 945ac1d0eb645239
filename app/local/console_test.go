package local_test

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/vcrelay/vcrelay/app/local"
)

func TestLinesAreWholeHoweverTheyArrive(t *testing.T) {
	t.Parallel()
	out := &lines{}
	stream := local.Streams(out, "app", 1)[0]
	for _, piece := range []string{"on", "e\ntwo\r\n", "\n", "last"} {
		if n, err := stream.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatal(n, err)
		}
	}
	if got, want := out.String(), "app | one\napp | two\napp | \n"; got != want {
		t.Errorf("before the end: %q, want %q", got, want)
	}
	stream.Flush()
	if !strings.HasSuffix(out.String(), "app | last\n") {
		t.Errorf("the last line is lost: %q", out)
	}
}

func TestTwoStreamsNeverMixInsideALine(t *testing.T) {
	t.Parallel()
	out := &lines{}
	var wait sync.WaitGroup
	for i, stream := range local.Streams(out, "app", 2) {
		wait.Go(func() {
			for n := range 500 {
				fmt.Fprintf(stream, "%d", i)
				fmt.Fprintf(stream, "-%d\n", n)
			}
		})
	}
	wait.Wait()
	for line := range strings.Lines(out.String()) {
		if !regexp.MustCompile(`^app \| [01]-\d+\n$`).MatchString(line) {
			t.Fatalf("mixed: %q", line)
		}
	}
}

func TestOverlongLineIsSplitBetweenCharactersAndLosesNothing(t *testing.T) {
	t.Parallel()
	for _, shift := range []int{0, 1, 2} {
		out := &lines{}
		stream := local.Streams(out, "app", 1)[0]
		long := strings.Repeat("x", shift) + strings.Repeat("€", local.LongestLine)
		fmt.Fprintln(stream, long)
		joined := ""
		for line := range strings.Lines(out.String()) {
			text := strings.TrimSuffix(strings.TrimPrefix(line, "app | "), "\n")
			if len(text) > local.LongestLine || !utf8.ValidString(text) {
				t.Fatalf("a piece has %d bytes, valid %v", len(text), utf8.ValidString(text))
			}
			joined += text
		}
		if joined != long {
			t.Errorf("shift %d: %d bytes came back of %d", shift, len(joined), len(long))
		}
	}
}
