package main

import (
	"os"
	"path/filepath"
	"testing"

	"stsscan/internal/store/storetest"
)

func TestStoreFirst(t *testing.T) {
	world, list := smallWorld(t, 30)
	for _, v := range storetest.Environment(storetest.NewServer().Start(t)) {
		t.Setenv(v[:index(v)], v[index(v)+1:])
	}
	for _, loc := range []string{filepath.Join(t.TempDir(), "store"), "s3://surveys/run"} {
		for i := range 3 {
			dir := filepath.Join(t.TempDir(), "run")
			status, said := command(t.Context(), "scan", "-o", dir, "--sim", world, "-q", "--part-size", "6", "--preflight=false", "--store", loc, list)
			t.Log(i, status, said)
			es, _ := os.ReadDir(dir)
			for _, e := range es {
				t.Log(e.Name())
			}
			status, said = command(t.Context(), "verify", dir, "--truth", world)
			t.Log(status, said)
		}
	}
}
func index(s string) int {
	for i, c := range s {
		if c == '=' {
			return i
		}
	}
	return 0
}
