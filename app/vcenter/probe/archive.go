package probe

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// ErrExists means that the file to write is there already.
var ErrExists = errors.New("exists already and is not overwritten")

// File is where a result goes: a zip archive. It takes its name at once, so that a probe does not find out at its end that
// it cannot write.
type File struct{ file *os.File }

// CreateFile creates an empty file. Its error is ErrExists, or that of the file system.
func CreateFile(path string) (*File, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names it
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s %w", path, ErrExists)
	}
	if err != nil {
		return nil, err
	}
	return &File{file}, nil
}

// Discard removes the file.
func (f *File) Discard() {
	_ = f.file.Close()
	_ = os.Remove(f.file.Name())
}

// Save writes the result and closes the file. A file that cannot be written is removed.
func (f *File) Save(result *Result) error {
	err := errors.Join(result.write(f.file), f.file.Close())
	if err != nil {
		f.Discard()
		return fmt.Errorf("write %s: %w", f.file.Name(), err)
	}
	return nil
}

const readMe = `A probe of a vCenter, made by %s.
%s
  summary.txt  what it found, in words
  report.json  the same in figures
  pages/       answers of vCenter with events; names, addresses, paths and messages are replaced

docs/probe.md of the project says what was measured and what is replaced:
https://github.com/vcrelay/vcrelay/blob/main/docs/probe.md

Read all of it before you send it to anybody. You know best what your vCenter is not to tell.
`

// write writes the archive.
func (r *Result) write(to io.Writer) error {
	archive := zip.NewWriter(to)
	incomplete := ""
	if !r.Report.Complete {
		incomplete = "\nINCOMPLETE: it ended early (" + r.Report.Ended + ").\n"
	}
	figures, err := json.MarshalIndent(r.Report, "", "  ")
	if err != nil {
		return err
	}
	var summary strings.Builder
	if err := r.Summarize(&summary); err != nil {
		return err
	}
	entries := []struct {
		name    string
		content []byte
	}{
		{"README.txt", fmt.Appendf(nil, readMe, r.Report.Tool, incomplete)},
		{"summary.txt", []byte(summary.String())},
		{"report.json", append(figures, '\n')},
	}
	for i, page := range r.Pages {
		entries = append(entries, struct {
			name    string
			content []byte
		}{fmt.Sprintf("pages/%d.xml", i+1), page})
	}
	for _, entry := range entries {
		into, err := archive.CreateHeader(&zip.FileHeader{Name: entry.name, Method: zip.Deflate, Modified: r.Report.Started})
		if err == nil {
			_, err = into.Write(entry.content)
		}
		if err != nil {
			return err
		}
	}
	return archive.Close()
}
