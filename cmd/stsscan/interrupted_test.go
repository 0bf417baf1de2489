//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"stsscan/internal/durable"
)

// quickWorld is a simulated Internet whose silence is borne with little patience.
var quickWorld = []string{"--sim", "zones", "--timeout", "300ms", "--retries", "0", "--passes", "1"}

// A process is one of stsscan that gets signals.
type process struct {
	*exec.Cmd
	said bytes.Buffer // on stderr
}

func begin(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command("stsscan", args...)}
	p.Dir, p.Stderr = dir, &p.said
	return p
}

// wantStatus waits for the end of a process that was started.
func (p *process) wantStatus(t *testing.T, want int) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- p.Wait() }()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		_ = p.Process.Kill()
		t.Fatalf("it goes on: %v", p.Args)
	}
	if got := p.ProcessState.ExitCode(); got != want {
		t.Fatalf("exit status %d, want %d\n%s", got, want, p.said.String())
	}
}

func (p *process) start(t *testing.T) {
	t.Helper()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() })
}

func (p *process) signal(t *testing.T, kinds ...os.Signal) {
	t.Helper()
	for i, kind := range kinds {
		if i > 0 {
			time.Sleep(10 * time.Millisecond)
		}
		if err := p.Process.Signal(kind); err != nil {
			t.Fatal(err)
		}
	}
}

// await waits until something is there.
func await(t *testing.T, what string, there func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !there(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited for %s for too long", what)
		}
	}
}

func exists(path string) func() bool {
	return func() bool { _, err := os.Stat(path); return err == nil }
}

func writeNames(t *testing.T, dir string, names int) {
	t.Helper()
	var list strings.Builder
	for n := range names {
		fmt.Fprintf(&list, "d%d.example.com\n", n)
	}
	if err := os.WriteFile(filepath.Join(dir, "list"), []byte(list.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A scan that is asked to stop leaves whole files and goes on later, also where
// the signal comes twice, as GNU timeout sends it.
func TestScanInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeNames(t, dir, 2000)
	flags := append([]string{"scan", "-o", "run", "--part-size", "20", "list"}, quickWorld...)
	p := begin(t, dir, append(flags, "--in-flight", "1", "--surveys", "1", "--rate", "10")...)
	p.start(t)
	await(t, "the first part", exists(filepath.Join(dir, "run/part-000000.parquet")))
	p.signal(t, syscall.SIGTERM, syscall.SIGTERM)
	p.wantStatus(t, exitIncomplete)

	for _, step := range []struct {
		args   []string
		status int
	}{
		{[]string{"verify", "run"}, exitIncomplete}, {flags, exitDone}, {[]string{"verify", "run"}, exitDone},
	} {
		p := begin(t, dir, step.args...)
		p.start(t)
		p.wantStatus(t, step.status)
	}
}

// beginSilent begins a scan whose questions wait for hours.
func beginSilent(t *testing.T, dir string, names int) *process {
	t.Helper()
	writeNames(t, dir, names)
	silent := newSilent(t)
	p := begin(t, dir, "scan", "-o", "run", "--resolvers", silent.LocalAddr().String(), "--contact", "a@example.org",
		"--timeout", "1h", "--preflight=false", "--canaries=false", "list")
	p.start(t)
	for range names {
		if _, _, err := silent.ReadFrom(make([]byte, 512)); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// What is in flight when a scan is asked to stop, and gets no answer, has
// provisional rows, and is asked again by the same command.
func TestScanCutShort(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := beginSilent(t, dir, 3)
	p.signal(t, syscall.SIGTERM)
	p.wantStatus(t, exitIncomplete)

	cat := exec.Command("stsscan", "cat", "run")
	cat.Dir = dir
	rows, err := cat.Output()
	if n := bytes.Count(rows, []byte(`"pending":"interrupted"`)); err != nil || n != 3 {
		t.Errorf("%d rows are provisional, %v:\n%s", n, err, rows)
	}
	verify := begin(t, dir, "verify", "run")
	verify.start(t)
	verify.wantStatus(t, exitIncomplete)
}

// Another signal ends a scan at once that waits for what is in flight.
func TestScanInterruptedTwice(t *testing.T) {
	t.Parallel()
	p := beginSilent(t, t.TempDir(), 1)
	p.signal(t, syscall.SIGINT, syscall.SIGTERM)
	p.wantStatus(t, exitInterrupted)
}

// newSilent is a resolver that never answers.
func newSilent(t *testing.T) net.PacketConn {
	t.Helper()
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	return silent
}

// A scan whose list does not come ends all the same.
func TestScanInterruptedAtItsList(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := begin(t, dir, "scan", "-o", "run", "--sim", "zones", "-")
	in, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	p.start(t)
	if _, err := io.WriteString(in, "example.com\n"); err != nil {
		t.Fatal(err)
	}
	await(t, "the preparation", exists(filepath.Join(dir, "run/chunks")))
	time.Sleep(200 * time.Millisecond) // most likely it waits for more by now
	p.signal(t, syscall.SIGTERM)
	p.wantStatus(t, exitIncomplete)
}

// A silentList is a list that does not come.
type silentList struct{ waits, over chan struct{} }

func (w *silentList) Read([]byte) (int, error) {
	close(w.waits)
	<-w.over
	return 0, io.ErrUnexpectedEOF
}

// What is left behind may still write: its run directory stays in use.
func TestLeftBehindKeepsTheLock(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	list := &silentList{waits: make(chan struct{}), over: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int)
	go func() {
		ended <- run(ctx, streams{list, io.Discard, io.Discard}, []string{"scan", "-o", dir, "--sim", "zones", "-"})
	}()
	<-list.waits
	cancel()
	if status := <-ended; status != exitIncomplete {
		t.Errorf("status %d", status)
	}
	if lock, err := durable.Lock(filepath.Join(dir, ".run.lock")); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("locked: %v, %v", lock, err)
	}
	close(list.over)
	free := func() bool {
		lock, err := durable.Lock(filepath.Join(dir, ".run.lock"))
		return err == nil && lock.Unlock() == nil
	}
	await(t, "the lock", free)
}

// Commands that have nothing to finish end at the first signal, whatever they
// wait for.
func TestOthersInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeNames(t, dir, 2000)
	scan := begin(t, dir, append([]string{"scan", "-o", "run", "-q", "list"}, quickWorld...)...)
	scan.start(t)
	scan.wantStatus(t, exitDone)

	cat := begin(t, dir, "cat", "run")
	out, err := cat.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cat.start(t)
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	cat.signal(t, syscall.SIGTERM) // the pipe is full, and not read
	cat.wantStatus(t, exitInterrupted)

	silent := newSilent(t)
	lookup := begin(t, dir, "lookup", "--resolvers", silent.LocalAddr().String(), "--timeout", "1h", "example.org")
	lookup.start(t)
	if _, _, err := silent.ReadFrom(make([]byte, 512)); err != nil {
		t.Fatal(err)
	}
	lookup.signal(t, syscall.SIGINT)
	lookup.wantStatus(t, exitInterrupted)

	simnet := begin(t, dir, "simnet", "--roots", filepath.Join(dir, "roots.pem"))
	if out, err = simnet.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	simnet.start(t)
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	simnet.signal(t, syscall.SIGTERM, syscall.SIGTERM)
	simnet.wantStatus(t, exitDone)
}
