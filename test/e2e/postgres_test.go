//go:build e2e

package e2e_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// postgres is a server of the test's own: on loopback, with its own data, as another user where this one is root, whom
// PostgreSQL refuses.
type postgres struct {
	t    *testing.T
	bin  string // folder of its programs
	port string
	as   *syscall.Credential
}

// startPostgres runs PostgreSQL until the test ends. Where it is not installed the test fails: it shows a guarantee.
func startPostgres(t *testing.T) *postgres {
	t.Helper()
	p := &postgres{t: t, bin: postgresPrograms(t)}
	data, err := os.MkdirTemp("", "vcrelay-postgres-") //nolint:usetesting // the folder above that of the test is closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(data) })
	p.leaveRoot(data)
	_, p.port, _ = net.SplitHostPort(freeAddress(t))
	if out, err := p.command("initdb", "-D", data, "-U", "vcrelay", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v: %s", err, out)
	}
	server := p.command("postgres", "-D", data, "-p", p.port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off")
	var said bytes.Buffer
	server.Stderr = &said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGQUIT) // at once
		_ = server.Wait()
		if t.Failed() {
			t.Logf("PostgreSQL: %s", said.String())
		}
	})
	(&stack{t: t}).eventually("PostgreSQL answers", readyTimeout, func() bool { _, err := p.query("SELECT 1"); return err == nil })
	return p
}

// postgresPrograms is where a package of the system has put them: Debian's are not in PATH.
func postgresPrograms(t *testing.T) string {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, err := exec.LookPath("initdb"); err == nil && len(found) == 0 {
		found = append(found, path)
	}
	if len(found) == 0 {
		t.Fatal("no PostgreSQL: install it (apt-get install postgresql), this test runs a server of its own")
	}
	return filepath.Dir(slices.Max(found))
}

func (p *postgres) leaveRoot(data string) {
	p.t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	other, err := user.Lookup("postgres")
	if err != nil {
		other, err = user.Lookup("nobody")
	}
	if err != nil {
		p.t.Fatal(err)
	}
	uid, _ := strconv.ParseUint(other.Uid, 10, 32)
	gid, _ := strconv.ParseUint(other.Gid, 10, 32)
	p.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	if err := os.Chown(data, int(uid), int(gid)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *postgres) command(program string, arguments ...string) *exec.Cmd {
	command := exec.Command(filepath.Join(p.bin, program), arguments...)
	command.SysProcAttr = &syscall.SysProcAttr{Credential: p.as, Setpgid: true}
	command.Dir, command.Env = "/", []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "LC_ALL=C"} // not root's own settings
	return command
}

// query returns the rows, their columns separated by tabs.
func (p *postgres) query(text string) ([]string, error) {
	out, err := p.command("psql", "-h", "127.0.0.1", "-p", p.port, "-U", "vcrelay", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-XqAtF", "\t", "-c", text).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("psql: %w: %s", err, exit.Stderr)
	}
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"), nil
}

// state is a component that keeps its records there.
func (p *postgres) state() string {
	return `apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: checkpoints
spec:
  type: state.postgresql
  version: v2
  metadata:
    - name: connectionString
      value: "host=127.0.0.1 port=` + p.port + ` user=vcrelay dbname=postgres sslmode=disable"
    - name: tablePrefix
      value: vcrelay_
    - name: cleanupInterval
      value: "0"
`
}

// keepHistory has the server keep every version of every record, in the order in which they were written.
func (p *postgres) keepHistory() {
	p.t.Helper()
	_, err := p.query(`
CREATE TABLE history (n bigserial PRIMARY KEY, key text, value text);
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO history (key, value) VALUES (NEW.key, convert_from(NEW.value, 'UTF8')); RETURN NEW; END $$;
CREATE TRIGGER keep AFTER INSERT OR UPDATE ON vcrelay_state FOR EACH ROW EXECUTE FUNCTION keep();`)
	if err != nil {
		p.t.Fatal(err)
	}
}

// history is every version of the records of streams, oldest first: key and record.
func (p *postgres) history() (rows [][2]string) {
	p.t.Helper()
	lines, err := p.query("SELECT key, value FROM history WHERE key LIKE '%vcrelay/stream/%' ORDER BY n")
	if err != nil {
		p.t.Fatal(err)
	}
	for _, line := range lines {
		key, value, _ := strings.Cut(line, "\t")
		rows = append(rows, [2]string{key, value})
	}
	return rows
}
