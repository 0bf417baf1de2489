//go:build unix

package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/simnet"
)

func TestSocketLimit(t *testing.T) {
	for _, tt := range []struct {
		descriptors, ports, resolvers, want int
		refused                             string // "": it is not
	}{
		{0, 0, 1000, 0, ""},
		{64, 28232, 1, 10, ""},
		{64, 28232, 8, 16, ""},
		{64, 28232, 9, 0, "64 files open, too few for 9 resolvers: raise the limit (ulimit -n) to 72 at least"},
		{1024, 28232, 8, 170, ""},
		{1024, 28232, 100, 200, ""},
		{math.MaxInt32, 0, 8, math.MaxInt32 / 6, ""},
		{math.MaxInt32, 28232, 8, 14116, ""},
		{1024, 40, 1, 20, ""},
		{1024, 40, 20, 40, ""},
		{1024, 40, 21, 0, "40 ports, too few for 21 resolvers: widen net.ipv4.ip_local_port_range to 84 at least"},
		{0, 40, 1, 20, ""},
		{0, 2, 1, 2, ""},
	} {
		got, err := limits{descriptors: tt.descriptors, ports: tt.ports}.sockets(tt.resolvers)
		if got != tt.want || (err != nil) != (tt.refused != "") || err != nil && !strings.Contains(err.Error(), tt.refused) {
			t.Errorf("%d descriptors, %d ports, %d resolvers: %d, %v, want %d, %q",
				tt.descriptors, tt.ports, tt.resolvers, got, err, tt.want, tt.refused)
		}
	}
}

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
