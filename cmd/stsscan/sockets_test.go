//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/simnet"
)

// A machine of 32 processors asks many resolvers, few files as it may have open;
// one that may not have a socket for each says so, and makes nothing.
func TestScanManyResolvers(t *testing.T) {
	const names = 2000
	dir := t.TempDir()
	write := func(name string, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	world, err := simnet.Generate("top", 12, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	write("roots.pem", world.RootPEM())
	var list strings.Builder
	for i := range names {
		fmt.Fprintf(&list, "d%d.example.com\n", i)
	}
	write("list.txt", []byte(list.String()))
	var resolvers []string
	var proxy string
	for range 16 {
		server, err := world.Listen(t.Context(), simnet.Addrs{DNS: "127.0.0.1:0", SOCKS: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		resolvers, proxy = append(resolvers, server.DNS.String()), server.SOCKS.String()
	}
	scan := func(descriptors, asked int, made string) ([]byte, error) {
		cmd := exec.Command("sh", "-c", `ulimit -n "$1" && shift && exec stsscan "$@"`, "sh",
			fmt.Sprint(descriptors), "scan", "-o", made,
			"--resolvers", strings.Join(resolvers[:asked], ","), "--proxy", "socks5://"+proxy, "--roots", "roots.pem",
			"--timeout", "300ms", "--retries", "0", "--passes", "1", "--canaries=false", "--preflight=false", "list.txt")
		cmd.Dir = dir
		cmd.Env = append(slices.Clone(os.Environ()), "GOMAXPROCS=32")
		return cmd.CombinedOutput()
	}
	for _, descriptors := range []int{1024, 64} {
		made := fmt.Sprint("run", descriptors)
		said, err := scan(descriptors, 8, made)
		if err != nil {
			t.Fatalf("%d descriptors: %v\n%s", descriptors, err, said)
		}
		cat := exec.Command("stsscan", "cat", made)
		cat.Dir = dir
		rows, err := cat.Output()
		if n := bytes.Count(rows, []byte("\n")); err != nil || n != names {
			t.Errorf("%d descriptors: %d rows, %v, want %d\n%s", descriptors, n, err, names, said)
		}
	}
	said, err := scan(64, 16, "none")
	if err == nil || !strings.Contains(string(said), "too few for 16 resolvers") {
		t.Errorf("64 descriptors for 16 resolvers: %v\n%s", err, said)
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); !os.IsNotExist(err) {
		t.Errorf("it left something: %v", err)
	}
}
