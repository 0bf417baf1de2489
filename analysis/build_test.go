package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The program is built under its name, and without cgo it says what it lacks rather
// than being an error of the compiler.
func TestBuildWithoutCgo(t *testing.T) {
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	name := "stsscan-report"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	program := exec.Command(filepath.Join(dir, name), "--help")
	out, err := program.CombinedOutput()
	if program.ProcessState == nil || program.ProcessState.ExitCode() != exitFailed {
		t.Errorf("%v, want exit status %d", err, exitFailed)
	}
	for _, want := range []string{"stsscan-report: ", "C compiler", "libstdc++", "CGO_ENABLED=1"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in %q", want, out)
		}
	}
}
