package local_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/vcrelay/vcrelay/app/local"
)

// fakeParent runs a stack, tells the pids of its processes, and waits to be killed.
func fakeParent(args []string) int {
	dir := args[0]
	options, err := stageOptions(dir, filepath.Join(dir, "daprd"), filepath.Join(dir, "broker"), filepath.Join(dir, "app"), []string{"one: stubborn", "two: wait"})
	if err != nil {
		return exitCode(err)
	}
	stack, err := local.New(options)
	if err != nil {
		return exitCode(err)
	}
	go func() {
		<-stack.Ready()
		pids := map[string]int{}
		for _, name := range stack.Names() {
			pids[name], _ = stack.Process(name)
		}
		_ = json.NewEncoder(os.Stdout).Encode(pids)
	}()
	return exitCode(stack.Run(context.Background()))
}

func TestNoProcessOutlivesAKilledParent(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends children with their parent")
	}
	dir := t.TempDir()
	for _, name := range []string{"daprd", "broker", "app"} {
		fake(t, dir, name)
	}
	parent := exec.Command(fake(t, dir, "parent"), dir)
	parent.Stderr = os.Stderr
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = parent.Process.Kill(); _ = parent.Wait() })
	pids := map[string]int{}
	if err := json.NewDecoder(output).Decode(&pids); err != nil {
		t.Fatal(err)
	}
	if len(pids) != 5 {
		t.Fatalf("processes: %v", pids)
	}
	for name, pid := range pids {
		if gone(pid) {
			t.Fatalf("%s does not run", name)
		}
	}
	if err := parent.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for name, pid := range pids {
		eventually(t, name+" is gone", func() bool { return gone(pid) })
	}
}
