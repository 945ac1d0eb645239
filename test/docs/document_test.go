package docs_test

import (
	"strings"
	"testing"
)

// document is a Markdown file, taken apart.
type document struct {
	path     string
	text     string
	prose    string            // without code
	commands []string          // lines of shell, from code spans and from blocks without a language
	blocks   map[string]string // the last fenced block of each language
}

// documents are all Markdown files of the source tree.
func documents(t *testing.T) []document {
	t.Helper()
	var all []document
	for _, path := range files(t, ".md") {
		all = append(all, parse(path, read(t, path)))
	}
	if len(all) < 3 {
		t.Fatalf("only %d documents found", len(all))
	}
	return all
}

func parse(path, text string) document {
	doc := document{path: path, text: text, blocks: map[string]string{}}
	var prose strings.Builder
	language, fenced, continued := "", false, ""
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(trimmed, "```"):
			fenced = !fenced
			if fenced {
				language = strings.TrimPrefix(trimmed, "```")
				doc.blocks[language] = ""
			}
		case fenced:
			doc.blocks[language] += line
			if language != "" && language != "sh" && language != "console" {
				continue
			}
			continued += trimmed
			if before, more := strings.CutSuffix(continued, `\`); more {
				continued = before
				continue
			}
			doc.commands, continued = append(doc.commands, continued), ""
		default:
			for i, part := range strings.Split(line, "`") {
				if i%2 == 1 {
					doc.commands = append(doc.commands, part)
				} else {
					prose.WriteString(part)
				}
			}
		}
	}
	doc.prose = prose.String()
	return doc
}
