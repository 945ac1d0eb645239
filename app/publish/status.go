package publish

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"github.com/dapr/go-sdk/client"
)

// excerpt is how much of an answer is worth to be told, in bytes.
const excerpt = 200

// refusedByStatus reads the answer of an HTTP binding that was asked not to make an error of a bad status. Only a good status is
// one: where there is none, nobody said that the event was taken.
func refusedByStatus(answer *client.BindingEvent) error {
	if answer == nil {
		return errors.New("the sidecar's answer is empty; nobody said that the event was taken")
	}
	code, err := strconv.Atoi(answer.Metadata["statusCode"])
	if err != nil {
		return errors.New("the sidecar's answer has no statusCode; nobody said that the event was taken")
	}
	if code >= http.StatusOK && code < http.StatusMultipleChoices {
		return nil
	}
	text := "answered " + strconv.Itoa(code) + " " + http.StatusText(code)
	if said := line(answer.Data); said != "" {
		text += ": " + said
	}
	return errors.New(text)
}

// line is the beginning of what somebody said, on one line and printable: it goes into logs and into an attribute.
func line(data []byte) string {
	text := strings.ToValidUTF8(string(data[:min(len(data), excerpt)]), "")
	printable := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	return strings.Join(strings.Fields(printable), " ")
}
