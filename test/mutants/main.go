// Command mutants plants faults in the relay and the reader, one at a time, and says which seed of the simulation catches
// each. A fault is a patch beside this file; the code is built with it by `go build -overlay`, so nothing of it stands in
// the code. It fails when one survives, when one no longer applies, and when the code without any fails.
//
//	go run ./test/mutants            all, at most 150 seeds each
//	go run ./test/mutants low-by-max that one
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vcrelay/vcrelay/app/local/toolbox/patch"
)

const simulation = "./app/relay/relaytest/simulation"

func main() {
	seeds := flag.Int("seeds", 150, "days that a fault may survive")
	first := flag.Uint64("first", 1, "first seed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, trial{seeds: *seeds, first: *first}, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, t trial, names []string) error {
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	patches, err := patch.Load(filepath.Join(root, "test", "mutants"))
	if err != nil {
		return err
	}
	t.root = root
	if t.work, err = os.MkdirTemp("", "mutants"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(t.work) }()
	began := time.Now()
	if rule, seed, err := t.try(ctx, nil); err != nil || rule != "" {
		return cmp.Or(err, fmt.Errorf("seed %d catches the code without a fault (%s): make simulate SEEDS=1 FIRST=%d", seed, rule, seed))
	}
	tried, survived := 0, 0
	for i := range patches {
		if len(names) > 0 && !slices.Contains(names, patches[i].Name) {
			continue
		}
		tried++
		rule, seed, err := t.try(ctx, &patches[i])
		switch {
		case err != nil:
			return err
		case rule == "":
			survived++
			fmt.Printf("%s SURVIVED\n", patches[i].Name)
		default:
			fmt.Printf("%s caught by seed %d (%s)\n", patches[i].Name, seed, rule)
		}
	}
	fmt.Printf("mutants %d survived %d, %v\n", tried, survived, time.Since(began).Round(time.Second))
	switch {
	case tried == 0:
		return errors.New("no such mutant")
	case survived > 0:
		return fmt.Errorf("%d survived %d seeds", survived, t.seeds)
	}
	return nil
}

func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find module: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// trial builds the simulation and runs it.
type trial struct {
	root, work string
	seeds      int
	first      uint64
}

// try returns the rule that the code with a fault broke, and the seed; no rule when it broke none.
func (t *trial) try(ctx context.Context, p *patch.Patch) (rule string, seed uint64, err error) {
	binary := filepath.Join(t.work, "simulation.test")
	arguments := []string{"test", "-c", "-o", binary}
	if p != nil {
		overlay, err := t.overlay(p)
		if err != nil {
			return "", 0, err
		}
		arguments = append(arguments, "-overlay", overlay)
	}
	build := exec.CommandContext(ctx, "go", append(arguments, simulation)...)
	build.Dir = t.root
	if out, err := build.CombinedOutput(); err != nil {
		return "", 0, fmt.Errorf("build with %s: %w\n%s", nameOf(p), err, out)
	}
	days := exec.CommandContext(ctx, binary, "-test.run=^TestSimulate$", "-test.timeout=0", "-until-failure", //nolint:gosec // just built
		"-seeds="+strconv.Itoa(t.seeds), "-first="+strconv.FormatUint(t.first, 10))
	days.Dir = t.root
	out, err := days.CombinedOutput()
	if err == nil {
		return "", 0, nil
	}
	rule, seed, found := firstBroken(out)
	if !found {
		return "", 0, fmt.Errorf("simulate with %s: %w\n%s", nameOf(p), err, out)
	}
	return rule, seed, nil
}

func nameOf(p *patch.Patch) string {
	if p == nil {
		return "no fault"
	}
	return p.Name
}

// overlay writes the changed file and the description of it that go build reads.
func (t *trial) overlay(p *patch.Patch) (string, error) {
	target := filepath.Join(t.root, filepath.FromSlash(p.Target))
	source, err := os.ReadFile(target) //nolint:gosec // one of ours
	if err != nil {
		return "", fmt.Errorf("%s: %w", p.Name, err)
	}
	changed, err := p.Apply(string(source))
	if err != nil {
		return "", err
	}
	planted, overlay := filepath.Join(t.work, "planted.go"), filepath.Join(t.work, "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{target: planted}})
	if err != nil {
		return "", err
	}
	return overlay, errors.Join(os.WriteFile(planted, []byte(changed), 0o600), os.WriteFile(overlay, text, 0o600))
}

var broken = regexp.MustCompile(`(?m)^seed (\d+) broke (\w+)`)

func firstBroken(output []byte) (rule string, seed uint64, found bool) {
	match := broken.FindSubmatch(bytes.TrimSpace(output))
	if match == nil {
		return "", 0, false
	}
	seed, err := strconv.ParseUint(string(match[1]), 10, 64)
	return string(match[2]), seed, err == nil
}
