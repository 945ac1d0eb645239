package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/vcrelay/vcrelay/app/cli"
	"github.com/vcrelay/vcrelay/app/lint"
)

// errDangerous means that there is something to mend; what it is was printed.
var errDangerous = errors.New("lint")

// runLint is `vcrelay lint`.
func runLint(ctx context.Context, options cli.Lint) error {
	findings, err := lint.Folders(options.Folders...)
	if err != nil {
		return err
	}
	var silent error
	if options.Broker {
		var told []lint.Finding
		told, silent = lint.Brokers(ctx, options.Folders...)
		findings = append(findings, told...)
	}
	if err := printFindings(os.Stdout, findings, options.JSON); err != nil {
		return fmt.Errorf("print findings: %w", err)
	}
	faults, warnings := lint.Count(findings, lint.Error), lint.Count(findings, lint.Warning)
	if faults > 0 || options.Strict && warnings > 0 {
		return errors.Join(silent, fmt.Errorf("%w: %d errors, %d warnings; docs/lint.md says more of each", errDangerous, faults, warnings))
	}
	if silent != nil {
		return fmt.Errorf("%w: %w", errUnreachable, silent)
	}
	return nil
}

func printFindings(out io.Writer, findings []lint.Finding, asJSON bool) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for i := range findings {
		var err error
		if asJSON {
			err = encoder.Encode(findings[i])
		} else {
			_, err = fmt.Fprintln(out, findings[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}
